-- One row per stock batch from before our first that was read for back-tests.
-- :table
create table if not exists batch_recall_facts (
    batch_id varchar primary key,
    read_id uuid not null,
    batch_kind varchar not null,                -- FULL or DELTA
    as_of timestamptz not null,
    row_count bigint not null,
    changed_count bigint not null,              -- rows that differ from the batch before
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into batch_recall_facts as fact
using (
    select subject as batch_id, happened_at, seq, unnest(from_json(body, '{
        "read_id": "UUID", "batch_kind": "VARCHAR", "as_of": "TIMESTAMPTZ", "row_count": "BIGINT",
        "changed_count": "BIGINT"
    }')),
    from fresh
    where kind = 'stock_batch.recalled'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.batch_id = new.batch_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
