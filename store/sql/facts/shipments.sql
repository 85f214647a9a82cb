-- One row per shipment BlueCherry posted, as last read.
-- :table
create table if not exists shipment_facts (
    ship_id varchar primary key,
    ord_num varchar not null,
    order_id varchar not null,
    warehouse varchar not null,
    ship_via varchar not null,
    is_voided boolean not null,
    shipped_at timestamptz not null,
    changed_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into shipment_facts as fact
using (
    select subject as ship_id, happened_at, seq, unnest(from_json(body, '{
        "ord_num": "VARCHAR", "order_id": "VARCHAR", "warehouse": "VARCHAR", "ship_via": "VARCHAR",
        "is_voided": "BOOLEAN", "shipped_at": "TIMESTAMPTZ", "changed_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'shipment.posted'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.ship_id = new.ship_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
