-- One row per thing that is wrong with one of the two systems, or our way to it. Who does not answer, refuse us, or hurry us?
create or replace macro conditions_systems(as_of) as table
with heard as (
    select
        source, resource, status, seen_at,
        if(source = 'erp', 'BlueCherry', 'John Lewis') as system,
        status = 0 or status >= 500 as is_none,
        -- the ERP's gateway says 403 when a quota is used up
        status = 429 or (source = 'erp' and status = 403) as is_hurried,
    from snapshots
    where seen_at > as_of - interval 2 hours and seen_at <= as_of
),

answers as (
    select
        system,
        any_value(source) as source,
        max(seen_at) filter (where not is_none) as answered_at,
        max(seen_at) filter (where status between 200 and 299) as good_at,
        max(seen_at) filter (where status = 401) as refused_at,
        count(*) filter (where is_hurried and seen_at > as_of - interval 15 minutes) as hurried_count,
        min(seen_at) filter (where is_hurried and seen_at > as_of - interval 15 minutes) as hurried_at,
        arg_max(resource, seen_at) filter (where is_hurried) as hurried_resource,
    from heard
    group by system
),

-- three calls without an answer in a row, five minutes long
silent as (
    select heard.system, min(heard.seen_at) as since_at, count(*) as call_count, arg_max(heard.status, heard.seen_at) as status,
    from heard
    join answers on answers.system = heard.system
    where heard.is_none and heard.seen_at > coalesce(answers.answered_at, '-infinity'::timestamptz)
    group by heard.system
    having count(*) >= 3 and min(heard.seen_at) <= as_of - interval 5 minutes
),

down as (
    select
        'system_down' as kind, system as subject, system as cause,
        system || ' has not answered ' || call_count || ' calls in a row'
            || if(status = 0, '.', '; the last was a ' || status || '.') as detail,
        since_at,
    from silent
),

refused as (
    select
        'credentials_refused' as kind, system as subject, system as cause,
        system || ' answers 401: it does not take our key.' as detail, refused_at as since_at,
    from answers
    where refused_at > coalesce(good_at, '-infinity'::timestamptz)
),

-- some operations are asked once a day: one that is refused stays so until it is answered, however long that takes
permitted as (
    select resource, status, seen_at
    from heard
    where source = 'marketplace' and not is_none and not is_hurried

    union all

    select shot.resource, shot.status, shot.seen_at
    from snapshots as shot
    join exception_facts as known on known.exception_subject = 'John Lewis/' || shot.resource
    where known.is_open and known.exception_kind = 'credentials_refused' and shot.source = 'marketplace'
        and shot.seen_at >= known.since_at and shot.seen_at <= as_of - interval 2 hours
        and shot.status between 1 and 499 and shot.status <> 429
),

-- one operation our key may not call; the others go on
lacking as (
    select
        'credentials_refused' as kind, 'John Lewis/' || resource as subject, 'John Lewis' as cause,
        'John Lewis answers 403 to ' || resource || ': our key lacks a role for it.' as detail,
        max(seen_at) as since_at,
    from permitted
    group by resource
    having arg_max(status, seen_at) = 403
),

hurried as (
    select
        'rate_limited' as kind, system as subject, system as cause,
        hurried_count || ' calls were turned away in a quarter of an hour, the last to ' || hurried_resource || '.' as detail,
        hurried_at as since_at,
    from answers
    where hurried_count >= 5
),

skewed as (
    select
        'clock_skew' as kind, system as subject, system as cause,
        'Its clock is ' || abs(ahead_seconds)::bigint || ' seconds ' || if(ahead_seconds > 0, 'ahead of', 'behind')
            || ' ours.' as detail,
        round(ahead_seconds)::bigint::varchar as grounds,
        happened_at as since_at,
    from clock_facts
    where abs(ahead_seconds) > 120
),

-- where a stamp is more than ten minutes ahead no stamp tells which of two readings is newer: what was read last counts
stamped as (
    select 'John Lewis' as system, 'order' as record, order_id as name, changed_at, happened_at from order_facts
    union all
    select 'John Lewis', 'return', return_id, changed_at, happened_at from market_return_facts
    union all
    select 'BlueCherry', 'sales order', ord_num, changed_at, happened_at from sales_order_facts
    union all
    select 'BlueCherry', 'shipment', ship_id, changed_at, happened_at from shipment_facts
    union all
    select 'BlueCherry', 'return', ret_num, changed_at, happened_at from erp_return_facts
),

ahead as (
    select
        'clock_skew' as kind, system || '/' || record as subject, system as cause,
        'It stamped ' || record || ' ' || array_to_string(list(name order by changed_at desc, name)[:3], ', ')
            || if(count(*) > 3, ' and ' || (count(*) - 3) || ' more', '') || ' with a moment to come, '
            || strftime(max(changed_at) at time zone 'UTC', '%d %b %Y %H:%M UTC')
            || ' the latest. A stamp more than ten minutes ahead does not count: what is read last does.' as detail,
        string_agg(name, ' ' order by name) as grounds,
        min(happened_at) as since_at,
    from stamped
    where changed_at > as_of + interval 10 minutes  -- by less, the system's own clock says it
    group by system, record
),

wrong as (
    from down
    union all by name from refused
    union all by name from lacking
    union all by name from hurried
    union all by name from skewed
    union all by name from ahead
)

select
    kind, subject, '' as order_id, cause, detail, null::decimal(18, 6) as amount, '' as currency, grounds,
    null::timestamptz as deadline_at, since_at,
from wrong;
