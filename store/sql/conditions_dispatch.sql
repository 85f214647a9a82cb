-- One row per thing that is wrong with sending an open order. What did not leave, and what does John Lewis not know?
create or replace macro conditions_dispatch(as_of) as table
with to_send as (
    select order_id, currency, total_amount, shipping_deadline_at, happened_at
    from order_facts
    where state = 'SHIPPING'
),

confirmations as (
    select intent.order_id, intent.subject, intent.state, intent.message, intent.happened_at,
    from to_send
    join intent_facts as intent
        on intent.order_id = to_send.order_id and intent.intent_kind = 'confirm_shipment'
    qualify row_number() over (
        partition by intent.subject order by intent.state = 'confirmed' desc, intent.happened_at desc, intent.seq desc
    ) = 1
),

undispatched as (
    select
        if(shipping_deadline_at <= as_of, 'dispatch_late', 'dispatch_due') as kind,
        order_id as subject, order_id, '' as cause,
        'John Lewis expects it to be sent by its deadline.' as detail,
        total_amount as amount, currency, shipping_deadline_at as deadline_at,
        if(
            shipping_deadline_at <= as_of, shipping_deadline_at, shipping_deadline_at - interval 4 hours
        ) as since_at,
    from to_send
    where shipping_deadline_at <= as_of + interval 4 hours
        -- confirmed since we last read the order: it only looks unsent
        and not exists (
            from confirmations as told
            where told.order_id = to_send.order_id and told.state = 'confirmed'
                and told.happened_at > to_send.happened_at and told.happened_at > as_of - interval 30 minutes
        )
),

shipped as (
    select
        posted.ship_id, posted.order_id, posted.shipped_at, hold.reason,
        to_send.total_amount, to_send.currency, to_send.shipping_deadline_at,
        count(*) as carton_count,
        string_agg(carton.carton, ', ' order by carton.carton) as cartons,
        max(told.message) as message,
    from to_send
    join shipment_facts as posted on posted.order_id = to_send.order_id
    join carton_facts as carton
        on carton.ship_id = posted.ship_id
        and (carton.happened_at, carton.seq) >= (posted.happened_at, posted.seq)
    left join confirmations as told on told.subject = posted.ship_id || '/' || carton.carton
    left join shipment_hold_facts as hold on hold.ship_id = posted.ship_id and hold.reason <> ''
    where not posted.is_voided and posted.shipped_at <= as_of - interval 2 hours
        and told.state is distinct from 'confirmed'
    group by all
),

unconfirmed as (
    select
        'shipped_not_confirmed' as kind, ship_id as subject, order_id,
        coalesce(reason, 'not tried yet') as cause,
        'Parcel ' || cartons || coalesce(': ' || nullif(message, ''), '') as detail, cartons as grounds,
        total_amount as amount, currency, shipping_deadline_at as deadline_at,
        shipped_at + interval 2 hours as since_at,
    from shipped
),

held as (
    select
        hold.reason as kind, hold.ship_id as subject, hold.order_id, hold.cause, hold.detail,
        case when hold.reason = 'over_shipped' then hold.detail end as grounds,
        placed.total_amount as amount, coalesce(placed.currency, '') as currency,
        placed.shipping_deadline_at as deadline_at, hold.happened_at as since_at,
    from shipment_hold_facts as hold
    left join order_facts as placed on placed.order_id = hold.order_id
    -- a part that waits for the rest is no trouble of its own; another SKU is shown as drift
    where hold.reason not in ('', 'incomplete', 'substituted') and (placed.state = 'SHIPPING' or hold.reason = 'voided')
)

from undispatched
union all by name from unconfirmed
union all by name from held;
