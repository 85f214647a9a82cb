-- One row per SKU that the marketplace ever showed otherwise than expected, as last compared.
-- :table
create table if not exists comparison_facts (
    sku varchar primary key,
    read_id uuid not null,
    push_id uuid not null,                      -- the sending that should stand there
    applied_quantity bigint not null,           -- what it set
    ordered_quantity bigint not null,           -- sold since, at most
    restored_quantity bigint not null,          -- put back by the marketplace, as far as cancelled sales explain it
    expected_quantity bigint not null,          -- applied less ordered plus restored
    least_quantity bigint not null,             -- what may stand there: sales near the sending may be in or out
    most_quantity bigint not null,
    shown_quantity bigint not null,
    before_shown_quantity bigint,               -- at the reading before, if that differed too
    read_count bigint not null,                 -- readings in a row that differ; 0: as expected
    applied_at timestamptz not null,
    before_seen_at timestamptz,
    first_seen_at timestamptz not null,         -- the first of those readings
    happened_at timestamptz not null,           -- when it was read
    seq bigint not null,
);
-- :fold
merge into comparison_facts as fact
using (
    select row.* exclude (seen_at), row.seen_at as happened_at, fresh.seq,
    from fresh
    join comparison_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'stock.compared'
    qualify row_number() over (partition by row.sku order by row.seen_at desc, fresh.seq desc) = 1
) as new
on fact.sku = new.sku
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
