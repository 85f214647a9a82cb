-- One row per order, or day, on which John Lewis's count and ours differ, and per day that was not counted in time.
-- Which orders, which days are they?
create or replace macro conditions_counts(as_of, count_hours) as table
with named as (
    select day, happened_at, unnest(missing) as order_id, 'was missing here; it is read now' as words from order_count_facts
    union all
    select day, happened_at, unnest(unreadable), 'cannot be read; John Lewis shows it with something missing'
    from order_count_facts
    union all
    select day, happened_at, unnest(vanished), 'is not shown by John Lewis any more' from order_count_facts
    union all
    select day, happened_at, unnest(outdated), 'was known in an older state; it is read now' from order_count_facts
),

-- the counts differ, and reading the day again named nobody
unnamed as (
    select day, happened_at, there_count, here_count
    from order_count_facts
    where there_count <> here_count and len(missing) + len(unreadable) + len(vanished) = 0
),

-- more differ than one count names
more as (
    select day, happened_at, more_count from order_count_facts where more_count > 0
),

-- since we began, days that are over so long and that nobody counted whole; London's end by an hour at most
uncounted as (
    select past.day::date as day, past.day + interval 1 day + to_hours(count_hours::integer) as due_at,
    from (
        select unnest(generate_series(
            (select day from counted_since)::timestamp, as_of::timestamp - interval 1 day, interval 1 day
        )) as day
    ) as past
    anti join order_count_facts as counted on counted.day = past.day::date and counted.is_closed
)

select
    'count_gap' as kind, named.order_id as subject, named.order_id, strftime(named.day, '%-d %b %Y') as cause,
    'Order ' || named.order_id || ' ' || named.words || '.' as detail, named.words as grounds,
    placed.total_amount as amount, coalesce(placed.currency, '') as currency,
    placed.shipping_deadline_at as deadline_at, named.happened_at as since_at,
from named
left join order_facts as placed on placed.order_id = named.order_id

union all by name

select
    'count_gap' as kind, strftime(day, '%Y-%m-%d') as subject, '' as order_id, strftime(day, '%-d %b %Y') as cause,
    'John Lewis counts ' || there_count || ' orders of that day, we have ' || here_count || '.' as detail,
    there_count || ' and ' || here_count as grounds,
    happened_at as since_at,
from unnamed

union all by name

select
    'count_gap' as kind, strftime(day, '%Y-%m-%d') || '/more' as subject, '' as order_id,
    strftime(day, '%-d %b %Y') as cause,
    more_count || ' more orders of that day differ than are named here.' as detail, more_count::varchar as grounds,
    happened_at as since_at,
from more

union all by name

select
    'day_not_counted' as kind, strftime(day, '%Y-%m-%d') as subject, '' as order_id, '' as cause,
    'The orders placed on ' || strftime(day, '%-d %b %Y') || ' are not proven to be complete.' as detail,
    due_at::timestamptz as since_at,
from uncounted
where due_at::timestamptz <= as_of;
