-- One row per held stock batch a person has judged.
-- :table
create table if not exists batch_verdict_facts (
    batch_id varchar primary key,
    verdict varchar not null,                   -- accept or reject
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into batch_verdict_facts as fact
using (
    select subject as batch_id, actor, happened_at, seq, unnest(from_json(body, '{
        "verdict": "VARCHAR", "why": "VARCHAR"
    }')),
    from fresh
    where kind = 'stock_batch.judged'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.batch_id = new.batch_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
