-- One row per order and command people gave for it. Who asked for what, why, and what came of it?
create or replace view order_commands as
with taken as (
    select
        command_id, actor, role, command, arguments,
        -- taken before it was written down which orders it was for
        unnest(coalesce(order_ids, list_value(arguments ->> 'order_id'))) as order_id,
        happened_at, seq,
    from command_facts
    where stage = 'taken'
)

select
    taken.order_id,
    taken.command_id,
    taken.command,
    taken.actor,
    taken.role,
    coalesce(
        nullif(taken.arguments ->> 'why', ''), nullif(taken.arguments ->> 'reason', ''), taken.arguments ->> 'text', ''
    ) as why,
    coalesce((taken.arguments ->> 'dry_run')::boolean, false) as is_dry_run,
    coalesce(ended.state, 'running') as state,
    coalesce(ended.message, '') as message,
    taken.arguments,
    taken.seq,
    taken.happened_at as taken_at,
    ended.happened_at as finished_at,
from taken
left join command_facts as ended on ended.command_id = taken.command_id and ended.stage = 'finished'
where taken.order_id <> '';
