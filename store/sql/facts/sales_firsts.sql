-- One row per sales order of ours in BlueCherry, as it was when we first saw it.
-- :table
create table if not exists sales_first_facts (
    ord_num varchar primary key,
    warehouse varchar not null,
    ship_via varchar not null,
    starts_from_at timestamptz,
    cancels_from_at timestamptz,
    revision integer,                           -- 0: nobody had edited it
    tax_amount decimal(18, 6),                  -- this and what follows: null in older events
    line_tax_amount decimal(18, 6),
    currency varchar,
    customer varchar,
    billing_changes varchar[],
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into sales_first_facts as fact
using (
    select subject as ord_num, happened_at, seq, unnest(from_json(body, '{
        "warehouse": "VARCHAR", "ship_via": "VARCHAR", "starts_from_at": "TIMESTAMPTZ",
        "cancels_from_at": "TIMESTAMPTZ", "revision": "INTEGER", "tax_amount": "DECIMAL(18,6)",
        "line_tax_amount": "DECIMAL(18,6)", "currency": "VARCHAR", "customer": "VARCHAR", "billing_changes": ["VARCHAR"]
    }')),
    from fresh
    where kind = 'sales_order.read'
    qualify row_number() over (partition by subject order by happened_at, seq) = 1
) as new
on fact.ord_num = new.ord_num
when matched and (new.happened_at, new.seq) < (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
