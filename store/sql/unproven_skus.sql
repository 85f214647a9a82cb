-- One row per SKU whose last file was taken but for some lines nobody named, or was given up, until it is read as it
-- was sent. Which quantities may not stand there?
create or replace view unproven_skus as
with ended as (
    select push_id, import_id, state, error_count, happened_at as ended_at
    from import_facts
    where state in ('unproven', 'lost')
),

readings as (
    select max(read_from) as read_from from stock_audit_facts
)

select
    sent.sku,
    ended.push_id,
    ended.import_id,
    ended.state,
    sent.quantity,
    offer.quantity as shown_quantity,
    ended.error_count,
    ended.ended_at,
from ended
join published_facts as sent on sent.push_id = ended.push_id
join offer_facts as offer on offer.sku = sent.sku and not offer.is_gone
cross join readings
-- an offer that did not move is not stored again
where offer.quantity <> sent.quantity
    or greatest(offer.happened_at, coalesce(readings.read_from, offer.happened_at)) <= ended.ended_at;
