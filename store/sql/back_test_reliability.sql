-- One row per back-test, policy and tenth of predicted chance. Did what was said come true so often?
create or replace view back_test_reliability as
select
    test_id,
    side,
    tenth,
    case_count,
    case_count / sum(case_count) over (partition by test_id, side) as case_share,
    predicted / case_count as predicted_share,
    happened / case_count as happened_share,
    happened as happened_count,
from back_test_tenth_facts
where case_count > 0;
