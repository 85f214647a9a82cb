-- One row per side (own, other) and hour of the week in London. When is it busy? 1 is an average hour.
create or replace view trading_hours as
with hours as (
    select side, unnest(factors) as factor, generate_subscripts(factors, 1) - 1 as hour_of_week, happened_at,
    from trade_facts
)

select
    side,
    hour_of_week::integer as hour_of_week,
    (hour_of_week // 24)::integer as day_of_week,   -- 0: Monday
    (hour_of_week % 24)::integer as hour_of_day,
    factor,
    happened_at as measured_at,
from hours;
