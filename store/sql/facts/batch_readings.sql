-- One row per stock batch we read, rejected or hold for a person.
-- :table
create table if not exists batch_reading_facts (
    batch_id varchar primary key,
    read_id uuid,                               -- null: not used
    row_count bigint,
    changed_count bigint,
    reason varchar,                             -- why it was not used
    detail varchar,
    as_of timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
    state varchar,                              -- read, rejected or held
    findings varchar,                           -- JSON: code, count, detail of what was odd
    rejected_count bigint not null,             -- how often it failed its checks
);
-- :fold
merge into batch_reading_facts as fact
using (
    select subject as batch_id, happened_at, seq, split_part(kind, '.', 2) as state,
        count(*) filter (where kind = 'stock_batch.rejected') over (partition by subject) as rejected_count, unnest(from_json(body, '{
        "read_id": "UUID", "row_count": "BIGINT", "changed_count": "BIGINT", "reason": "VARCHAR",
        "detail": "VARCHAR", "as_of": "TIMESTAMPTZ", "findings": "VARCHAR"
    }')),
    from fresh
    where kind in ('stock_batch.read', 'stock_batch.rejected', 'stock_batch.held')
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.batch_id = new.batch_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update set
    read_id = new.read_id, row_count = new.row_count, changed_count = new.changed_count, reason = new.reason,
    detail = new.detail, as_of = new.as_of, happened_at = new.happened_at, seq = new.seq, state = new.state,
    findings = new.findings, rejected_count = fact.rejected_count + new.rejected_count
when matched then update set rejected_count = fact.rejected_count + new.rejected_count
when not matched then insert by name;
