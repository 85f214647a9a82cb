-- One row per record of ours behind an exception that stands on no single answer: runs, looks, clocks, mappings, weeks.
-- What is written down of it, in words? The newest first.
create or replace macro exception_records(asked_id, as_of) as table
with ours as (
    select exception_kind as kind, exception_subject as subject, cause, detail, since_at
    from exception_facts
    where exception_id = asked_id::uuid
),

-- a silence is one of the orders: what their flow did says whether somebody looked
ran as (
    select
        run.flow, run.state, run.message, run.calls, run.happened_at,
        row_number() over (order by run.happened_at desc) as nth,
        row_number() over (partition by run.state in ('succeeded', 'deferred') order by run.happened_at desc) as nth_alike,
    from run_facts as run, ours
    where ours.kind in ('flow_failing', 'silence') and run.flow = ours.subject
        and run.state not in ('stopped', 'previewed') and run.happened_at <= as_of
),

runs as (
    select
        if(state in ('succeeded', 'deferred') and nth_alike = 1, 'last success', 'run') as kind, flow as subject,
        state || if(message <> '', ': ' || message, '')
            || if(calls in ('', '{}'), '; it made no call', '; calls ' || calls) as words,
        happened_at as seen_at,
    from ran
    where nth <= 5 or (state in ('succeeded', 'deferred') and nth_alike = 1)
),

looks as (
    select 'last look' as kind, 'orders' as subject, 'John Lewis was looked at for orders' as words, value::timestamptz as seen_at,
    from bookmarks
    where name = 'orders.looked'
        and exists (from ours where ours.kind in ('flow_failing', 'silence') and ours.subject = 'orders')
),

newest_order as (
    select placed.order_id, placed.placed_at
    from order_facts as placed, ours
    where ours.kind = 'silence' and placed.placed_at <= as_of
    order by placed.placed_at desc
    limit 1
),

weeks as (
    select
        week,
        newest_order.placed_at - to_days((7 * week)::integer) as from_at,
        (
            select count(*) from order_facts as placed
            where placed.placed_at > newest_order.placed_at - to_days((7 * week)::integer)
                and placed.placed_at <= as_of - to_days((7 * week)::integer)
        ) as order_count,
    from newest_order, range(1, 5) as weeks (week)
),

-- words that no fact keeps: the events themselves
clocks as (
    select
        'clock compared' as kind, said.subject,
        abs((said.body ->> 'ahead_seconds')::double)::bigint || ' seconds '
            || if((said.body ->> 'ahead_seconds')::double > 0, 'ahead of', 'behind') || ' ours' as words,
        said.happened_at as seen_at,
    from events as said, ours
    where ours.kind = 'clock_skew' and said.kind = 'clock.compared' and said.subject = ours.subject
    order by said.seq desc
    limit 5
),

told as (
    select
        'mapping set' as kind, fact.mapping || ' ' || fact.key as subject,
        if(fact.value = '', 'removed', 'means ' || fact.value)
            || coalesce(', from ' || strftime(fact.from_on, '%d %b %Y'), ', from the start')
            || ', by ' || fact.actor || if(fact.why <> '', ': ' || fact.why, '') as words,
        fact.happened_at as seen_at,
    from mapping_facts as fact, ours
    where ours.kind = 'mapping_invalid' and fact.mapping || '/' || fact.key = ours.subject
),

-- what the other side has instead
codes as (
    select
        'codes there are' as kind, split_part(ours.subject, '/', 1) as subject,
        array_to_string(list_sort(list(one.code))[:20], ', ') || if(count(*) > 20, ' and ' || (count(*) - 20) || ' more', '')
            as words,
        max(one.seen_at) as seen_at,
    from ours
    join (
        select topic, unnest(cast(value::json as json[])) ->> 'code' as code, happened_at as seen_at
        from marketplace_facts
        where topic in ('warehouses', 'carriers', 'ship_vias', 'accounts')

        union

        select 'divisions', division, null from sku_facts where not is_gone and division <> ''
    ) as one on one.topic = split_part(ours.subject, '/', 1) || 's'
    where ours.kind = 'mapping_invalid'
    group by ours.subject
),

found as (
    select 'found' as kind, subject, detail as words, since_at as seen_at
    from ours
    where kind in ('clock_skew', 'mapping_invalid', 'silence', 'flow_failing') and detail <> ''
)

select kind, subject, words, seen_at,
from (
    from found
    union all by name from runs
    union all by name from looks
    union all by name (
        select 'newest order' as kind, order_id as subject, 'placed' as words, placed_at as seen_at from newest_order
    )
    union all by name (
        select
            'weeks before' as kind, week || if(week = 1, ' week before', ' weeks before') as subject,
            order_count || if(order_count = 1, ' order', ' orders') || ' came in the same stretch' as words,
            from_at as seen_at,
        from weeks
    )
    union all by name from clocks
    union all by name from told
    union all by name from codes
)
order by seen_at desc;
