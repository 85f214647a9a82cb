-- One row per offer. How fast does it sell here, what else draws on its pool, and how sure is that?
create or replace macro sales_rates(as_of) as table
select
    -- counted
    sku,
    own_units,
    own_sales,
    own_hours,
    other_units,
    other_hours,
    withdrawal_count,
    withdrawn_units,
    -- units a day, and between which two the true rate lies nine times in ten
    own_rate * own_size * 24 as own_daily,
    own_low_rate * own_size * 24 as own_low_daily,
    own_high_rate * own_size * 24 as own_high_daily,
    other_rate * other_size * 24 as other_daily,
    other_low_rate * other_size * 24 as other_low_daily,
    other_high_rate * other_size * 24 as other_high_daily,
    -- times
    epoch(as_of - happened_at)::bigint as age_seconds,
    happened_at as measured_at,
from demand_facts;
