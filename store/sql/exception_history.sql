-- One row per thing that happened to an exception: opened, changed, closed, and what people did. When, and by whom?
create or replace macro exception_history(asked_id) as table
with ours as (
    select exception_kind || '/' || exception_subject as subject from exception_facts where exception_id = asked_id::uuid
)

-- a view that reads events: the words themselves are what is asked for
select event_id::varchar as moment_id, kind, actor, body, seq, happened_at, recorded_at,
from events
where kind in ('exception.opened', 'exception.changed', 'exception.closed', 'exception.handled')
    and (subject = (select subject from ours) or subject = asked_id::varchar);
