-- One row per line a sales order of ours ever had; it is gone where its moment is older than the order's.
-- :table
create table if not exists sales_line_facts (
    ord_num varchar not null,
    order_id varchar not null,
    line_number integer not null,
    order_line_id varchar not null,             -- the marketplace's; empty: added by hand
    sku_key varchar not null,
    ordered_quantity integer not null,
    open_quantity integer not null,
    picked_quantity integer not null,
    shipped_quantity integer not null,
    cancelled_quantity integer not null,
    cancel_kind varchar not null,
    unit_price_amount decimal(18, 6),
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (ord_num, line_number),
);
-- :fold
merge into sales_line_facts as fact
using (
    with lines as (
        select
            happened_at, seq,
            subject as ord_num,
            order_id,
            unnest((body -> 'lines')::json[]) as line,
            generate_subscripts((body -> 'lines')::json[], 1) as place,
        from fresh
        where kind = 'sales_order.read'
    ),

    parsed as (
        select * exclude (line), unnest(from_json(line, '{
            "line_number": "INTEGER", "order_line_id": "VARCHAR", "sku_key": "VARCHAR",
            "ordered_quantity": "INTEGER", "open_quantity": "INTEGER", "picked_quantity": "INTEGER",
            "shipped_quantity": "INTEGER", "cancelled_quantity": "INTEGER", "cancel_kind": "VARCHAR",
            "unit_price_amount": "DECIMAL(18,6)"
        }')),
        from lines
    )

    select * exclude (place) from parsed
    qualify row_number() over (
        partition by ord_num, line_number order by happened_at desc, seq desc, place desc
    ) = 1
) as new
on fact.ord_num = new.ord_num and fact.line_number = new.line_number
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
