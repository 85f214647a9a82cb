-- One row per offer. When was it read last, from when until when?
-- One that did not move is not stored again: it was read with the last that were compared. One that cannot be read was
-- read with the last before it could not.
create or replace view offer_readings as
with unread as (
    select skipped.record_id as sku, max(audit.read_from) as read_from, max(audit.read_until) as read_until,
    from unread_facts as skipped
    left join stock_audit_facts as audit on audit.read_until < skipped.happened_at
    where skipped.is_open and skipped.system = 'John Lewis' and skipped.record = 'offer'
    group by skipped.record_id
),

audits as (
    select max(read_from) as read_from, max(read_until) as read_until,
    from stock_audit_facts
)

select
    offer.sku,
    unread.sku is not null as is_unread,
    greatest(offer.happened_at, if(unread.sku is null, audits.read_from, unread.read_from)) as read_from,
    greatest(offer.happened_at, if(unread.sku is null, audits.read_until, unread.read_until)) as read_until,
from offer_facts as offer
cross join audits
left join unread on unread.sku = offer.sku;
