-- One row per way a live sales order as a whole differs from what we sent. What does it mean at John Lewis?
-- Of an address only the names of the fields that differ: its text stays in `personal`.
create or replace macro drift_headers(as_of) as table
with headers as (from sales_meant(as_of))

select
    'price' as drift_class, ord_num || part.place as subject, ord_num, order_id,
    part.name || printf(' %.2f', part.meant::double) as sent, part.name || printf(' %.2f', part.shown::double) as shown,
    '–' as market,
    'BlueCherry''s invoice will differ from ' || part.paid || ' the customer paid at John Lewis.' as consequence,
from (
    select ord_num, order_id, unnest([
        {place: '', name: 'shipping', meant: meant_shipping, shown: shipping_amount, paid: 'the shipping'},
        {place: '/discount', name: 'discount', meant: meant_discount, shown: discount_amount, paid: 'what'},
        {place: '/tax', name: 'tax', meant: meant_tax, shown: tax_amount, paid: 'what'},
        {place: '/tax of lines', name: 'tax of its lines', meant: meant_line_tax, shown: line_tax_amount, paid: 'what'}
    ]) as part,
    from headers
)
where part.shown <> part.meant

union all

select
    'price', ord_num || '/currency', ord_num, order_id,
    'currency ' || meant_currency, 'currency ' || currency_there, 'currency ' || currency,
    'BlueCherry''s invoice is in another currency than the customer paid in at John Lewis.',
from headers
where currency_there <> meant_currency

union all

select
    'house_account', ord_num, ord_num, order_id, meant_customer, coalesce(nullif(customer, ''), 'no account'), '–',
    'BlueCherry bills another account than the marketplace''s: John Lewis pays for it all the same, and that payment is '
        || 'not owed by whom BlueCherry bills.',
from headers
where customer <> meant_customer

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
    'as the customer gave it' || if(market_state = 'SHIPPING', '', ', shown as shipped'),
    case
        when changed_fields = ['none'] and market_state = 'SHIPPING'
            then 'It cannot leave, or goes where nobody has said: John Lewis and the customer wait for it.'
        when changed_fields = ['none'] then 'It left for where nobody has said: ask the warehouse where the parcel went.'
        when changed_fields = ['several'] and market_state = 'SHIPPING'
            then 'It goes to one of them, and only one is the customer''s.'
        when changed_fields = ['several']
            then 'It went to one of them, and only one is the customer''s: ask the warehouse where the parcel went.'
        when market_state = 'SHIPPING'
            then 'It goes to another place than John Lewis and the customer believe: nobody there is told.'
        else 'It went, or may have gone, to another place than John Lewis and the customer believe: ask the warehouse where '
            || 'the parcel went, and see that the customer gets it or the money.'
    end,
from headers
where len(changed_fields) > 0

union all

select
    'address', ord_num || '/billing', ord_num, order_id, 'billed as the customer gave it',
    case billing_changes when ['none'] then 'no billing address' when ['several'] then 'more than one billing address'
        else 'another billing ' || array_to_string(billing_changes, ', ') end,
    'billed as the customer gave it',
    'The goods are not concerned, and John Lewis is told nothing: BlueCherry''s invoice names somebody else than the '
        || 'customer who paid.',
from headers
where len(billing_changes) > 0 and billing_changes <> meant_billing

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
