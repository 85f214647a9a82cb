-- One row, or none before the first batch. How long must the numbers hold that stand now, and what is expected of it?
create or replace macro stock_window(as_of) as table
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
    apply_seconds,
    epoch(as_of - batch_at)::bigint as batch_age_seconds,
    epoch(next_at - as_of)::bigint as next_in_seconds,
    epoch(lands_at - batch_at)::bigint as window_seconds,
    epoch(lands_at - as_of)::bigint as left_seconds,
    batch_at,
    next_at,
    lands_at,
    happened_at as assessed_at,
from risk_window_facts
order by happened_at desc, seq desc
limit 1;
