-- One row per exception and kind of thing a person did to it, the last one.
-- :table
create table if not exists exception_handling_facts (
    exception_id uuid not null,
    action varchar not null,                    -- assign, snooze, note, accept
    actor varchar not null,
    owner varchar not null,
    note varchar not null,
    until_at timestamptz,
    until_event varchar not null,               -- change, batch or payout; empty: none
    grounds varchar,                            -- of what was accepted; null: accepted before they were kept
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (exception_id, action),
);
-- :fold
merge into exception_handling_facts as fact
using (
    select
        (body ->> 'exception_id')::uuid as exception_id,
        body ->> 'action' as action,
        actor,
        body ->> 'owner' as owner,
        body ->> 'note' as note,
        (body ->> 'until_at')::timestamptz as until_at,
        -- said before there were events to wait for
        coalesce(body ->> 'until_event', '') as until_event,
        body ->> 'grounds' as grounds,
        happened_at, seq,
    from fresh
    where kind = 'exception.handled'
    qualify row_number() over (partition by subject, body ->> 'action' order by happened_at desc, seq desc) = 1
) as new
on fact.exception_id = new.exception_id and fact.action = new.action
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
