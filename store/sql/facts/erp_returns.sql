-- One row per return authorisation of ours in BlueCherry, as last read.
-- :table
create table if not exists erp_return_facts (
    ret_num varchar primary key,
    order_id varchar not null,
    ord_num varchar not null,
    return_id varchar not null,                 -- the marketplace's; empty: made by hand
    raw_status varchar not null,                -- BlueCherry's code
    is_closed boolean not null,                 -- the warehouse expects no more of it
    lines struct(order_line_id varchar, line_number integer, quantity integer, received_quantity integer)[],
    entered_at timestamptz not null,
    changed_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into erp_return_facts as fact
using (
    select subject as ret_num, order_id, happened_at, seq, unnest(from_json(body, '{
        "ord_num": "VARCHAR", "return_id": "VARCHAR", "raw_status": "VARCHAR", "is_closed": "BOOLEAN",
        "entered_at": "TIMESTAMPTZ", "changed_at": "TIMESTAMPTZ",
        "lines": [{
            "order_line_id": "VARCHAR", "line_number": "INTEGER", "quantity": "INTEGER", "received_quantity": "INTEGER"
        }]
    }')),
    from fresh
    where kind = 'return.read'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.ret_num = new.ret_num
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
