-- One row per open line of a work order and SKU of these codes. What is coming, where to, and when is it due?
create or replace view work_orders as
with newest as (
    -- a line that is gone from its order is older than the order
    select *
    from work_order_facts
    qualify happened_at = max(happened_at) over (partition by work_order_id)
)

select
    ours.sku,
    ours.sku_key,
    line.work_order_id,
    line.stage,
    line.warehouse,
    line.quantity,
    line.due_on,
    line.happened_at as changed_at,
from newest as line
join sku_facts as ours
    on ours.style = line.style and ours.color_code = line.color_code and ours.label = line.label
    and ours.dimension = line.dimension and ours.size = line.size and not ours.is_gone
where line.quantity > 0;
