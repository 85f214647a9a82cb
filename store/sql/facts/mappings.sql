-- One row per mapping key and day it was ever set from; an empty value means removed from that day on.
-- :table
create table if not exists mapping_facts (
    subject varchar primary key,
    mapping varchar not null,
    key varchar not null,
    value varchar not null,
    from_on date,                               -- London's day; null: from the first start on
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into mapping_facts as fact
using (
    select subject, actor, happened_at, seq, unnest(from_json(body, '{
        "mapping": "VARCHAR", "key": "VARCHAR", "value": "VARCHAR", "from_on": "DATE", "why": "VARCHAR"
    }')),
    from fresh
    where kind = 'mapping.set'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.subject = new.subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
