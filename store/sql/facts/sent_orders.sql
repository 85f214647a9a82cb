-- One row per sales order we set out to create, as it was meant. What did we send?
-- :table
create table if not exists sent_order_facts (
    intent_id uuid primary key,
    order_id varchar not null,
    division varchar,
    warehouse varchar,
    ship_via varchar,
    ship_via_rule varchar,                      -- the mapping key that chose it; empty: a person did
    customer varchar,                           -- the house account; null in older events
    currency varchar,
    shipping_amount decimal(18, 6),
    starts_on timestamptz,                      -- the moments whose days were sent
    cancels_on timestamptz,
    lines struct(
        order_line_id varchar, sku_key varchar, quantity integer, unit_price decimal(18, 6),
        division_rule varchar, warehouse_rule varchar  -- the mapping keys that chose them; empty: the SKU's own division
    )[],
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into sent_order_facts as fact
using (
    select (body ->> 'intent_id')::uuid as intent_id, order_id, happened_at, seq,
        unnest(from_json(body -> 'payload', '{
            "division": "VARCHAR", "warehouse": "VARCHAR", "ship_via": "VARCHAR", "ship_via_rule": "VARCHAR",
            "customer": "VARCHAR", "currency": "VARCHAR", "shipping_amount": "DECIMAL(18,6)", "starts_on": "TIMESTAMPTZ", "cancels_on": "TIMESTAMPTZ",
            "lines": [{
                "order_line_id": "VARCHAR", "sku_key": "VARCHAR", "quantity": "INTEGER", "unit_price": "DECIMAL(18,6)",
                "division_rule": "VARCHAR", "warehouse_rule": "VARCHAR"
            }]
        }')),
    from fresh
    where kind = 'intent.recorded' and (body ->> 'intent_kind') = 'create_sales_order'
) as new
on fact.intent_id = new.intent_id
when not matched then insert by name;  -- an intent is recorded once
