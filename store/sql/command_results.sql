-- One row per command people sent. Who asked for what, and what came of it?
create or replace view command_results as
with reached as (
    select
        command_id,
        max(actor) filter (where stage = 'taken') as actor,
        max(role) filter (where stage = 'taken') as role,
        max(happened_at) filter (where stage = 'taken') as taken_at,
        max(message) filter (where stage = 'progressed') as progress,
        max(state) filter (where stage = 'finished') as state,
        max(message) filter (where stage = 'finished') as message,
        max(answer) filter (where stage = 'finished') as answer,
        max(happened_at) filter (where stage = 'finished') as finished_at,
    from command_facts
    group by command_id
)

select
    sent.id as command_id,
    coalesce(sent.body ->> 'command', '') as command,
    coalesce(reached.actor, sent.body ->> 'actor', '') as actor,
    coalesce(reached.role, sent.body ->> 'role', '') as role,
    coalesce((sent.body -> 'arguments')::varchar, '{}') as arguments,
    case
        when reached.state is not null then reached.state
        when reached.taken_at is not null then 'running'
        else 'waiting'
    end as state,
    coalesce(reached.message, reached.progress, '') as message,
    coalesce(reached.answer, '') as answer,
    sent.received_at,
    reached.taken_at,
    reached.finished_at,
from commands as sent
left join reached on reached.command_id = sent.id;
