-- One row per reading of a sales order of another customer in BlueCherry that ships on a later day than it was entered.
-- All are kept: a batch was made of an earlier one than the last.
-- :table
create table if not exists scheduled_order_facts (
    ord_num varchar not null,
    customer varchar not null,
    warehouse varchar not null,
    open_quantity bigint not null,              -- of all its lines, neither picked nor shipped nor cancelled
    -- wanted: ordered and not cancelled
    lines struct(sku_key varchar, wanted_quantity bigint, open_quantity bigint)[] not null,
    starts_at timestamptz,                      -- the beginning of BlueCherry's day; null: on no day any more
    cancels_at timestamptz,                     -- from here on it is not shipped any more
    entered_at timestamptz not null,
    changed_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint primary key,
);
-- :fold
merge into scheduled_order_facts as fact
using (
    select subject as ord_num, happened_at, seq, unnest(from_json(body, '{
        "customer": "VARCHAR", "warehouse": "VARCHAR", "open_quantity": "BIGINT",
        "lines": [{"sku_key": "VARCHAR", "wanted_quantity": "BIGINT", "open_quantity": "BIGINT"}],
        "starts_at": "TIMESTAMPTZ", "cancels_at": "TIMESTAMPTZ", "entered_at": "TIMESTAMPTZ",
        "changed_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'scheduled_order.read'
) as new
on fact.seq = new.seq
when not matched then insert by name;
