-- One row per return at the marketplace, as last shown.
-- :table
create table if not exists market_return_facts (
    return_id varchar primary key,
    order_id varchar not null,
    state varchar not null,                     -- the marketplace's word
    reason_code varchar not null,
    rma varchar not null,
    tracking varchar not null,
    is_before_start boolean not null,           -- opened before we took over
    lines struct(order_line_id varchar, quantity integer, reason_code varchar, is_compliant boolean)[],
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into market_return_facts as fact
using (
    select subject as return_id, order_id, happened_at, seq, unnest(from_json(body, '{
        "state": "VARCHAR", "reason_code": "VARCHAR", "rma": "VARCHAR", "tracking": "VARCHAR",
        "is_before_start": "BOOLEAN", "opened_at": "TIMESTAMPTZ", "changed_at": "TIMESTAMPTZ",
        "lines": [{"order_line_id": "VARCHAR", "quantity": "INTEGER", "reason_code": "VARCHAR", "is_compliant": "BOOLEAN"}]
    }')),
    from fresh
    where kind = 'return.seen'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.return_id = new.return_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
