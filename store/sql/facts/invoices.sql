-- One row per BlueCherry invoice of our orders.
-- :table
create table if not exists invoice_facts (
    invoice_number varchar primary key,
    ord_num varchar not null,
    order_id varchar not null,
    currency varchar not null,
    total_amount decimal(18, 6) not null,
    tax_amount decimal(18, 6) not null,
    shipping_amount decimal(18, 6) not null,
    invoiced_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into invoice_facts as fact
using (
    select subject as invoice_number, happened_at, seq, unnest(from_json(body, '{
        "ord_num": "VARCHAR", "order_id": "VARCHAR", "currency": "VARCHAR",
        "total_amount": "DECIMAL(18,6)", "tax_amount": "DECIMAL(18,6)",
        "shipping_amount": "DECIMAL(18,6)", "invoiced_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'invoice.read'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.invoice_number = new.invoice_number
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
