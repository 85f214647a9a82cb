-- One row per demand event of one SKU, in force or planned. What is known to lift or lower its demand?
create or replace macro sku_demand_events(as_of, name) as table
select event.*
from demand_events(as_of) as event
where event.scope = '' or exists (
    select 1
    from sku_facts as ours
    where ours.sku = name and not ours.is_gone and event.goods = case event.scope
        when 'sku' then ours.sku
        when 'division' then ours.division
        when 'category' then ours.category
        when 'style' then ours.division || '|' || ours.style
    end
);
