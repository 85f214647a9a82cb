-- One row per live sales order we created that shows another number than its order's. What does it mean at John Lewis?
create or replace macro drift_numbers(as_of) as table
select
    'order_number' as drift_class, sales.ord_num as subject, sales.ord_num, placed.order_id,
    placed.order_id as sent,
    coalesce(nullif(sales.order_id, ''), 'no number') as shown,
    placed.order_id as market,
    if(
        placed.state = 'SHIPPING',
        'What leaves under it cannot be confirmed to John Lewis as this order, which counts as late: put the number back.',
        'Its invoice, its returns and what was paid for it are not found as those of this order.'
    ) as consequence,
from drifting_orders(as_of) as placed
join (
    select distinct order_id, reference from intent_facts where intent_kind = 'create_sales_order' and state = 'confirmed'
) as intent on intent.order_id = placed.order_id
join sales_order_facts as sales on sales.ord_num = intent.reference and sales.order_id <> placed.order_id
where exists (
    from sales_line_facts as line
    join order_line_facts as sold on sold.order_line_id = line.order_line_id
    where line.ord_num = sales.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
        and sold.order_id = placed.order_id and line.ordered_quantity > line.cancelled_quantity
);
