-- One row per way a live sales order differs from what we sent. What changed, who did it, what does it mean at John Lewis?
-- Of an address only the names of the fields that differ: its text stays in `personal`.
create or replace macro drift(as_of) as table
with placed as (from drifting_orders(as_of)),

sales as (
    select sales.*, placed.state as market_state, placed.is_before_start, placed.currency, placed.total_amount,
        placed.shipping_deadline_at, placed.happened_at as placed_at,
    from placed
    join sales_order_facts as sales on sales.order_id = placed.order_id
),

-- what we last set out to send of a line, whatever came of it
meant as (
    select
        one.order_line_id,
        any_value(order_id) as order_id,
        arg_max(intent_id, (happened_at, seq)) as intent_id,
        arg_max(warehouse, (happened_at, seq)) as warehouse,
        arg_max(one, (happened_at, seq)) as one,
    from (
        select intent_id, order_id, warehouse, happened_at, seq, unnest(lines) as one
        from sent_order_facts
        where order_id in (select order_id from sales where not is_before_start)
    )
    group by one.order_line_id
),

whose as (
    select sales.ord_num, sales.warehouse, intent.intent_id, true as is_ours
    from sales
    join intent_facts as intent
        on intent.order_id = sales.order_id and intent.reference = sales.ord_num
        and intent.intent_kind = 'create_sales_order' and intent.state = 'confirmed'
    -- what was found and not made by us was sent by somebody else, in their words
    where not (sales.is_before_start and intent.message <> '')

    union all

    -- keyed in, sent by another program, or put into another one, in the place of ours: it has to say the same
    select sales.ord_num, sales.warehouse, meant.intent_id, false
    from sales
    join sales_line_facts as line on line.ord_num = sales.ord_num
    join meant on meant.order_line_id = line.order_line_id and meant.order_id = sales.order_id
),

sent as (
    select whose.ord_num, whose.is_ours, whole.*
    from whose
    join sent_order_facts as whole on whole.intent_id = whose.intent_id
    -- of two that were put into one, the one whose goods leave from elsewhere now
    qualify row_number() over (
        partition by whose.ord_num
        order by is_ours desc, whole.warehouse = whose.warehouse, whole.happened_at desc, whole.seq desc
    ) = 1
),

here as (
    select line.*
    from sales
    join sales_line_facts as line
        on line.ord_num = sales.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
),

-- sendings of which something stands in a sales order that is not their own
taken_in as (
    select ord_num, intent_id from whose group by ord_num, intent_id having not bool_or(is_ours)
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
            from whose as own
            join here on here.ord_num = own.ord_num and here.ordered_quantity > here.cancelled_quantity
            where own.is_ours
        ) as living on living.intent_id = one.intent_id
        group by one.ord_num, one.intent_id, one.shipping_amount
    )
    group by ord_num
),

-- a line that was keyed in anew under another number is the one that lives
here_lines as (
    select
        order_id,
        order_line_id,
        arg_max(ord_num, (ordered_quantity - cancelled_quantity, ord_num)) as ord_num,
        -- what was cancelled to be keyed in anew is not ordered twice
        case
            when count(*) filter (ordered_quantity > cancelled_quantity) > 1 then sum(ordered_quantity - cancelled_quantity)
            else sum(ordered_quantity) filter (ordered_quantity > cancelled_quantity)
        end::integer as ordered_quantity,
        sum(ordered_quantity - cancelled_quantity)::integer as live_quantity,
        max(cancel_kind) as cancel_kind,
        arg_max(sku_key, (ordered_quantity - cancelled_quantity, ord_num)) as sku_key,
        arg_max(unit_price_amount, (ordered_quantity - cancelled_quantity, ord_num)) as unit_price_amount,
    from here
    where order_line_id <> ''
    group by order_id, order_line_id
),

