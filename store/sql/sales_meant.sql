-- One row per live sales order compared. What was it meant to say as a whole, beside what BlueCherry shows?
create or replace macro sales_meant(as_of) as table
with sales as (from drifting_sales(as_of)),

here as (from drifting_sales_lines(as_of)),

sent as (select * exclude (is_first) from sales_sent(as_of) where is_first),

-- sendings of which something stands in a sales order that is not their own
taken_in as (
    select ord_num, intent_id from sales_sent(as_of) group by ord_num, intent_id having not bool_or(is_ours)
),

-- the shipping they bring; with a part of what we sent: how much of it is on it, nobody can say
brought as (
    select ord_num, if(bool_and(is_whole), sum(shipping_amount), null) as shipping_amount,
    from (
        select
            one.ord_num, one.shipping_amount,
            not bool_or(here.ord_num is distinct from one.ord_num) as is_whole,
        from (
            select taken_in.*, whole.shipping_amount, unnest(whole.lines).order_line_id as order_line_id,
            from taken_in
            join sent_order_facts as whole on whole.intent_id = taken_in.intent_id
        ) as one
        left join here
            on here.order_line_id = one.order_line_id
            and (here.ord_num = one.ord_num or here.ordered_quantity > here.cancelled_quantity)
        -- one whose own still lives bears its shipping there
        anti join (
            select own.intent_id
            from sales_sent(as_of) as own
            join here on here.ord_num = own.ord_num and here.ordered_quantity > here.cancelled_quantity
            where own.is_ours
        ) as living on living.intent_id = one.intent_id
        group by one.ord_num, one.intent_id, one.shipping_amount
    )
    group by ord_num
),

-- sales orders with something the order was sold with
sold as (
    select sales.ord_num
    from sales
    join sales_line_facts as line on line.ord_num = sales.ord_num
    join order_line_facts as sold on sold.order_line_id = line.order_line_id and sold.order_id = sales.order_id
),

live as (
    select
        ord_num,
        bool_or(cancelled_quantity > 0) as is_less,
        bool_or(open_quantity + picked_quantity > 0) as is_here,
    from here
    group by ord_num
    having bool_or(ordered_quantity > cancelled_quantity)
),

posted as (
    -- where the moment it left says the day alone, its last change is the latest it can have left
    select ord_num, max(if(epoch(shipped_at)::bigint % 900 = 0, happened_at, shipped_at)) as left_at,
    from shipment_facts
    where ord_num in (select ord_num from live) and not is_voided
    group by ord_num
)

select
    sales.*,
    coalesce(sent.customer, first.customer) as meant_customer,
    coalesce(sent.currency, first.currency) as meant_currency,
    coalesce(sent.warehouse, first.warehouse) as meant_warehouse,
    coalesce(sent.ship_via, first.ship_via) as meant_ship_via,
    -- keyed in on a later day, it starts on any day until then
    coalesce(
        case
            when sent.is_ours then sent.starts_on
            when not sent.is_ours then greatest(sent.starts_on, least(sales.entered_at, sales.starts_from_at))
        end,
        first.starts_from_at
    ) as meant_start,
    -- and ends as it was keyed in, if that is not before the deadline
    coalesce(
        if(sent.is_ours or first.cancels_from_at + interval 1 day <= sales.shipping_deadline_at, sent.cancels_on, null),
        first.cancels_from_at
    ) as meant_cancel,
    if(sent.is_ours, sent.shipping_amount, 0) + if(sent.is_ours and brought.ord_num is null, 0, brought.shipping_amount)
        as meant_shipping,
    if(sent.ord_num is not null, 0, null) as meant_discount,  -- what we send has none
    -- and no tax; what BlueCherry itself makes of that, and of who is billed, stands there before anybody edits it
    sent.is_ours and first.revision > 0 as is_as_sent,
    if(is_as_sent, [], first.billing_changes) as meant_billing,
    if(is_as_sent, 0, first.tax_amount) as first_tax,
    if(is_as_sent, 0, first.line_tax_amount) as first_line_tax,
    -- where it works out a tax, that is another one once less is wanted
    if(live.is_less and first_tax <> 0, null, first_tax) as meant_tax,
    if(live.is_less and first_line_tax <> 0, null, first_line_tax) as meant_line_tax,
    -- what was changed after the last parcel had left changed nothing; the integration before us wrote addresses in
    -- its own way
    if(
        not coalesce(kept.happened_at >= posted.left_at and not live.is_here, false) and (
            sent.ord_num is not null or sales.revision > 0
                or (not sales.is_before_start and sales.ord_num in (select ord_num from sold))
        ),
        sales.address_changes, null
    ) as changed_fields,
from sales
join live on live.ord_num = sales.ord_num
join sales_first_facts as first on first.ord_num = sales.ord_num
left join sent on sent.ord_num = sales.ord_num
left join brought on brought.ord_num = sales.ord_num
left join posted on posted.ord_num = sales.ord_num
left join address_kept_facts as kept on kept.ord_num = sales.ord_num;
