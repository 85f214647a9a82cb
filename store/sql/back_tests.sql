-- One row per back-test and policy. What would each have come to over the weeks chosen?
create or replace macro back_tests(as_of) as table
with sums as (
    select
        test_id,
        side,
        sum(listed_units)::bigint as listed_units,
        sum(wanted_units)::bigint as wanted_units,
        sum(sold_units)::bigint as sold_units,
        sum(lost_units)::bigint as lost_units,
        sum(oversells)::bigint as oversells,
        sum(oversold_units)::bigint as oversold_units,
        sum(lost_amount)::decimal(18, 6) as lost_amount,
        sum(oversold_amount)::decimal(18, 6) as oversold_amount,
    from back_test_week_facts
    group by test_id, side
),

said as (
    select
        test_id,
        side,
        sum(case_count)::bigint as case_count,
        sum(predicted) as predicted_oversells,
        sum(happened)::bigint as happened_oversells,
    from back_test_tenth_facts
    group by test_id, side
)

select
    -- which
    test.test_id,
    test.side,
    test.policy,
    test.actor,
    test.window_count,
    test.offer_count,
    datediff('week', test.from_on, test.until_on) as week_count,
    test.left_out_count,
    -- what it would have come to
    coalesce(sums.listed_units / nullif(test.window_count, 0), 0) as listed_units,  -- on average
    coalesce(sums.wanted_units, 0) as wanted_units,
    coalesce(sums.sold_units, 0) as sold_units,
    coalesce(sums.lost_units, 0) as lost_units,
    coalesce(sums.oversells, 0) as oversells,
    coalesce(sums.oversold_units, 0) as oversold_units,
    coalesce(sums.lost_amount, 0)::decimal(18, 6) as lost_amount,
    coalesce(sums.oversold_amount, 0)::decimal(18, 6) as oversold_amount,
    coalesce(sums.lost_amount + sums.oversold_amount, 0)::decimal(18, 6) as total_amount,
    -- less than the other policy; below zero: more
    coalesce(
        sum(sums.lost_amount + sums.oversold_amount) over (partition by test.test_id)
        - 2 * (sums.lost_amount + sums.oversold_amount),
        0
    )::decimal(18, 6) as saved_amount,
    test.currency,
    -- whether its chances kept their word
    coalesce(said.case_count, 0) as case_count,
    coalesce(said.predicted_oversells, 0) as predicted_oversells,
    coalesce(said.happened_oversells, 0) as happened_oversells,
    test.brier_score,
    test.is_beyond,
    -- times
    test.from_on,
    test.until_on,
    test.first_at,
    test.last_at,
    epoch(as_of - test.happened_at)::bigint as age_seconds,
    test.happened_at as tested_at,
from back_test_facts as test
left join sums on sums.test_id = test.test_id and sums.side = test.side
left join said on said.test_id = test.test_id and said.side = test.side;
