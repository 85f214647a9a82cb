-- One row per SKU whose last file was taken but for some lines nobody named, or was given up, until it is read as it
-- was sent. Which quantities may not stand there?
create or replace view unproven_skus as
with ended as (
    select push_id, import_id, state, error_count, happened_at as ended_at
    from import_facts
    where state in ('unproven', 'lost')
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
join offer_readings as reading on reading.sku = sent.sku
where offer.quantity <> sent.quantity or reading.read_from <= ended.ended_at;
