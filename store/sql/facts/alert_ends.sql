-- One row per message that was sent, or could not be.
-- :table
create table if not exists alert_end_facts (
    alert_id uuid primary key,
    route varchar not null,
    state varchar not null,                     -- sent or failed
    message varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into alert_end_facts as fact
using (
    select
        (body ->> 'alert_id')::uuid as alert_id, subject as route, body ->> 'state' as state,
        body ->> 'message' as message, happened_at, seq,
    from fresh
    where kind = 'alert.ended'
    qualify row_number() over (partition by body ->> 'alert_id' order by happened_at desc, seq desc) = 1
) as new
on fact.alert_id = new.alert_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
