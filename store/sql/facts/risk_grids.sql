-- One row per offer and batch interval: what each buffer would come to, as last worked out.
-- :table
create table if not exists risk_grid_facts (
    sku varchar not null,
    interval_hours double not null,             -- from one batch to the next; 0: the window as it was
    base bigint not null,
    buffers bigint[] not null,
    oversell_chances double[] not null,
    oversold_units double[] not null,
    lost_units double[] not null,
    cost_amounts decimal(18, 6)[] not null,
    lost_amounts decimal(18, 6)[],
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (sku, interval_hours),
);
-- :fold
merge into risk_grid_facts as fact
using (
    select row.* exclude (read_id, assessed_at), row.assessed_at as happened_at, fresh.seq,
    from fresh
    join risk_grid_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'risk.assessed'
    qualify row_number() over (
        partition by row.sku, row.interval_hours order by row.assessed_at desc, fresh.seq desc, row.rowid desc
    ) = 1
) as new
on fact.sku = new.sku and fact.interval_hours = new.interval_hours
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
