-- One row per comparison of what the marketplace shows with what it should.
-- :table
create table if not exists stock_audit_facts (
    read_id uuid primary key,
    compared_count bigint not null,
    different_count bigint not null,
    skipped_count bigint not null,              -- never sent, or on its way during the reading
    read_from timestamptz not null,
    read_until timestamptz not null,
    orders_at timestamptz not null,             -- sales are known up to this moment
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into stock_audit_facts as fact
using (
    select happened_at, seq, unnest(from_json(body, '{
        "read_id": "UUID", "compared_count": "BIGINT", "different_count": "BIGINT", "skipped_count": "BIGINT",
        "read_from": "TIMESTAMPTZ", "read_until": "TIMESTAMPTZ", "orders_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'stock.compared'
    qualify row_number() over (partition by body ->> 'read_id' order by happened_at desc, seq desc) = 1
) as new
on fact.read_id = new.read_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
