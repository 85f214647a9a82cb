-- One row per answer of an outside system that stands behind an exception, the newest first. What did we ask, what came?
create or replace macro exception_evidence(asked_id) as table
with ours as (
    select order_id, exception_subject, exception_kind, cause from exception_facts where exception_id = asked_id::uuid
),

-- a view that reads events: the words themselves are what is asked for
told as (
    select told.kind, told.subject, told.snapshot_id, told.seq,
    from events as told, ours
    where told.snapshot_id is not null
        and (
            (ours.order_id <> '' and told.order_id = ours.order_id)
            or told.subject = ours.exception_subject
            -- the answer that could not be read: its event names the record with strokes between
            or (
                ours.exception_kind = 'unreadable' and told.kind = 'record.skipped'
                and trim(replace(told.subject, '/', ' ')) = trim(replace(ours.exception_subject, '/', ' '))
            )
        )
    qualify row_number() over (partition by told.snapshot_id order by told.seq desc) = 1
),

-- of a whole system, the answers that were none
refused as (
    select shot.resource as kind, shot.path as subject, shot.snapshot_id, 0 as seq,
    from snapshots as shot, ours
    where ours.exception_kind in ('system_down', 'credentials_refused', 'rate_limited')
        and shot.source = if(ours.cause = 'BlueCherry', 'erp', 'marketplace')
        and (shot.status = 0 or shot.status >= 400)
    order by shot.seen_at desc
    limit 10
),

-- of what stands on no single record, the newest answers of the lists it was seen in
lists as (
    select * from (values
        ('batch_late', ['inventoryBatch']), ('batch_overaged', ['inventoryBatch']), ('batch_gap', ['inventoryBatch']),
        ('warehouse_not_counted', ['Location']), ('batch_held', ['inventoryBatch', 'inventory']), ('batch_rejected', ['inventoryBatch', 'inventory']),
        ('batch_doubtful', ['inventoryBatch', 'inventory']), ('stock_mismatch', ['OF21', 'STO02']),
        ('stock_uncompared', ['OF21']), ('offer_without_sku', ['OF21', 'style']), ('orphans_held', ['OF21', 'style']),
        ('import_failed', ['STO01', 'STO02', 'STO03']), ('import_stuck', ['STO01', 'STO02']),
        ('import_errors', ['STO02', 'STO03']), ('oversell', ['OF21', 'OR11']), ('duplicate_upc', ['style']),
        ('missing_upc', ['style']), ('missing_ean', ['style']), ('bad_check_digit', ['style']), ('unfit_sku', ['style']),
        ('count_gap', ['OR11']), ('day_not_counted', ['OR11']), ('payout_unexplained', ['TL02']),
        ('transaction_unmatched', ['TL02']), ('balance_gap', ['TL02'])
    ) as lists (exception_kind, resources)
),

newest as (
    select 'newest answer' as kind, shot.path as subject, shot.snapshot_id, 0 as seq,
    from snapshots as shot, ours
    join lists on lists.exception_kind = ours.exception_kind
    where list_contains(lists.resources, shot.resource)
    qualify row_number() over (partition by shot.resource order by shot.seen_at desc) <= 3
)

select
    evidence.kind, evidence.subject, evidence.snapshot_id, shot.source, shot.resource, shot.method, shot.path,
    shot.status, shot.latency_ms, evidence.seq, shot.seen_at,
from (
    from told
    union all by name
    from refused
    union all by name
    from newest
    where snapshot_id not in (select snapshot_id from told)
) as evidence
join snapshots as shot on shot.snapshot_id = evidence.snapshot_id
order by shot.seen_at desc;
