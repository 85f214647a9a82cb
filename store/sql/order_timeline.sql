-- One row per thing that happened to an order: events and ledger lines. What happened, when, who says so?
create or replace view order_timeline as
with told as (
    -- the one view that reads events: the words themselves are what is asked for
    select order_id, event_id::varchar as moment_id, kind, subject, actor, body, snapshot_id, happened_at, recorded_at, seq,
    from events
    where order_id <> ''
),

booked as (
    select
        order_id,
        transaction_id as moment_id,
        'ledger.booked' as kind,
        transaction_id as subject,
        'marketplace' as actor,
        json_object(
            'type', type, 'amount', amount, 'currency', currency, 'payment_state', payment_state,
            'cycle_id', cycle_id, 'order_line_id', order_line_id
        )::varchar as body,
        null::uuid as snapshot_id,
        created_at as happened_at,
        happened_at as recorded_at,
        seq,
    from transaction_facts
    where order_id <> ''
)

select order_id, moment_id, kind, subject, actor, body, snapshot_id, seq, happened_at, recorded_at,
from (select * from told union all select * from booked);
