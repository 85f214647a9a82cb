-- One row per flow. When did it last succeed, is that long ago, and how much waits for it?
create or replace macro flows(as_of) as table
with known as (
    -- a flow is late when it has not succeeded for this long: several times its interval
    select * from (values
        ('catalogue', 1, 10800), ('inventory', 2, 900), ('orders', 3, 900), ('dispatch', 4, 900),
        ('returns', 5, 3600), ('settlement', 6, 3600), ('watch', 7, 600), ('alerts', 8, 600)
    ) as known(name, position, patience_seconds)
),

ended as (
    -- a run that was asked to stop, or that only showed what it would do, says nothing about its flow; one that was
    -- only not allowed yet is no trouble, and no success, unless it decided the stock and only its next file must wait
    select
        flow,
        max(happened_at) filter (
            where state = 'succeeded' or state = 'deferred' and contains(counts, '"decided":')
        ) as last_success_at,
        min(happened_at) as first_run_at,
        arg_max(state, (happened_at, seq)) as last_state,
        arg_max(message, (happened_at, seq)) as last_message,
        arg_max(due_at, (happened_at, seq)) as due_at,
        max(happened_at) as last_run_at,
        count(*) filter (where state = 'failed' and happened_at > as_of - interval 1 day) as failed_count,
        count(*) filter (where happened_at > as_of - interval 1 day) as run_count,
    from run_facts
    where state not in ('stopped', 'previewed')
    group by flow
),

waiting as (
    -- asked of the facts themselves: a page asks this every few seconds, and a large question costs its planning
    select 'orders' as flow, count(*) as backlog
    from order_facts as placed
    anti join sales_order_facts as sales on sales.order_id = placed.order_id
    anti join (select order_id from order_hold_facts where reason is not null) as held
        on held.order_id = placed.order_id
    where not placed.is_before_start
        and placed.state not in ('REFUSED', 'CANCELED', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')

    union all

    select 'dispatch' as flow, count(*) as backlog
    from shipment_facts as posted
    join order_facts as placed on placed.order_id = posted.order_id and placed.state = 'SHIPPING'
    join carton_facts as carton on carton.ship_id = posted.ship_id
    anti join (select ship_id from shipment_hold_facts where reason <> '') as held on held.ship_id = posted.ship_id
    anti join (
        select subject from intent_facts where intent_kind = 'confirm_shipment' and state = 'confirmed'
    ) as told on told.subject = posted.ship_id || '/' || carton.carton
    where not posted.is_voided and (carton.happened_at, carton.seq) >= (posted.happened_at, posted.seq)

    union all

    select 'inventory' as flow, count(*) as backlog
    from intent_facts as push
    left join import_facts as import on import.push_id = push.intent_id
    where push.intent_kind = 'push_stock' and push.state in ('recorded', 'unclear', 'confirmed')
        and import.push_id is null

    union all

    select 'settlement' as flow, count(*) as backlog
    from transaction_facts as line
    anti join order_line_facts as sold on sold.order_line_id = line.order_line_id
    where line.order_line_id <> ''
)

select
    known.name,
    case
        when ended.flow is null then 'never'
        when ended.last_state = 'failed' then 'failed'
        when coalesce(ended.last_success_at, ended.first_run_at) < as_of - to_seconds(known.patience_seconds) then 'late'
        when ended.last_success_at is null then 'deferred'
        else 'succeeded'
    end as state,
    coalesce(ended.last_state, '') as last_state,
    coalesce(ended.last_message, '') as last_message,
    coalesce(waiting.backlog, 0) as backlog,
    coalesce(ended.run_count, 0) as run_count,
    coalesce(ended.failed_count, 0) as failed_count,
    greatest(epoch(as_of - ended.last_success_at), 0)::bigint as lag_seconds,
    ended.last_success_at,
    ended.last_run_at,
    ended.due_at,
    known.position,
from known
left join ended on ended.flow = known.name
left join waiting on waiting.flow = known.name;
