-- One row per line of an order compared with BlueCherry whose money went back. For how many units that never left?
create or replace macro lines_paid_back(as_of) as table
with refunded as (
    select
        sold.order_line_id,
        -- the amounts rule; of what cost nothing, the units told
        coalesce(round(sum(refund.amount) / nullif(any_value(sold.unit_price_amount), 0)), sum(refund.quantity)) as quantity,
    from drifting_orders(as_of) as placed
    join refund_facts as refund on refund.order_id = placed.order_id
    join order_line_facts as sold on sold.order_line_id = refund.order_line_id
    group by sold.order_line_id
),

announced as (
    select one.order_line_id as order_line_id, sum(one.quantity) as quantity,
    from (select unnest(lines) as one from market_return_facts where state not in ('REFUSED', 'CANCELED'))
    group by all
),

taken_back as (
    select one.order_line_id as order_line_id, sum(one.received_quantity) as quantity,
    from (select unnest(lines) as one from erp_return_facts)
    group by all
)

select
    refunded.order_line_id,
    -- what was sent back had left
    greatest(
        refunded.quantity - greatest(coalesce(announced.quantity, 0), coalesce(taken_back.quantity, 0)), 0
    )::integer as quantity,
from refunded
left join announced on announced.order_line_id = refunded.order_line_id
left join taken_back on taken_back.order_line_id = refunded.order_line_id;
