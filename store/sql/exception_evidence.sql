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
        ('warehouse_not_counted', ['Location']), ('held_lot_awaited', ['inventoryBatch']), ('batch_held', ['inventoryBatch', 'inventory']), ('batch_rejected', ['inventoryBatch', 'inventory']),
        ('batch_doubtful', ['inventoryBatch', 'inventory']), ('stock_mismatch', ['OF21', 'STO02']),
        ('stock_uncompared', ['OF21']), ('offer_without_sku', ['OF21', 'style']), ('orphans_held', ['OF21', 'style']),
        ('import_failed', ['STO01', 'STO02', 'STO03']), ('import_stuck', ['STO01', 'STO02']),
        ('import_errors', ['STO02', 'STO03']), ('oversell', ['OF21', 'OR11']), ('duplicate_upc', ['style']),
        ('missing_upc', ['style']), ('missing_ean', ['style']), ('bad_check_digit', ['style']), ('unfit_sku', ['style']),
        ('count_gap', ['OR11']), ('day_not_counted', ['OR11']), ('payout_unexplained', ['TL02']),
        ('transaction_unmatched', ['TL02']), ('balance_gap', ['TL02']), ('silence', ['OR11'])
    ) as lists (exception_kind, resources)

    union all

    -- the list that lacks what a mapping names
    select 'mapping_invalid', case split_part(exception_subject, '/', 1)
        when 'warehouse' then ['Location'] when 'ship_via' then ['Shipper'] when 'account' then ['account']
        when 'carrier' then ['SH21'] when 'division' then ['style'] when 'order_status' then ['salesOrder'] else []
    end
    from ours
    where exception_kind = 'mapping_invalid'
),

-- of a flow that fails, the calls of its runs since it went well, those that failed first
failed as (
    select run.run_id, run.started_at
    from run_facts as run, ours
    where ours.exception_kind = 'flow_failing' and run.flow = ours.exception_subject and run.state = 'failed'
        and run.happened_at > coalesce(
            (
                select max(well.happened_at) from run_facts as well
                where well.flow = run.flow and well.state in ('succeeded', 'deferred')
            ),
            '-infinity'
        )
),

called as (
    select 'call of a failed run' as kind, shot.path as subject, shot.snapshot_id, 0 as seq,
    from snapshots as shot
    join failed on failed.run_id = shot.run_id
    where shot.seen_at >= (select min(started_at) from failed)
    order by shot.status = 0 or shot.status >= 400 desc, shot.seen_at desc
    limit 10
),

-- the clock: the last answers of the system before it was compared; or the answers with the stamps
timed as (
    select 'answer' as kind, shot.path as subject, shot.snapshot_id, 0 as seq,
    from snapshots as shot, ours
    where ours.exception_kind = 'clock_skew' and shot.status > 0
        and shot.source = if(ours.exception_subject = 'BlueCherry', 'erp', 'marketplace')
        and shot.seen_at <= (
            select max(said.recorded_at) from events as said
            where said.kind = 'clock.compared' and said.subject = ours.exception_subject
        )
    order by shot.seen_at desc
    limit 3
),

stamped as (
    select said.kind, said.subject, said.snapshot_id, said.seq,
    from events as said, ours
    where ours.exception_kind = 'clock_skew' and said.snapshot_id is not null
        and said.happened_at > said.recorded_at + interval 10 minutes
        -- of `BlueCherry/sales order` what was read as `sales_order.read`; returns are read from both systems
        and replace(split_part(said.kind, '.', 1), '_', ' ') = split_part(ours.exception_subject, '/', 2)
        and said.kind <> if(starts_with(ours.exception_subject, 'BlueCherry'), 'return.seen', 'return.read')
    qualify row_number() over (partition by said.snapshot_id order by said.seq desc) = 1
    order by said.seq desc
    limit 10
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
    from called
    union all by name
    from timed
    union all by name
    from stamped
    union all by name
    from newest
    where snapshot_id not in (select snapshot_id from told)
) as evidence
join snapshots as shot on shot.snapshot_id = evidence.snapshot_id
order by shot.seen_at desc;
