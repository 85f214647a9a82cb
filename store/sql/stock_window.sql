-- One row, or none before the first batch. How long must the numbers hold that stand now, and what is expected of it?
create or replace macro stock_window(as_of) as table
with newest_read as (
    select max(reading.as_of) as batch_at from batch_reading_facts as reading where reading.read_id is not null
)

select
    batch_id,
    next_from,
    currency,
    sku_count,
    at_risk_count,
    oversold_units,
    oversell_chance,
    cost_amount,
    is_late or as_of > next_at as is_batch_late,
    -- told every ten minutes at least: older, or of an older batch, it says nothing of now
    as_of - happened_at > interval 30 minutes or coalesce(newest_read.batch_at > risk_window_facts.batch_at, false)
        as is_out_of_date,
    epoch(as_of - happened_at)::bigint as assessed_age_seconds,
    apply_seconds,
    epoch(as_of - risk_window_facts.batch_at)::bigint as batch_age_seconds,
    epoch(next_at - as_of)::bigint as next_in_seconds,
    epoch(lands_at - risk_window_facts.batch_at)::bigint as window_seconds,
    epoch(lands_at - as_of)::bigint as left_seconds,
    risk_window_facts.batch_at,
    next_at,
    lands_at,
    happened_at as assessed_at,
from risk_window_facts
cross join newest_read
order by happened_at desc, seq desc
limit 1;
