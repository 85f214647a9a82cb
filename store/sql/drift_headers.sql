-- One row per way a live sales order as a whole differs from what we sent. What does it mean at John Lewis?
-- Of an address only the names of the fields that differ: its text stays in `personal`.
create or replace macro drift_headers(as_of) as table
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

headers as (
    select
        sales.*,
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
        -- the integration before us wrote addresses in its own way
        if(
            sent.ord_num is not null or sales.revision > 0
                or (not sales.is_before_start and sales.ord_num in (select ord_num from sold)),
            sales.address_changes, null
        ) as changed_fields,
    from sales
    join sales_first_facts as first on first.ord_num = sales.ord_num
    left join sent on sent.ord_num = sales.ord_num
    left join brought on brought.ord_num = sales.ord_num
    where exists (from here where here.ord_num = sales.ord_num and here.ordered_quantity > here.cancelled_quantity)
)

select
    'price' as drift_class, ord_num || part.place as subject, ord_num, order_id,
    part.name || printf(' %.2f', part.meant::double) as sent, part.name || printf(' %.2f', part.shown::double) as shown,
    '–' as market,
    'BlueCherry''s invoice will differ from ' || part.paid || ' the customer paid at John Lewis.' as consequence,
from (
    select ord_num, order_id, unnest([
        {place: '', name: 'shipping', meant: meant_shipping, shown: shipping_amount, paid: 'the shipping'},
        {place: '/discount', name: 'discount', meant: meant_discount, shown: discount_amount, paid: 'what'}
    ]) as part,
    from headers
)
where part.shown <> part.meant

union all

select
    'warehouse', ord_num, ord_num, order_id, meant_warehouse, warehouse, '–',
    'It leaves from another warehouse than the one whose stock was sold: stock there is short by it, and the '
        || 'dispatch deadline may not hold.',
from headers
where market_state = 'SHIPPING' and warehouse <> meant_warehouse

union all

select
    'ship_via', ord_num, ord_num, order_id, meant_ship_via, ship_via, '–',
    'Another carrier takes it than the customer''s shipping type says: John Lewis is told the carrier that really '
        || 'takes it, if it is mapped.',
from headers
where market_state = 'SHIPPING' and ship_via <> meant_ship_via

union all

select
    'address', ord_num, ord_num, order_id, 'as the customer gave it',
    case changed_fields when ['none'] then 'no delivery address' when ['several'] then 'more than one delivery address'
        else 'another ' || array_to_string(changed_fields, ', ') end,
    'as the customer gave it',
    case changed_fields
        when ['none'] then 'It cannot leave, or goes where nobody has said: John Lewis and the customer wait for it.'
        when ['several'] then 'It goes to one of them, and only one is the customer''s.'
        else 'It goes to another place than John Lewis and the customer believe: nobody there is told.'
    end,
from headers
where market_state = 'SHIPPING' and len(changed_fields) > 0

union all

select
    'dates', ord_num, ord_num, order_id,
    'start ' || strftime(meant_start, '%-d %b') || ', cancel after ' || strftime(meant_cancel, '%-d %b'),
    'start ' || strftime(starts_from_at, '%-d %b') || ', cancel after ' || strftime(cancels_from_at, '%-d %b'),
    'ship by ' || coalesce(strftime(shipping_deadline_at, '%-d %b'), '–'),
    'BlueCherry may pick it too late for John Lewis''s deadline, or give its units free too early.',
from headers
where market_state = 'SHIPPING'
    and not coalesce(meant_start >= starts_from_at and meant_start < starts_until_at
        and meant_cancel >= cancels_from_at and meant_cancel < cancels_until_at, true);
