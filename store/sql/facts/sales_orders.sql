-- One row per sales order of ours in BlueCherry, as last read.
-- :table
create table if not exists sales_order_facts (
    ord_num varchar primary key,
    order_id varchar not null,                  -- BlueCherry's po_num
    division varchar not null,
    warehouse varchar not null,
    ship_via varchar not null,
    raw_status varchar not null,                -- BlueCherry's code; what it means is mapped
    changed_by varchar not null,
    revision integer not null,
    shipping_amount decimal(18, 6),             -- this and what follows: null in older events
    discount_amount decimal(18, 6),             -- off the whole order
    tax_amount decimal(18, 6),                  -- its own
    line_tax_amount decimal(18, 6),             -- of its lines together
    currency varchar,
    customer varchar,                           -- the account it is under
    address_changes varchar[],                  -- fields that differ from what we sent; none, several: it has no one; null: not compared
    billing_changes varchar[],                  -- as address_changes, of the billing address
    starts_from_at timestamptz,
    starts_until_at timestamptz,
    cancels_from_at timestamptz,
    cancels_until_at timestamptz,
    entered_at timestamptz not null,
    changed_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into sales_order_facts as fact
using (
    select subject as ord_num, happened_at, seq, unnest(from_json(body, '{
        "order_id": "VARCHAR", "division": "VARCHAR", "warehouse": "VARCHAR", "ship_via": "VARCHAR",
        "raw_status": "VARCHAR", "changed_by": "VARCHAR", "revision": "INTEGER",
        "entered_at": "TIMESTAMPTZ", "changed_at": "TIMESTAMPTZ", "shipping_amount": "DECIMAL(18,6)",
        "discount_amount": "DECIMAL(18,6)", "tax_amount": "DECIMAL(18,6)", "line_tax_amount": "DECIMAL(18,6)",
        "currency": "VARCHAR", "customer": "VARCHAR", "address_changes": ["VARCHAR"], "billing_changes": ["VARCHAR"],
        "starts_from_at": "TIMESTAMPTZ", "starts_until_at": "TIMESTAMPTZ",
        "cancels_from_at": "TIMESTAMPTZ", "cancels_until_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'sales_order.read'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.ord_num = new.ord_num
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
