-- One row per exception and kind of thing a person did to it, the last one.
-- :table
create table if not exists exception_handling_facts (
    exception_id uuid not null,
    action varchar not null,                    -- assign, snooze, note, accept
    actor varchar not null,
    owner varchar not null,
    note varchar not null,
    until_at timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (exception_id, action),
);
-- :fold
merge into exception_handling_facts as fact
using (
    select
        actor,
        unnest(from_json(body, '{
            "exception_id": "UUID", "action": "VARCHAR", "owner": "VARCHAR", "note": "VARCHAR",
            "until_at": "TIMESTAMPTZ"
        }')),
        happened_at, seq,
    from fresh
    where kind = 'exception.handled'
    qualify row_number() over (partition by subject, body ->> 'action' order by happened_at desc, seq desc) = 1
) as new
on fact.exception_id = new.exception_id and fact.action = new.action
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
