-- One row per order whose BlueCherry numbers the marketplace does not show yet. Which are they?
create or replace view orders_unreferenced as
with

waiting as (
    select distinct order_id from orders_open_lines
),

placed as (
    select order_id, seller_reference, is_before_start, changed_at,
    from order_facts
    left join waiting using (order_id)
    where waiting.order_id is null
        and (state = 'SHIPPING' or (state in ('SHIPPED', 'RECEIVED') and not is_before_start))
        and (seller_reference = '' or not is_before_start)
),

-- not the sales orders of somebody else under its number; the integration before us kept no line ids
standing as (
    select
        placed.order_id, line.ord_num, line.order_line_id,
        line.ordered_quantity > line.cancelled_quantity
            and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq) as is_live,
    from placed
    join sales_line_facts as line on line.order_id = placed.order_id
    join sales_order_facts as sales on sales.ord_num = line.ord_num
    left join order_line_facts as sold on sold.order_line_id = line.order_line_id
    where placed.is_before_start or sold.order_id = placed.order_id
),

numbers as (
    select order_id, string_agg(distinct ord_num, '+' order by ord_num) as reference
    from (
        from standing
        -- a line that was cancelled and stands under another number, too, is under that one alone
        qualify is_live or not bool_or(is_live) over (partition by order_id, order_line_id)
    )
    group by order_id
)

select
    placed.order_id,
    numbers.reference,
    placed.changed_at,
from placed
join numbers using (order_id)
where placed.seller_reference <> numbers.reference;
