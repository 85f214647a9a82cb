-- One row per marketplace order line and sales order line it became. Is every unit in BlueCherry, and how far is it?
create or replace view order_lines as
with present as (
    select
        line.*,
        sales.warehouse,
        sales.division,
    from sales_line_facts as line
    join sales_order_facts as sales on sales.ord_num = line.ord_num
    where (line.happened_at, line.seq) >= (sales.happened_at, sales.seq) and line.order_line_id <> ''
)

select
    line.order_id,
    line.order_line_id,
    coalesce(present.ord_num, '') as ord_num,
    line.line_number,
    line.sku,
    line.title,
    line.state,
    coalesce(present.division, '') as division,
    coalesce(present.warehouse, '') as warehouse,
    line.quantity,
    line.cancelled_quantity,
    line.refunded_quantity,
    coalesce(present.ordered_quantity, 0) as ordered_quantity,
    coalesce(present.open_quantity, 0) as open_quantity,
    coalesce(present.picked_quantity, 0) as picked_quantity,
    coalesce(present.shipped_quantity, 0) as shipped_quantity,
    coalesce(present.cancelled_quantity, 0) as erp_cancelled_quantity,
    line.currency,
    line.unit_price_amount,
    line.price_amount,
    line.shipping_amount,
    line.commission_amount,
    line.refunded_amount,
    line.placed_at,
from order_line_facts as line
left join present on present.order_id = line.order_id and present.order_line_id = line.order_line_id;
