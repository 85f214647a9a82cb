-- One row per wanted line of an order in SHIPPING that BlueCherry never had under its number, and sales order of another
-- order it stands in. In which, and was it cancelled there? Beneath the others: nobody sends it while it stands there.
create or replace view lines_elsewhere as
select
    line.order_line_id,
    line.order_id,
    stray.ord_num || ' of ' || coalesce(nullif(stray.order_id, ''), 'no order') as place,
    bool_and(stray.ordered_quantity <= stray.cancelled_quantity) as is_cancelled,
from order_facts as placed
join order_line_facts as line on line.order_id = placed.order_id
join sales_line_facts as stray on stray.order_line_id = line.order_line_id and stray.order_id <> line.order_id
join sales_order_facts as sales
    on sales.ord_num = stray.ord_num and (stray.happened_at, stray.seq) >= (sales.happened_at, sales.seq)
anti join sales_line_facts as own on own.order_line_id = line.order_line_id and own.order_id = line.order_id
where placed.state = 'SHIPPING' and not placed.is_before_start
    and line.quantity > line.cancelled_quantity and line.state not in ('REFUSED', 'CANCELED')
group by line.order_line_id, line.order_id, place;
