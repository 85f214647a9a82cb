-- One row per refund of an order line at the marketplace, as last shown.
-- :table
create table if not exists refund_facts (
    refund_id varchar primary key,
    order_id varchar not null,
    order_line_id varchar not null,
    quantity integer not null,                  -- informs; the amounts rule
    amount decimal(18, 6) not null,             -- goods
    shipping_amount decimal(18, 6) not null,
    reason_code varchar not null,
    state varchar not null,
    refunded_at timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into refund_facts as fact
using (
    with lines as (
        select happened_at, seq, subject as order_id, unnest((body -> 'lines')::json[]) as line
        from fresh
        where kind in ('order.placed', 'order.changed')
    ),

    told as (
        select
            happened_at, seq, order_id,
            line ->> 'order_line_id' as order_line_id,
            unnest((line -> 'refunds')::json[]) as refund,
            generate_subscripts((line -> 'refunds')::json[], 1) as place,
        from lines
    )

    select happened_at, seq, order_id, order_line_id, unnest(from_json(refund, '{
        "refund_id": "VARCHAR", "quantity": "INTEGER", "amount": "DECIMAL(18,6)", "shipping_amount": "DECIMAL(18,6)",
        "reason_code": "VARCHAR", "state": "VARCHAR", "refunded_at": "TIMESTAMPTZ"
    }')),
    from told
    qualify row_number() over (
        partition by refund ->> 'refund_id' order by happened_at desc, seq desc, order_line_id desc, place desc
    ) = 1
) as new
on fact.refund_id = new.refund_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
