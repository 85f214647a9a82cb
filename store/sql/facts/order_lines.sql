-- One row per marketplace order line, as last shown.
-- :table
create table if not exists order_line_facts (
    order_line_id varchar not null,
    order_id varchar not null,
    currency varchar not null,
    line_number integer not null,
    sku varchar not null,                       -- offer_sku, byte for byte
    title varchar not null,
    state varchar not null,
    quantity integer not null,
    cancelled_quantity integer not null,
    refunded_quantity integer not null,
    unit_price_amount decimal(18, 6) not null,
    price_amount decimal(18, 6) not null,
    shipping_amount decimal(18, 6) not null,
    commission_amount decimal(18, 6) not null,  -- with its VAT
    commission_vat_amount decimal(18, 6) not null,
    cancelled_amount decimal(18, 6) not null,
    refunded_amount decimal(18, 6) not null,
    cancelled_shipping_amount decimal(18, 6),   -- of cancelled_amount; null: not told in older events
    placed_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (order_line_id),
);
-- :fold
merge into order_line_facts as fact
using (
    with lines as (
        select
            happened_at, seq,
            subject as order_id,
            body ->> 'currency' as currency,
            (body ->> 'placed_at')::timestamptz as placed_at,
            unnest((body -> 'lines')::json[]) as line,
            generate_subscripts((body -> 'lines')::json[], 1) as place,
        from fresh
        where kind in ('order.placed', 'order.changed')
    ),

    parsed as (
        select * exclude (line), unnest(from_json(line, '{
            "order_line_id": "VARCHAR", "line_number": "INTEGER", "sku": "VARCHAR", "title": "VARCHAR",
            "state": "VARCHAR", "quantity": "INTEGER", "cancelled_quantity": "INTEGER",
            "refunded_quantity": "INTEGER", "unit_price_amount": "DECIMAL(18,6)",
            "price_amount": "DECIMAL(18,6)", "shipping_amount": "DECIMAL(18,6)",
            "commission_amount": "DECIMAL(18,6)", "commission_vat_amount": "DECIMAL(18,6)",
            "cancelled_amount": "DECIMAL(18,6)", "refunded_amount": "DECIMAL(18,6)",
            "cancelled_shipping_amount": "DECIMAL(18,6)"
        }')),
        from lines
    )

    select * exclude (place) from parsed
    qualify row_number() over (
        partition by order_line_id order by happened_at desc, seq desc, place desc
    ) = 1
) as new
on fact.order_line_id = new.order_line_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
