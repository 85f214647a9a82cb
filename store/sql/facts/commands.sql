-- One row per command and stage it reached (taken, progressed, finished).
-- :table
create table if not exists command_facts (
    command_id uuid not null,
    stage varchar not null,
    actor varchar not null,
    command varchar,
    role varchar,
    arguments varchar,                          -- JSON
    order_ids varchar[],                        -- of the orders it was given for
    state varchar,                              -- finished: done, refused, failed
    message varchar,
    answer varchar,                             -- JSON
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (command_id, stage),
);
-- :fold
merge into command_facts as fact
using (
    select
        subject::uuid as command_id,
        split_part(kind, '.', 2) as stage,
        actor,
        unnest(from_json(body, '{
            "command": "VARCHAR", "role": "VARCHAR", "arguments": "VARCHAR", "order_ids": ["VARCHAR"],
            "state": "VARCHAR", "message": "VARCHAR", "answer": "VARCHAR"
        }')),
        happened_at, seq,
    from fresh
    where kind in ('command.taken', 'command.progressed', 'command.finished')
    qualify row_number() over (partition by subject, kind order by happened_at desc, seq desc) = 1
) as new
on fact.command_id = new.command_id and fact.stage = new.stage
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
