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
        and ((ours.order_id <> '' and told.order_id = ours.order_id) or told.subject = ours.exception_subject)
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
)

select
    evidence.kind, evidence.subject, evidence.snapshot_id, shot.source, shot.resource, shot.method, shot.path,
    shot.status, shot.latency_ms, evidence.seq, shot.seen_at,
from (from told union all by name from refused) as evidence
join snapshots as shot on shot.snapshot_id = evidence.snapshot_id
order by shot.seen_at desc;