meant_lines as (
    select ord_num, one.order_line_id, one.sku_key, one.quantity, one.unit_price
    from (select ord_num, unnest(lines) as one from sent where is_ours)

    union all by name

    -- somebody else's, or put into ours: what we meant, or else what John Lewis sold, is what was meant
    select
        line.ord_num, line.order_line_id,
        any_value(coalesce(meant.one.sku_key, sku.sku_key)) as sku_key,
        any_value(coalesce(meant.one.quantity, sold.quantity)) as quantity,
        any_value(coalesce(meant.one.unit_price, sold.unit_price_amount)) as unit_price,
    from sales
    join sales_line_facts as line on line.ord_num = sales.ord_num
    join order_line_facts as sold on sold.order_line_id = line.order_line_id and sold.order_id = sales.order_id
    left join meant on meant.order_line_id = line.order_line_id
    left join sku_facts as sku on sku.sku = sold.sku and not sku.is_gone
    anti join (select ord_num, unnest(lines).order_line_id as order_line_id from sent where is_ours) as own
        on own.ord_num = line.ord_num and own.order_line_id = line.order_line_id
    group by line.ord_num, line.order_line_id
),

compared as (
    select
        sales.ord_num, sales.order_id, sales.market_state, sold.order_line_id, sold.sku, sold.state as line_state,
        meant.sku_key as meant_key, meant.quantity as meant_quantity, meant.unit_price as meant_price,
        if(sold.state in ('REFUSED', 'CANCELED'), 0, sold.quantity - sold.cancelled_quantity)::integer as wanted,
        coalesce(there.ordered_quantity, 0) as ordered, coalesce(there.live_quantity, 0) as live,
        coalesce(there.cancel_kind, '') as cancel_kind, there.sku_key, there.unit_price_amount as unit_price,
        abroad.places, coalesce(abroad.quantity, 0) as abroad,
        -- somebody said there that it has left; neither under another number nor keyed in without our id did all of it
        sales.market_state <> 'SHIPPING' and not sales.is_before_start
            and wanted - live - coalesce(abroad.quantity, 0) - coalesce(anew.quantity, 0) > coalesce(back.quantity, 0) as is_owed,
    from sales
    join meant_lines as meant on meant.ord_num = sales.ord_num
    join order_line_facts as sold on sold.order_line_id = meant.order_line_id
    left join here_lines as there on there.order_line_id = meant.order_line_id and there.order_id = sales.order_id
    left join lines_abroad(as_of) as abroad on abroad.order_line_id = meant.order_line_id
    left join lines_paid_back(as_of) as back on back.order_line_id = meant.order_line_id
    left join (
        select order_id, sku_key, sum(ordered_quantity - cancelled_quantity)::integer as quantity,
        from here
        where order_line_id = ''
        group by all
    ) as anew on anew.order_id = sales.order_id and anew.sku_key = meant.sku_key
    qualify row_number() over (
        partition by sold.order_line_id
        order by there.ord_num is not distinct from meant.ord_num desc, meant.ord_num
    ) = 1
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
                or (not sales.is_before_start and sales.ord_num in (select ord_num from meant_lines)),
            sales.address_changes, null
        ) as changed_fields,
    from sales
    join sales_first_facts as first on first.ord_num = sales.ord_num
    left join sent on sent.ord_num = sales.ord_num
    left join brought on brought.ord_num = sales.ord_num
    where exists (from here where here.ord_num = sales.ord_num and here.ordered_quantity > here.cancelled_quantity)
),

