-- One row per offer. How fast does it sell here, what else draws on its pool, and how sure is that?
create or replace macro sales_rates(as_of) as table
select
    rate.sku,
    rate.sku_key,
    rate.own_units,
    rate.own_lines,
    rate.own_hours,
    rate.own_rate * 24 as own_daily,
    rate.own_low_rate * 24 as own_low_daily,
    rate.own_high_rate * 24 as own_high_daily,
    rate.own_dispersion,
    rate.other_units,
    rate.other_hours,
    rate.other_rate * 24 as other_daily,
    rate.other_low_rate * 24 as other_low_daily,
    rate.other_high_rate * 24 as other_high_daily,
    rate.other_dispersion,
    rate.withdrawal_count,
    rate.withdrawn_units,
    epoch(as_of - rate.happened_at)::bigint as age_seconds,
    rate.happened_at as measured_at,
from demand_facts as rate;
