-- One row per London day of one offer. How many units were ordered here, and in how many lines?
create or replace macro sku_days(of_sku, since, as_of) as table
with days as (
    select unnest(generate_series(
        (since at time zone 'Europe/London')::date, (as_of at time zone 'Europe/London')::date, interval 1 day
    ))::date as day_on
),

sold as (
    select
        (line.placed_at at time zone 'Europe/London')::date as day_on,
        sum(line.quantity)::bigint as own_units,
        count(*) as own_lines,
    from order_line_facts as line
    where line.sku = of_sku and line.placed_at >= since and line.placed_at <= as_of
    group by all
)

select days.day_on, coalesce(sold.own_units, 0)::bigint as own_units, coalesce(sold.own_lines, 0) as own_lines,
from days
left join sold on sold.day_on = days.day_on;
