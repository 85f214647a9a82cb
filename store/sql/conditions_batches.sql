-- One row per thing that is wrong with BlueCherry's stock batches. Is what we compute with late, odd or not used?
create or replace macro conditions_batches(as_of, batch_hours) as table
with newest_batch as (
    select seen.batch_id, seen.as_of as batch_at, coalesce(terms.due_at, seen.next_expected_at) as due_at,
    from stock_batch_facts as seen
    left join stock_terms_facts as terms on terms.batch_id = seen.batch_id
    where seen.state = 'COMPLETE'
    order by seen.as_of desc, seen.batch_id desc
    limit 1
),

newest_read as (
    select reading.batch_id, reading.as_of as batch_at,
    from batch_reading_facts as reading
    where reading.read_id is not null
    order by reading.as_of desc, reading.batch_id desc
    limit 1
),

late as (
    select
        'batch_late' as kind, 'stock' as subject, '' as cause,
        'The last complete batch is ' || batch_id || '.' as detail, batch_id as grounds,
        least(
            coalesce(due_at + interval 30 minutes, batch_at + to_hours(batch_hours::integer)),
            batch_at + to_hours(batch_hours::integer)
        ) as since_at,
    from newest_batch
    where since_at <= as_of
),

overaged as (
    select
        'batch_overaged' as kind, 'stock' as subject, '' as cause,
        'The stock in use is of batch ' || batch_id || '; SKUs with fewer than ' || thin_units
            || ' units are not listed.' as detail,
        batch_id as grounds,
        overaged_at as since_at,
    from stock_terms_facts
    where degraded = 'overaged' and overaged_at <= as_of
),

held as (
    select
        'batch_held' as kind, reading.batch_id as subject, reading.reason as cause,
        coalesce(reading.detail, '') as detail, reading.happened_at as since_at,
    from batch_reading_facts as reading
    join stock_batch_facts as seen on seen.batch_id = reading.batch_id
    anti join batch_verdict_facts as judged on judged.batch_id = reading.batch_id
    where reading.state = 'held' and seen.as_of > coalesce((select batch_at from newest_read), '-infinity')
),

-- later than what is read, in whatever state, and what a person said of it
ahead as (
    select
        seen.*,
        reading.state as reading_state,
        judged.happened_at as refused_at,
        row_number() over (order by seen.as_of, seen.batch_id) = 1 as is_first,
    from stock_batch_facts as seen
    cross join newest_read
    left join batch_reading_facts as reading on reading.batch_id = seen.batch_id
    left join batch_verdict_facts as judged on judged.batch_id = seen.batch_id and judged.verdict = 'reject'
    where seen.as_of > newest_read.batch_at
),

-- until a batch is used, and then while DELTA batches wait behind it
rejected as (
    select
        'batch_rejected' as kind, reading.batch_id as subject, reading.reason as cause,
        coalesce(reading.detail, '') as detail, reading.happened_at as since_at,
    from batch_reading_facts as reading
    left join ahead as before on before.batch_id = reading.batch_id
    where reading.state = 'rejected' and (
        reading.happened_at > coalesce(
            (select max(read.happened_at) from batch_reading_facts as read where read.state = 'read'), '-infinity'
        )
        or exists (
            from ahead as after
            where after.as_of > before.as_of and after.state = 'COMPLETE' and after.batch_kind = 'DELTA'
        )
    )
),

-- what failed, hangs, was not read or was refused, with complete DELTA batches after it: these may leave out what it
-- tells; an unread one only where it is the first, else it waits itself; of those refused the first
gaps as (
    select
        'batch_gap' as kind, before.batch_id as subject,
        case
            when before.state = 'FAILED' then 'failed'
            when before.state <> 'COMPLETE' then 'running'
            when before.refused_at is null then 'unread'
            else 'refused'
        end as cause,
        'DELTA batches up to ' || max_by(after.batch_id, (after.as_of, after.batch_id)) || ' wait for '
            || if(before.refused_at is null, before.batch_id || ', or for the next FULL one.',
                'the next FULL one: ' || before.batch_id || ' was rejected by a person.') as detail,
        before.state as grounds,
        greatest(
            case
                when before.state = 'FAILED' then before.happened_at
                when before.state <> 'COMPLETE' then coalesce(before.started_at, before.as_of) + interval 6 hours
                else coalesce(before.refused_at, before.completed_at + interval 1 hour)
            end,
            min(after.happened_at)
        ) as since_at,
    from ahead as before
    join ahead as after on after.as_of > before.as_of
    where after.state = 'COMPLETE' and after.batch_kind = 'DELTA'
        and (before.reading_state is null or before.refused_at is not null)
        and (before.state <> 'COMPLETE' or before.is_first or before.batch_id = (
            select min_by(refused.batch_id, (refused.as_of, refused.batch_id))
            from ahead as refused
            where refused.refused_at is not null
        ))
    group by before.batch_id, before.state, before.happened_at, before.completed_at, before.started_at, before.as_of,
        before.refused_at
),

-- what the stock we hold is made of: a DELTA closes nothing that is odd in what it builds on
in_use as (
    select reading.batch_id, reading.as_of as batch_at, reading.findings, reading.happened_at,
    from batch_reading_facts as reading
    left join stock_batch_facts as seen on seen.batch_id = reading.batch_id
    where reading.read_id is not null
    qualify reading.as_of >= coalesce(
        max(reading.as_of) filter (where seen.batch_kind = 'FULL') over (), '-infinity'
    )
),

found as (
    select batch_id, batch_at, happened_at, unnest(cast(findings::json as json[])) as finding from in_use
),

-- of what several say in the same words, the newest
told as (
    select
        finding ->> 'code' as code, finding ->> 'detail' as words,
        max_by(batch_id, (batch_at, batch_id)) as batch_id, max(batch_at) as batch_at, min(happened_at) as since_at,
    from found
    group by code, words
),

doubtful as (
    select
        'batch_doubtful' as kind, code as subject, code as cause,
        array_to_string(
            list('Batch ' || batch_id || ': ' || words order by batch_at desc, batch_id desc)[:5], ' '
        ) || if(count(*) > 5, ' And ' || (count(*) - 5) || ' more.', '') as detail,
        string_agg(words, ' ' order by words) as grounds,
        min(since_at) as since_at,
    from told
    where code in (
        'checksum_unreadable', 'ots_difference', 'empty_rows', 'unknown_location', 'open_orders_missing',
        'unknown_size', 'unknown_rec_type'
    )
    group by code
),

wrong as (
    from late
    union all by name from overaged
    union all by name from rejected
    union all by name from held
    union all by name (from gaps where since_at <= as_of)
    union all by name from doubtful
)

select
    kind, subject, '' as order_id, cause, detail, null::decimal(18, 6) as amount, '' as currency, grounds,
    null::timestamptz as deadline_at, since_at,
from wrong;
