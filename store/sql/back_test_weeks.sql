-- One row per back-test, policy and week. When would it have missed or oversold what?
create or replace view back_test_weeks as
select
    test_id,
    side,
    week_on,
    window_count,
    wanted_units,
    sold_units,
    lost_units,
    oversells,
    oversold_units,
    lost_amount,
    oversold_amount,
    (lost_amount + oversold_amount)::decimal(18, 6) as total_amount,
from back_test_week_facts;
