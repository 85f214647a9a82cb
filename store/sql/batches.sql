-- One row per stock batch BlueCherry showed. Was it used, why not, and does it wait for a person?
create or replace macro batches(as_of) as table
with newest as (
    select max(reading.as_of) as newest_at from batch_reading_facts as reading where reading.read_id is not null
),

known as (
    select
        seen.batch_id,
        seen.batch_kind,
        seen.state,
        coalesce(reading.state, '') as reading_state,
        coalesce(reading.reason, '') as reason,
        coalesce(reading.detail, '') as detail,
        coalesce(reading.findings, '[]') as findings,
        coalesce(judged.verdict, '') as verdict,
        coalesce(judged.why, '') as verdict_why,
        coalesce(judged.actor, '') as verdict_actor,
        coalesce(reading.row_count, seen.row_count) as row_count,
        reading.changed_count,
        coalesce(reading.read_id is not null and seen.as_of = newest.newest_at, false) as is_newest,
        coalesce(reading.state = 'held', false) and judged.batch_id is null
            and seen.as_of > coalesce(newest.newest_at, '-infinity') as is_waiting,
        seen.as_of as batch_at,
        seen.started_at,
        seen.completed_at,
        seen.next_expected_at,
        reading.happened_at as read_at,
        judged.happened_at as judged_at,
    from stock_batch_facts as seen
    cross join newest
    left join batch_reading_facts as reading on reading.batch_id = seen.batch_id
    left join batch_verdict_facts as judged on judged.batch_id = seen.batch_id
    where seen.happened_at <= as_of
)

select
    *,
    -- what became of it, for people
    case
        when verdict = 'reject' then 'refused_by_person'
        when is_waiting then 'waits_for_person'
        when reading_state = 'rejected' then 'failed_checks'
        when is_newest then 'in_use'
        when reading_state = 'read' then 'was_used'
        when verdict = 'accept' then 'accepted_by_person'
        when reading_state = 'held' then 'overtaken'
        when state = 'COMPLETE' then 'not_read'
        else lower(state)
    end as standing,
from known;
