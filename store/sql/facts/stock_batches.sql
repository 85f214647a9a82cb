-- One row per stock batch BlueCherry showed, in its last state.
-- :table
create table if not exists stock_batch_facts (
    batch_id varchar primary key,
    batch_kind varchar not null,                -- FULL or DELTA
    state varchar not null,                     -- RUNNING, COMPLETE or FAILED
    row_count bigint,
    as_of timestamptz not null,
    started_at timestamptz,
    completed_at timestamptz,
    next_expected_at timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into stock_batch_facts as fact
using (
    select subject as batch_id, happened_at, seq, unnest(from_json(body, '{
        "batch_kind": "VARCHAR", "state": "VARCHAR", "row_count": "BIGINT", "as_of": "TIMESTAMPTZ",
        "started_at": "TIMESTAMPTZ", "completed_at": "TIMESTAMPTZ", "next_expected_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'stock_batch.seen'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.batch_id = new.batch_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
