-- One row: the terms quantities are computed under.
-- :table
create table if not exists stock_terms_facts (
    subject varchar primary key,                -- always stock
    batch_id varchar not null,
    due_from varchar not null,                  -- who says when the next batch is due: erp, timetable or nobody
    degraded varchar not null,                  -- empty, aged or overaged
    warehouses varchar not null,                -- JSON: the warehouses that sell here
    refused_warehouses varchar,                 -- JSON: allowed, but no place to sell from; null: not told then
    awaited_lots varchar,                       -- JSON: held from the next FULL batch on; null: not told then
    thin_units bigint not null,                 -- SKUs with a base below it are not listed
    clock_skew_seconds bigint not null,
    buffer_factor decimal(9, 4) not null,       -- buffers are multiplied by it
    is_frozen boolean not null,                 -- nothing rises
    clamps_warehouses boolean not null,         -- each warehouse counts at least zero
    deducts_open_orders boolean not null,       -- open sales orders are off its figures
    deducts_sales boolean not null,             -- the marketplace takes its own sales off the offer
    -- held back where no policy says otherwise, as the members of a policy; null: from before it was written down
    percent decimal(5, 2),
    units bigint,
    combine varchar,
    risk varchar,
    alpha decimal(9, 6),
    oversell_cost_amount decimal(18, 6),
    minimum bigint,
    maximum bigint,
    batch_at timestamptz not null,
    due_at timestamptz,                         -- when the next batch should be complete
    degraded_at timestamptz,
    overaged_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into stock_terms_facts as fact
using (
    select subject, happened_at, seq, unnest(from_json(body, '{
        "batch_id": "VARCHAR", "due_from": "VARCHAR", "degraded": "VARCHAR", "warehouses": "VARCHAR",
        "refused_warehouses": "VARCHAR", "awaited_lots": "VARCHAR",
        "thin_units": "BIGINT", "clock_skew_seconds": "BIGINT", "buffer_factor": "DECIMAL(9,4)",
        "percent": "DECIMAL(5,2)", "units": "BIGINT", "combine": "VARCHAR", "risk": "VARCHAR",
        "alpha": "DECIMAL(9,6)", "oversell_cost_amount": "DECIMAL(18,6)", "minimum": "BIGINT", "maximum": "BIGINT",
        "is_frozen": "BOOLEAN", "clamps_warehouses": "BOOLEAN", "deducts_open_orders": "BOOLEAN",
        "deducts_sales": "BOOLEAN", "batch_at": "TIMESTAMPTZ", "due_at": "TIMESTAMPTZ",
        "degraded_at": "TIMESTAMPTZ", "overaged_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'stock_terms.changed'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.subject = new.subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
