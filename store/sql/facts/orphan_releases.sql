-- One row: how many offers without a SKU a person last allowed to be set to zero at once.
-- :table
create table if not exists orphan_release_facts (
    subject varchar primary key,                -- always orphans
    offer_count bigint not null,
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into orphan_release_facts as fact
using (
    select subject, actor, happened_at, seq, unnest(from_json(body, '{"offer_count": "BIGINT", "why": "VARCHAR"}')),
    from fresh
    where kind = 'orphans.released'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.subject = new.subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
