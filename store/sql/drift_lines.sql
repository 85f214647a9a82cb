-- One row per way a line of a sales order differs from what we sent. What became of it, and what does it mean at John Lewis?
create or replace macro drift_lines(as_of) as table
with sales as (from drifting_sales(as_of)),

here as (
    select line.*
    from sales
    join sales_line_facts as line
        on line.ord_num = sales.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
),

meant as (from lines_meant(as_of)),

stands as (from sales_sent(as_of)),

sent as (select * exclude (is_first) from stands where is_first),

-- sendings of which something stands in a sales order that is not their own
taken_in as (
    select ord_num, intent_id from stands group by ord_num, intent_id having not bool_or(is_ours)
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

lined_up as (
    select
        sales.ord_num, sales.order_id, sales.market_state, sold.order_line_id, sold.sku, sold.state as line_state,
        meant.sku_key as meant_key, meant.quantity as meant_quantity, meant.unit_price as meant_price,
        if(sold.state in ('REFUSED', 'CANCELED'), 0, sold.quantity - sold.cancelled_quantity)::integer as wanted,
        coalesce(there.ordered_quantity, 0) as ordered, coalesce(there.live_quantity, 0) as live,
        coalesce(there.cancel_kind, '') as cancel_kind, there.sku_key, there.unit_price_amount as unit_price,
        abroad.places, coalesce(abroad.quantity, 0) as abroad,
        sales.is_before_start, coalesce(anew.quantity, 0) as anew,
        greatest(wanted - live - coalesce(abroad.quantity, 0) - coalesce(back.quantity, 0), 0) as lost,
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

compared as (
    select
        *,
        -- somebody said there that it has left; neither under another number nor keyed in without our id did all of it:
        -- of the lines of a SKU, the fewest units first, none shares what is keyed in with another
        market_state <> 'SHIPPING' and not is_before_start and lost > 0
            and sum(lost) over (
                partition by order_id, meant_key order by lost, order_line_id rows unbounded preceding
            ) > anew as is_owed,
    from lined_up
)

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
    'warehouse', there.order_line_id, there.ord_num, there.order_id, there.order_line_id, sold.sku,
    meant.warehouse, sales.warehouse, '–', 0,
    'It was put into a sales order of another warehouse than the one whose stock was sold: stock there is short by it.',
from taken_in
join meant on meant.intent_id = taken_in.intent_id
join here_lines as there on there.order_line_id = meant.order_line_id and there.ord_num = taken_in.ord_num
join sales on sales.ord_num = there.ord_num
join order_line_facts as sold on sold.order_line_id = there.order_line_id
join sent on sent.ord_num = there.ord_num and sent.is_ours
where sales.market_state = 'SHIPPING' and there.live_quantity > 0 and meant.warehouse <> sales.warehouse;
