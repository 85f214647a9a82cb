-- One row per shipment that was ever held, with what holds it now.
-- :table
create table if not exists shipment_hold_facts (
    ship_id varchar primary key,
    order_id varchar not null,
    reason varchar not null,                    -- empty: lifted
    cause varchar not null,                     -- what to mend
    detail varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into shipment_hold_facts as fact
using (
    select subject as ship_id, happened_at, seq, unnest(from_json(body, '{
        "order_id": "VARCHAR", "reason": "VARCHAR", "cause": "VARCHAR", "detail": "VARCHAR"
    }')),
    from fresh
    where kind = 'shipment.held'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.ship_id = new.ship_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
