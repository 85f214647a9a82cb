-- One row per payout. Does the sum of its ledger lines equal what John Lewis pays, and what is it made of?
create or replace macro settlement(as_of) as table
with lines as (
    select
        cycle_id,
        count(*) as line_count,
        count(distinct order_id) filter (where order_id <> '') as order_count,
        sum(amount) filter (where type <> 'PAYMENT') as explained_amount,
        sum(amount) filter (where type like 'ORDER\_AMOUNT%' escape '\') as sales_amount,
        sum(amount) filter (where type like 'ORDER\_SHIPPING%' escape '\') as shipping_amount,
        sum(amount) filter (where type like 'COMMISSION%') as commission_amount,
        sum(amount) filter (where type like 'REFUND%') as refund_amount,
        sum(amount) filter (where type = 'PAYMENT') as paid_amount,
    from transaction_facts
    where cycle_id <> ''
    group by cycle_id
),

unmatched as (
    select line.cycle_id, count(*) as unmatched_count, sum(line.amount) as unmatched_amount,
    from transaction_facts as line
    left join order_line_facts as sold on sold.order_line_id = line.order_line_id
    where line.cycle_id <> '' and line.order_line_id <> '' and sold.order_line_id is null
    group by line.cycle_id
)

select
    payout.cycle_id,
    payout.voucher,
    payout.state,
    coalesce(lines.line_count, 0) as line_count,
    coalesce(lines.order_count, 0) as order_count,
    coalesce(unmatched.unmatched_count, 0) as unmatched_count,
    payout.currency,
    payout.amount,
    coalesce(lines.explained_amount, 0)::decimal(18, 6) as explained_amount,
    (payout.amount - coalesce(lines.explained_amount, 0))::decimal(18, 6) as unexplained_amount,
    coalesce(unmatched.unmatched_amount, 0)::decimal(18, 6) as unmatched_amount,
    coalesce(lines.sales_amount, 0)::decimal(18, 6) as sales_amount,
    coalesce(lines.shipping_amount, 0)::decimal(18, 6) as shipping_amount,
    coalesce(lines.commission_amount, 0)::decimal(18, 6) as commission_amount,
    coalesce(lines.refund_amount, 0)::decimal(18, 6) as refund_amount,
    (
        coalesce(lines.explained_amount, 0) - coalesce(lines.sales_amount, 0) - coalesce(lines.shipping_amount, 0)
        - coalesce(lines.commission_amount, 0) - coalesce(lines.refund_amount, 0)
    )::decimal(18, 6) as other_amount,
    payout.amount = coalesce(lines.explained_amount, 0) and coalesce(unmatched.unmatched_count, 0) = 0 as is_explained,
    epoch(as_of - payout.closed_at)::bigint as age_seconds,
    payout.closed_at,
    payout.paid_at,
from payout_facts as payout
left join lines on lines.cycle_id = payout.cycle_id
left join unmatched on unmatched.cycle_id = payout.cycle_id;
