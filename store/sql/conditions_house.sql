-- One row per thing that is wrong with the house itself. Which flow fails, and is it too quiet?
create or replace macro conditions_house(as_of, look_minutes) as table
with recent as (
    select flow, state, message, started_at, happened_at
    from run_facts
    where happened_at > as_of - interval 2 days and happened_at <= as_of and state not in ('stopped', 'previewed')
),

flows as (
    select
        flow,
        arg_max(state, happened_at) as last_state,
        arg_max(message, happened_at) as last_message,
        max(happened_at) filter (where state in ('succeeded', 'deferred')) as succeeded_at,
        min(happened_at) filter (where state = 'failed') as failed_at,
    from recent
    group by flow
),

failing as (
    select
        'flow_failing' as kind, flow as subject, '' as order_id, flow as cause, last_message as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        (
            select min(run.happened_at) from recent as run
            where run.flow = flows.flow and run.state = 'failed'
                and run.happened_at > coalesce(flows.succeeded_at, '-infinity')
        ) as since_at,
    from flows
    where last_state = 'failed' and coalesce(succeeded_at, failed_at) <= as_of - interval 15 minutes
),

-- a run that is only not allowed yet ends well: what nobody looked at shows by the looks alone, since we were started
looks as (
    select
        greatest(
            max(value::timestamptz), (select max(happened_at) from run_facts where flow = 'start' and happened_at <= as_of)
        ) as since_at,
    from bookmarks
    where name = 'orders.looked'
),

unlooked as (
    select
        'flow_failing' as kind, 'orders' as subject, '' as order_id, 'orders' as cause,
        concat_ws(
            ' ', 'Nobody could look at the orders at John Lewis.',
            (select nullif(last_message, '') from flows where flow = 'orders')
        ) as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at, since_at,
    from looks
    where since_at <= as_of - to_minutes(look_minutes::integer)
),

newest_order as (
    select max(placed_at) as placed_at from order_facts where placed_at <= as_of
),

-- how many orders came in the same stretch of the four weeks before
weeks as (
    select
        week,
        (
            select count(*) from order_facts as placed
            where placed.placed_at > newest_order.placed_at - to_days((7 * week)::integer)
                and placed.placed_at <= as_of - to_days((7 * week)::integer)
        ) as order_count,
        exists (
            from order_facts as placed where placed.placed_at < as_of - to_days((7 * week)::integer)
        ) as has_history,
    from newest_order, range(1, 5) as weeks (week)
    where newest_order.placed_at is not null
),

quiet as (
    select
        'silence' as kind, 'orders' as subject, '' as order_id, '' as cause,
        'In this stretch of the weeks before, ' || round(avg(order_count))::bigint || ' orders came.' as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        (select placed_at from newest_order) as since_at,
    from weeks
    where has_history
    -- with so many expected, none at all happens by chance less than once in a thousand times
    having count(*) >= 2 and avg(order_count) >= 7 and (select placed_at from newest_order) <= as_of - interval 1 hour
)

from failing
union all by name from unlooked
union all by name from quiet;
