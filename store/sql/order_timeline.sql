-- One row per thing that happened to an order: events and ledger lines. What happened, when, who says so?
create or replace view order_timeline as
with told as (
    -- the one view that reads events: the words themselves are what is asked for
    select order_id, event_id::varchar as moment_id, kind, subject, actor, body, snapshot_id, happened_at, recorded_at, seq,
    from events
    where order_id <> ''
),

booked as (
    -- whose words a ledger line stands in: those of the reading that told it last
    select
        line.order_id,
        line.transaction_id as moment_id,
        'ledger.booked' as kind,
        line.transaction_id as subject,
        'marketplace' as actor,
        json_object(
            'type', line.type, 'amount', line.amount, 'currency', line.currency, 'payment_state', line.payment_state,
            'cycle_id', line.cycle_id, 'order_line_id', line.order_line_id
        )::varchar as body,
        reading.snapshot_id,
        line.created_at as happened_at,
        line.happened_at as recorded_at,
        line.seq,
    from transaction_facts as line
    left join events as reading on reading.seq = line.seq
    where line.order_id <> ''
)

select order_id, moment_id, kind, subject, actor, body, snapshot_id, seq, happened_at, recorded_at,
from (select * from told union all select * from booked);
