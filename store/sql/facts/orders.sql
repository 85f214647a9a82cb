-- One row per marketplace order, as last shown.
-- :table
create table if not exists order_facts (
    order_id varchar primary key,
    commercial_id varchar not null,
    state varchar not null,                     -- the marketplace's word
    state_reason varchar,                       -- the marketplace's words for it; null: not told in older events
    currency varchar not null,
    tax_mode varchar not null,
    shipping_type varchar not null,
    shipping_zone varchar,                      -- the marketplace's; null: not told in older events
    seller_reference varchar not null,
    carrier_code varchar not null,
    tracking varchar not null,
    is_before_start boolean not null,           -- placed before we took over
    has_incident boolean not null,
    has_address boolean not null,
    line_count integer not null,
    unit_count integer not null,
    price_amount decimal(18, 6) not null,
    shipping_amount decimal(18, 6) not null,
    total_amount decimal(18, 6) not null,
    commission_amount decimal(18, 6) not null,  -- with its VAT
    placed_at timestamptz not null,
    changed_at timestamptz not null,
    accepted_at timestamptz,
    debited_at timestamptz,
    shipping_deadline_at timestamptz,
    cancelled_at timestamptz,                   -- the last cancellation of a line; null: none, or not told
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into order_facts as fact
using (
    select subject as order_id, happened_at, seq, unnest(from_json(body, '{
        "commercial_id": "VARCHAR", "state": "VARCHAR", "currency": "VARCHAR", "tax_mode": "VARCHAR",
        "shipping_type": "VARCHAR", "shipping_zone": "VARCHAR", "seller_reference": "VARCHAR", "carrier_code": "VARCHAR",
        "tracking": "VARCHAR", "is_before_start": "BOOLEAN", "has_incident": "BOOLEAN",
        "has_address": "BOOLEAN", "line_count": "INTEGER", "unit_count": "INTEGER",
        "price_amount": "DECIMAL(18,6)", "shipping_amount": "DECIMAL(18,6)",
        "total_amount": "DECIMAL(18,6)", "commission_amount": "DECIMAL(18,6)",
        "placed_at": "TIMESTAMPTZ", "changed_at": "TIMESTAMPTZ", "accepted_at": "TIMESTAMPTZ",
        "debited_at": "TIMESTAMPTZ", "shipping_deadline_at": "TIMESTAMPTZ",
        "state_reason": "VARCHAR", "cancelled_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind in ('order.placed', 'order.changed')
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.order_id = new.order_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
