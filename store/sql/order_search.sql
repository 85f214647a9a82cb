-- One row per order and place some words are found in: an id of either side, a tracking number, a SKU, a postcode.
-- Ids are found by a part, SKUs and postcodes from their beginning; a postcode only for those who may see people.
create or replace macro order_search(words, sees_people) as table
with asked as (
    select lower(trim(words)) as part, upper(replace(trim(words), ' ', '')) as postcode
),

named as (
    select order_id, 'order' as found_in, order_id || ' ' || commercial_id || ' ' || seller_reference as text from order_facts
    union all
    select order_id, 'tracking', tracking from order_facts where tracking <> ''
    union all
    select order_id, 'line', order_line_id from order_line_facts
    union all
    select order_id, 'sales order', ord_num from sales_order_facts
    union all
    -- and the number BlueCherry gave it, where it does not show it (yet)
    select order_id, 'sales order', reference from intent_facts where intent_kind = 'create_sales_order' and reference <> ''
    union all
    select posted.order_id, 'shipment', posted.ship_id from shipment_facts as posted
    union all
    select posted.order_id, 'tracking', carton.tracking || ' ' || carton.carton
    from carton_facts as carton
    join shipment_facts as posted on posted.ship_id = carton.ship_id
    union all
    select order_id, 'invoice', invoice_number from invoice_facts
    union all
    select order_id, 'return', return_id || ' ' || rma || ' ' || tracking from market_return_facts
    union all
    select order_id, 'return', ret_num from erp_return_facts
    union all
    select order_id, 'refund', refund_id from refund_facts
    union all
    select order_id, 'credit memo', memo_number from credit_memo_facts
    union all
    select order_id, 'ledger', transaction_id || ' ' || document_number from transaction_facts where order_id <> ''
    union all
    select booked.order_id, 'payout', booked.cycle_id || ' ' || coalesce(paid.voucher, '')
    from transaction_facts as booked
    left join payout_facts as paid on paid.cycle_id = booked.cycle_id
    where booked.order_id <> '' and booked.cycle_id <> ''
),

postcodes as (
    select order_id, json_extract_string(body, '$.ship_to.postcode') as postcode from personal
    union all
    -- and what a person wrote in its place
    select order_id, edit.after
    from (
        select order_id, unnest(from_json(edits, '[{"field": "VARCHAR", "after": "VARCHAR"}]')) as edit
        from personal
        where edits is not null
    )
    where edit.field = 'ship_to.postcode'
)

select distinct order_id, found_in
from (
    select named.order_id, named.found_in from named, asked where asked.part <> '' and contains(lower(named.text), asked.part)
    union all
    select line.order_id, 'SKU'
    from order_line_facts as line, asked
    where asked.part <> '' and starts_with(lower(line.sku), asked.part)
    union all
    select known.order_id, 'postcode'
    from postcodes as known, asked
    where sees_people and regexp_full_match(
            -- British, or an Irish Eircode, as far as it was typed
            asked.postcode, '[A-Z]{1,2}[0-9][0-9A-Z]?([0-9][A-Z]{0,2})?|[A-Z][0-9][0-9W][0-9A-Z]{0,4}'
        )
        and starts_with(upper(replace(known.postcode, ' ', '')), asked.postcode)
);
