-- One row per side (own, other) and hour of the week in London. When is it busy? 1 is an average hour.
create or replace view demand_shapes as
select side, hour_of_week, hour_of_week // 24 as day_of_week, hour_of_week % 24 as hour_of_day, factor,
    happened_at as measured_at,
from demand_shape_facts;
