-- One row per thing that happened to an order: events, calls that brought none, ledger lines and the payouts they were paid in.
-- What happened, when, who says so, and how often was it read again since and said the same?
create or replace macro order_timeline(asked_id) as table
with told as (
    -- a view that reads events: the words themselves are what is asked for
    select
        event.event_id::varchar as moment_id, event.kind, event.subject, event.actor, event.body, event.snapshot_id,
        event.seq, event.happened_at, event.recorded_at,
        again.read_count as again_count, again.read_at as again_at, again.snapshot_id as again_snapshot_id,
    from events as event
    left join read_again as again on again.event_id = event.event_id
    where event.order_id = asked_id and asked_id <> ''
),

booked as (
    -- whose words a ledger line stands in: those of the reading that told it last
    select
        line.transaction_id as moment_id,
        'ledger.booked' as kind,
        line.transaction_id as subject,
        'marketplace' as actor,
        json_object(
            'type', line.type, 'amount', line.amount, 'currency', line.currency, 'payment_state', line.payment_state,
            'cycle_id', line.cycle_id, 'order_line_id', line.order_line_id
        )::varchar as body,
        reading.snapshot_id,
        line.seq,
        line.created_at as happened_at,
        line.happened_at as recorded_at,
    from transaction_facts as line
    left join events as reading on reading.seq = line.seq
    where line.order_id = asked_id and asked_id <> ''
),

-- what of each payout is for this order
shares as (
    select cycle_id, sum(amount)::decimal(18, 6) as amount,
    from transaction_facts
    where order_id = asked_id and asked_id <> '' and cycle_id <> '' and type <> 'PAYMENT'
    group by cycle_id
),

paid as (
    select
        seen.event_id::varchar as moment_id, seen.kind, seen.subject, seen.actor,
        json_merge_patch(seen.body, json_object('order_amount', shares.amount))::varchar as body,
        seen.snapshot_id, seen.seq, seen.happened_at, seen.recorded_at,
        again.read_count as again_count, again.read_at as again_at, again.snapshot_id as again_snapshot_id,
    from shares
    join events as seen on seen.kind = 'payout.seen' and seen.subject = shares.cycle_id
    left join read_again as again on again.event_id = seen.event_id
),

-- what the two systems call the order and what became of it
names as (
    select 'marketplace' as source, asked_id as name
    union
    select 'erp', asked_id
    union
    select 'erp', ord_num from sales_order_facts where order_id = asked_id
    union
    select 'erp', reference from intent_facts
    where order_id = asked_id and intent_kind in ('create_sales_order', 'create_return')
    union
    select 'erp', ret_num from erp_return_facts where order_id = asked_id
    union
    select 'marketplace', return_id from market_return_facts where order_id = asked_id
),

-- calls that name it and that no event of it was read from
named as (
    select distinct on (shot.snapshot_id) shot.*
    from snapshots as shot
    join names on names.source = shot.source and names.name <> '' and contains(shot.path, names.name)
    where asked_id <> ''
        and shot.seen_at >= (select min(recorded_at) - interval 1 hour from told)
        and shot.snapshot_id not in (select snapshot_id from told where snapshot_id is not null)
        -- BlueCherry is asked for a name in quotes; at John Lewis it is a part of the address
        and if(
            shot.source = 'erp', contains(url_decode(shot.path), '''' || names.name || ''''),
            list_contains(regexp_split_to_array(url_decode(shot.path), '[^A-Za-z0-9_.-]+'), names.name)
        )
),

judged as (
    select
        named.*,
        case
            when status = 0 then 'no_answer'
            when status >= 400 then 'refused'
            when method <> 'GET' then 'done'
            when exists (from events as odd where odd.kind = 'record.skipped' and odd.snapshot_id = named.snapshot_id)
                then 'unreadable'
            -- had it been shown then or before, that would have been read
            when resource in ('salesOrder', 'returnOrder') and not exists (
                from told
                where told.kind = if(named.resource = 'salesOrder', 'sales_order.read', 'return.read')
                    and told.recorded_at <= named.seen_at
            ) then 'nothing'
            else 'same'
        end as found,
    from named
),

-- as many in a row as came to the same are one moment
called as (
    select
        judged.source, judged.resource, judged.method, judged.found, coalesce(told.seq, 0) as seq,
        count(*) as call_count,
        min_by(judged.snapshot_id, judged.seen_at)::varchar as moment_id,
        max_by({'id': judged.snapshot_id, 'path': judged.path, 'status': judged.status}, judged.seen_at) as latest,
        min(judged.seen_at) as first_at,
        max(judged.seen_at) as last_at,
    from judged
    asof left join (select seq, recorded_at from told) as told on judged.seen_at >= told.recorded_at
    group by judged.source, judged.resource, judged.method, judged.found, coalesce(told.seq, 0)
),

calls as (
    select
        moment_id, 'call.made' as kind, latest.path as subject, source as actor,
        json_object(
            'system', source, 'resource', resource, 'method', method, 'path', latest.path, 'status', latest.status,
            'found', found, 'count', call_count, 'last_at', last_at
        )::varchar as body,
        latest.id as snapshot_id, seq, first_at as happened_at, last_at as recorded_at,
    from called
)

select
    asked_id as order_id, moment_id, kind, subject, actor, body, snapshot_id, coalesce(again_count, 0) as again_count,
    again_snapshot_id, seq, happened_at, recorded_at, again_at,
from (
    from told
    union all by name
    from booked
    union all by name
    from paid
    union all by name
    from calls
);
