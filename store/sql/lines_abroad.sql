-- One row per line of an order compared with BlueCherry that lives in sales orders of other orders. In which, how many?
create or replace macro lines_abroad(as_of) as table
select
    sold.order_line_id,
    string_agg(distinct line.ord_num || ' of ' || line.order_id, ' and ') as places,
    sum(line.ordered_quantity - line.cancelled_quantity)::integer as quantity,
from drifting_orders(as_of) as placed
join order_line_facts as sold on sold.order_id = placed.order_id
join sales_line_facts as line on line.order_line_id = sold.order_line_id and line.order_id <> sold.order_id
join sales_order_facts as sales
    on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
where line.ordered_quantity > line.cancelled_quantity
group by sold.order_line_id;
