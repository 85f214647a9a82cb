-- One row per stock batch we read or rejected.
-- :table
create table if not exists batch_reading_facts (
    batch_id varchar primary key,
    read_id uuid,                               -- null: rejected
    row_count bigint,
    changed_count bigint,
    reason varchar,                             -- why it was rejected
    detail varchar,
    as_of timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into batch_reading_facts as fact
using (
    select subject as batch_id, happened_at, seq, unnest(from_json(body, '{
        "read_id": "UUID", "row_count": "BIGINT", "changed_count": "BIGINT", "reason": "VARCHAR",
        "detail": "VARCHAR", "as_of": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind in ('stock_batch.read', 'stock_batch.rejected')
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.batch_id = new.batch_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
