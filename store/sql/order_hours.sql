-- One row per hour of the last two days. How many orders came in?
create or replace macro order_hours(as_of) as table
with hours as (
    select unnest(generate_series(
        date_trunc('hour', as_of) - interval 47 hours, date_trunc('hour', as_of), interval 1 hour
    )) as hour_at
),

placed as (
    select date_trunc('hour', placed_at) as hour_at, count(*) as orders, sum(unit_count) as units,
        sum(total_amount) as amount,
    from order_facts
    where placed_at >= date_trunc('hour', as_of) - interval 47 hours and placed_at <= as_of
    group by all
)

select
    hours.hour_at,
    coalesce(placed.orders, 0) as order_count,
    coalesce(placed.units, 0) as unit_count,
    coalesce(placed.amount, 0)::decimal(18, 6) as total_amount,
from hours
left join placed on placed.hour_at = hours.hour_at;
