-- One row per tenth of the chances we listed by in the last eight weeks. Did what was said come true so often?
create or replace macro risk_reliability(as_of) as table
select
    tenth,
    sum(case_count)::bigint as case_count,
    sum(case_count) / sum(sum(case_count)) over () as case_share,
    sum(predicted) / sum(case_count) as predicted_share,
    sum(happened) / sum(case_count) as happened_share,
    sum(happened)::bigint as happened_count,
from risk_foretold_facts
where case_count > 0 and lands_at > as_of - interval 56 days and lands_at <= as_of
group by tenth
order by tenth;
