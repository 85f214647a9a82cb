-- One row per order line whose money went back and that was in BlueCherry. How many of its units never left there:
-- cancelled or taken out, and neither under another number nor keyed in anew without our id? And how many of them are paid?
create or replace macro lines_paid_back(as_of) as table
with repaid as (
    select order_line_id, coalesce(refunded_at, happened_at) as moment, sum(amount) as amount, sum(quantity) as quantity,
    from refund_facts
    where moment <= as_of
    group by order_line_id, moment
),

once_there as (
    select
        sold.order_id, sold.order_line_id, line.sku_key, sold.unit_price_amount,
        if(sold.state in ('REFUSED', 'CANCELED'), 0, sold.quantity - sold.cancelled_quantity) as wanted,
        if(
            (line.happened_at, line.seq) >= (sales.happened_at, sales.seq),
            line.ordered_quantity - line.cancelled_quantity, 0
        ) as live,
    from (select distinct order_line_id from repaid) as paid
    join order_line_facts as sold on sold.order_line_id = paid.order_line_id
    join sales_line_facts as line on line.order_line_id = sold.order_line_id
    join sales_order_facts as sales on sales.ord_num = line.ord_num
    -- what was taken out of the sales order of another order is sent anew, or left from elsewhere
    where line.order_id = sold.order_id or (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
),

typed_anew as (
    select once_there.order_line_id, sum(line.ordered_quantity - line.cancelled_quantity) as live,
    from (select distinct order_id, order_line_id, sku_key from once_there) as once_there
    join sales_line_facts as line
        on line.order_id = once_there.order_id and line.sku_key = once_there.sku_key and line.order_line_id = ''
    join sales_order_facts as sales
        on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    group by once_there.order_line_id
),

stayed as (
    select
        once_there.order_line_id,
        any_value(once_there.unit_price_amount) as unit_price_amount,
        greatest(any_value(once_there.wanted) - sum(once_there.live) - coalesce(any_value(typed_anew.live), 0), 0) as quantity,
    from once_there
    left join typed_anew on typed_anew.order_line_id = once_there.order_line_id
    group by once_there.order_line_id
),

-- what was sent back had left: the others are paid as far as refunds ever ran ahead of what was announced or received
sent_back as (
    select repaid.order_line_id, repaid.moment, sum(back.one.quantity) as quantity,
    from repaid
    join (
        select opened_at, unnest(lines) as one from market_return_facts where state not in ('REFUSED', 'CANCELED')
    ) as back on back.one.order_line_id = repaid.order_line_id and back.opened_at <= repaid.moment
    group by repaid.order_line_id, repaid.moment
),

counted_in as (
    select repaid.order_line_id, repaid.moment, sum(back.one.received_quantity) as quantity,
    from repaid
    join (select entered_at, unnest(lines) as one from erp_return_facts) as back
        on back.one.order_line_id = repaid.order_line_id and back.entered_at <= repaid.moment
    group by repaid.order_line_id, repaid.moment
),

repaid_ahead as (
    select
        repaid.order_line_id,
        stayed.quantity,
        -- whole units, for less is goodwill; of what cost nothing, the units told
        coalesce(
            floor((sum(repaid.amount) over so_far + 0.01) / nullif(stayed.unit_price_amount, 0)),
            sum(repaid.quantity) over so_far
        ) - greatest(coalesce(sent_back.quantity, 0), coalesce(counted_in.quantity, 0)) as paid,
    from stayed
    join repaid on repaid.order_line_id = stayed.order_line_id
    left join sent_back on sent_back.order_line_id = repaid.order_line_id and sent_back.moment = repaid.moment
    left join counted_in on counted_in.order_line_id = repaid.order_line_id and counted_in.moment = repaid.moment
    window so_far as (partition by repaid.order_line_id order by repaid.moment)
)

select
    order_line_id,
    any_value(quantity)::integer as never_left_quantity,
    greatest(least(any_value(quantity), max(paid)), 0)::integer as quantity,
from repaid_ahead
group by order_line_id;
