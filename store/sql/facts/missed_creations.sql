-- One row per creation BlueCherry took and did not show when it was asked for by both numbers, past its usual delay.
-- :table
create table if not exists missed_creation_facts (
    intent_id uuid primary key,
    first_at timestamptz not null,              -- the first time it was asked for so, and all that came could be read
    last_at timestamptz not null,               -- and the last
);
-- :fold
merge into missed_creation_facts as fact
using (
    select
        subject::uuid as intent_id, min(happened_at) as first_at, max(happened_at) as last_at,
    from fresh
    where kind = 'creation.missed'
    group by subject
) as new
on fact.intent_id = new.intent_id
when matched then update set
    first_at = least(fact.first_at, new.first_at), last_at = greatest(fact.last_at, new.last_at)
when not matched then insert by name;