differing as (
    select
        'cancelled' as drift_class, order_line_id as subject, ord_num, order_id, order_line_id, sku,
        meant_quantity || ' of ' || meant_key as sent,
        coalesce('put into ' || places, 'cancelled' || if(cancel_kind = 'HOUSE', ' by the house', '')) as shown,
        wanted || ' of ' || sku || if(market_state = 'SHIPPING', ' wanted', ' shown as shipped') as market,
        if(market_state = 'SHIPPING', greatest(wanted - abroad, 0), 0) as short_quantity,
        case
            when market_state <> 'SHIPPING' then 'John Lewis and the customer believe it has left: send it, or see that '
                || 'its money goes back.'
            when abroad > 0 then 'It leaves in a parcel of another order, which cannot be confirmed to John Lewis so, and '
                || 'this order counts as late: put it back under its own number.'
            else 'John Lewis waits for units that will never come, and counts the order as late: cancel the line there, or '
                || 'put it back.'
        end as consequence,
    from compared
    where live = 0 and wanted > 0 and (market_state = 'SHIPPING' or is_owed)

    union all

    select
        'quantity', order_line_id, ord_num, order_id, order_line_id, sku,
        meant_quantity || if(meant_quantity = 1, ' unit', ' units'),
        live || if(live = 1, ' unit', ' units') || coalesce(' and ' || abroad || ' put into ' || places, ''),
        wanted || if(is_owed, ' shown as shipped', ' wanted'), if(is_owed, 0, greatest(wanted - live - abroad, 0)),
        case
            when is_owed then 'John Lewis and the customer believe that all has left: send the missing units, or see that '
                || 'their money goes back.'
            when wanted > live then 'Fewer units come than the customer paid for: the missing ones are cancelled at John '
                || 'Lewis, or put back.'
            else 'More units come than John Lewis sold: the parcel cannot be confirmed with them.'
        end,
    from compared
    where live > 0 and (
        is_owed or (market_state = 'SHIPPING' and (wanted > live or (live > wanted and ordered > meant_quantity)))
    )

    union all

    select
        'quantity', here.ord_num || '/' || here.line_number, here.ord_num, here.order_id, '', here.sku_key,
        'no such line',
        here.ordered_quantity - here.cancelled_quantity || ' of ' || here.sku_key
            || coalesce(', of order ' || other.order_id, ', added by hand'),
        'not sold', 0,
        if(
            other.order_id is null,
            'Goods nobody bought would go out: a parcel that carries them cannot be confirmed to John Lewis.',
            'Goods of another order would go out with it: a parcel that carries both cannot be confirmed to John Lewis.'
        ),
    from here
    join sales on sales.ord_num = here.ord_num
    left join order_line_facts as other on other.order_line_id = here.order_line_id and other.order_id <> here.order_id
    where sales.market_state = 'SHIPPING' and here.ordered_quantity > here.cancelled_quantity
        and not exists (
            from meant_lines as meant where meant.ord_num = here.ord_num and meant.order_line_id = here.order_line_id
        )
        -- a sales order with none of our lines is a duplicate number, which is another matter
        and exists (from meant_lines as meant where meant.ord_num = here.ord_num)

    union all

    select
        'substitution', order_line_id, ord_num, order_id, order_line_id, sku,
        meant_key, sku_key, sku, if(market_state = 'SHIPPING', wanted, 0),
        'The customer would get another SKU than the one bought: its parcel is not confirmed to John Lewis before a '
            || 'person has answered.',
    from compared
    where live > 0 and sku_key <> meant_key

    union all

    select
        'price', order_line_id, ord_num, order_id, order_line_id, sku,
        printf('%.2f', meant_price::double), printf('%.2f', unit_price::double), printf('%.2f', meant_price::double), 0,
        'BlueCherry''s invoice will differ from what the customer paid at John Lewis, and the payout will not match it.',
    from compared
    where live > 0 and unit_price <> meant_price

    union all

    select
        'price', ord_num || part.place, ord_num, order_id, '', '',
        part.name || printf(' %.2f', part.meant::double), part.name || printf(' %.2f', part.shown::double), '–', 0,
        'BlueCherry''s invoice will differ from ' || part.paid || ' the customer paid at John Lewis.',
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
        'warehouse', ord_num, ord_num, order_id, '', '', meant_warehouse, warehouse, '–', 0,
        'It leaves from another warehouse than the one whose stock was sold: stock there is short by it, and the '
            || 'dispatch deadline may not hold.',
    from headers
    where market_state = 'SHIPPING' and warehouse <> meant_warehouse

    union all

    select
        'warehouse', there.order_line_id, there.ord_num, there.order_id, there.order_line_id, sold.sku,
        meant.warehouse, sales.warehouse, '–', 0,
        'It was put into a sales order of another warehouse than the one whose stock was sold: stock there is short by it.',
    from taken_in
    join meant on meant.intent_id = taken_in.intent_id
    join here_lines as there on there.order_line_id = meant.order_line_id and there.ord_num = taken_in.ord_num
    join sales on sales.ord_num = there.ord_num
    join order_line_facts as sold on sold.order_line_id = there.order_line_id
    join sent on sent.ord_num = there.ord_num and sent.is_ours
    where sales.market_state = 'SHIPPING' and there.live_quantity > 0 and meant.warehouse <> sales.warehouse

    union all

    select
        'ship_via', ord_num, ord_num, order_id, '', '', meant_ship_via, ship_via, '–', 0,
        'Another carrier takes it than the customer''s shipping type says: John Lewis is told the carrier that really '
            || 'takes it, if it is mapped.',
    from headers
    where market_state = 'SHIPPING' and ship_via <> meant_ship_via

    union all

    select
        'address', ord_num, ord_num, order_id, '', '', 'as the customer gave it',
        case changed_fields when ['none'] then 'no delivery address' when ['several'] then 'more than one delivery address'
            else 'another ' || array_to_string(changed_fields, ', ') end,
        'as the customer gave it', 0,
        case changed_fields
            when ['none'] then 'It cannot leave, or goes where nobody has said: John Lewis and the customer wait for it.'
            when ['several'] then 'It goes to one of them, and only one is the customer''s.'
            else 'It goes to another place than John Lewis and the customer believe: nobody there is told.'
        end,
    from headers
    where market_state = 'SHIPPING' and len(changed_fields) > 0

    union all

    select
        'dates', ord_num, ord_num, order_id, '', '',
        'start ' || strftime(meant_start, '%-d %b') || ', cancel after ' || strftime(meant_cancel, '%-d %b'),
        'start ' || strftime(starts_from_at, '%-d %b') || ', cancel after ' || strftime(cancels_from_at, '%-d %b'),
        'ship by ' || coalesce(strftime(shipping_deadline_at, '%-d %b'), '–'), 0,
        'BlueCherry may pick it too late for John Lewis''s deadline, or give its units free too early.',
    from headers
    where market_state = 'SHIPPING'
        and not coalesce(meant_start >= starts_from_at and meant_start < starts_until_at
            and meant_cancel >= cancels_from_at and meant_cancel < cancels_until_at, true)
)

