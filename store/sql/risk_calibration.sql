-- One row. How near did the chances we listed by in the last eight weeks come, all tenths together?
-- The plain share is that of all cases oversold, said of every offer alike: it knows afterwards how many there were.
create or replace macro risk_calibration(as_of) as table
with recent as (
    from risk_foretold_facts
    where case_count > 0 and lands_at > as_of - interval 56 days and lands_at <= as_of
),

tenths as (
    select tenth, sum(case_count) as case_count, sum(predicted) as predicted, sum(happened) as happened,
    from recent
    group by tenth
),

sums as (
    select
        count(distinct batch_id) as batch_count,
        min(began_at) as since_at,
        coalesce(sum(case_count), 0)::bigint as case_count,
        coalesce(sum(predicted), 0)::double as predicted,
        coalesce(sum(happened), 0)::bigint as happened,
        sum(squares) / sum(case_count) as brier_score,
        sum(happened) / sum(case_count) as plain_share,
    from recent
),

-- a tenth that holds hardly any case says nothing
widest as (
    select max(abs(tenths.predicted - tenths.happened) / tenths.case_count) as widest_gap,
    from tenths
    cross join sums
    where tenths.case_count >= sums.case_count / 100
)

select
    sums.batch_count,
    sums.case_count,
    sums.predicted,
    sums.happened,
    sums.brier_score,                                               -- null: nothing was listed
    sums.plain_share,
    sums.plain_share * (1 - sums.plain_share) as plain_brier_score,
    1 - sums.brier_score / nullif(sums.plain_share * (1 - sums.plain_share), 0) as skill,  -- null: none or all came
    widest.widest_gap,
    sums.since_at,
from sums
cross join widest;
