-- One row per order line that still needs something from us: to be accepted, or to reach BlueCherry.
create or replace view orders_open_lines as
with

in_erp as (
    select distinct order_line_id from sales_line_facts where order_line_id <> ''
),

open_orders as (
    select * from order_facts where state in ('WAITING_ACCEPTANCE', 'SHIPPING')
)

select
    -- ids
    line.order_line_id,
    line.order_id,
    open_order.commercial_id,
    line.line_number,
    line.sku,
    open_order.state,
    open_order.shipping_type,
    coalesce(open_order.shipping_zone, '') as shipping_zone,
    line.currency,
    open_order.is_before_start,
    -- numbers
    line.quantity,
    line.cancelled_quantity,
    line.unit_price_amount,
    open_order.shipping_amount,
    -- times
    open_order.placed_at,
    open_order.changed_at,
    open_order.shipping_deadline_at,
from open_orders as open_order
join order_line_facts as line using (order_id)
left join in_erp using (order_line_id)
where line.quantity > line.cancelled_quantity
    and line.state not in ('REFUSED', 'CANCELED')
    and in_erp.order_line_id is null;
