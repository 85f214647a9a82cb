-- One row per credit memo of BlueCherry for goods of ours that came back, as last read.
-- :table
create table if not exists credit_memo_facts (
    memo_number varchar primary key,
    ret_num varchar not null,
    order_id varchar not null,
    currency varchar not null,
    total_amount decimal(18, 6) not null,
    shipping_amount decimal(18, 6),             -- of it; null: not told in older events
    lines struct(order_line_id varchar, quantity integer, amount decimal(18, 6))[],
    issued_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into credit_memo_facts as fact
using (
    select subject as memo_number, order_id, happened_at, seq, unnest(from_json(body, '{
        "ret_num": "VARCHAR", "currency": "VARCHAR", "total_amount": "DECIMAL(18,6)",
        "shipping_amount": "DECIMAL(18,6)", "issued_at": "TIMESTAMPTZ",
        "lines": [{"order_line_id": "VARCHAR", "quantity": "INTEGER", "amount": "DECIMAL(18,6)"}]
    }')),
    from fresh
    where kind = 'credit_memo.read'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.memo_number = new.memo_number
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
