-- One row per order with live sales orders in BlueCherry that have its number and none of its lines. Which are they?
create or replace view orders_other_content as
with live as (
    select sales.order_id, sales.ord_num, bool_or(sold.order_id is not null) as is_ours,
    from sales_order_facts as sales
    join sales_line_facts as line
        on line.ord_num = sales.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    left join order_line_facts as sold on sold.order_line_id = line.order_line_id and sold.order_id = sales.order_id
    where line.ordered_quantity > line.cancelled_quantity
    group by sales.order_id, sales.ord_num
)

select order_id, string_agg(ord_num, ' and ' order by ord_num) as ord_nums,
from live
where not is_ours
group by order_id;
