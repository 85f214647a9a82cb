-- One row per order line that still needs something from us: to be accepted, or to reach BlueCherry.
create or replace view orders_open_lines as
with

open_orders as (
    select * from order_facts where state in ('WAITING_ACCEPTANCE', 'SHIPPING')
),

in_erp as (
    select distinct here.order_line_id
    from open_orders
    join order_line_facts as sold on sold.order_id = open_orders.order_id
    join sales_line_facts as here on here.order_line_id = sold.order_line_id
    join sales_order_facts as sales on sales.ord_num = here.ord_num
    -- put into the sales order of another order by mistake, it is there until it is taken out: what the house cancels is
    -- a person's, whatever number it stands under
    where here.order_id = sold.order_id or (here.happened_at, here.seq) >= (sales.happened_at, sales.seq)
),

elsewhere as (
    select distinct here.order_line_id
    from open_orders
    join order_line_facts as sold on sold.order_id = open_orders.order_id
    join sales_line_facts as here on here.order_line_id = sold.order_line_id and here.order_id <> sold.order_id
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
    elsewhere.order_line_id is not null as was_elsewhere,  -- in the sales order of another order, and taken out of it
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
left join elsewhere using (order_line_id)
where line.quantity > line.cancelled_quantity
    and line.state not in ('REFUSED', 'CANCELED')
    and in_erp.order_line_id is null;
