-- One row per topic the outside systems describe themselves by.
-- :table
create table if not exists marketplace_facts (
    topic varchar primary key,
    value varchar not null,                     -- JSON
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into marketplace_facts as fact
using (
    select subject as topic, happened_at, seq, coalesce(body -> 'value', 'null')::varchar as value,
    from fresh
    where kind = 'marketplace.described'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.topic = new.topic
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