select
    -- ids
    differing.order_id, differing.ord_num, differing.drift_class, differing.subject,
    differing.order_line_id, differing.sku,
    -- side by side
    differing.sent, differing.shown, differing.market, differing.consequence,
    -- what was answered
    coalesce(said.answer, '') as answer,
    coalesce(said.why, '') as answer_why,
    coalesce(said.actor, '') as answered_by,
    said.happened_at as answered_at,
    coalesce(passed_on.state, '') as passed_on,
    not (
        -- as it stands it was accepted; changed once more, it is open again
        coalesce(said.answer = 'accept' and said.shown = differing.shown_mark, false)
        -- cancelled there since John Lewis was last read
        or coalesce(
            differing.drift_class in ('cancelled', 'quantity', 'substitution') and passed_on.done_at >= sales.placed_at,
            false
        )
    ) as is_open,
    differing.shown_mark,
    sales.changed_by,
    sales.revision,
    -- numbers
    differing.short_quantity,
    sales.currency,
    sales.total_amount,
    -- times
    sales.changed_at,
    -- what has left the building has no day to leave it
    case when sales.market_state = 'SHIPPING' then sales.shipping_deadline_at end as deadline_at,
from (
    select
        differing.*,
        -- an address is told from the next by its revision: its text is not here; and what was said of units that are
        -- waited for is not said of units the customer believes to have left
        differing.shown || if(differing.drift_class = 'address', ' (' || sales.revision || ')', '')
            || if(ends_with(differing.market, ' shown as shipped'), ' (shown as shipped)', '') as shown_mark,
    from differing
    join sales on sales.ord_num = differing.ord_num
) as differing
join sales on sales.ord_num = differing.ord_num
left join drift_answer_facts as said
    on said.drift_class = differing.drift_class and said.drift_subject = differing.subject
left join cancelations_passed_on as passed_on on passed_on.order_line_id = differing.order_line_id;
