-- One row per parcel a shipment ever had; it is gone where its moment is older than the shipment's.
-- :table
create table if not exists carton_facts (
    ship_id varchar not null,
    order_id varchar not null,
    carton varchar not null,
    tracking varchar not null,
    quantities varchar not null,                -- JSON: marketplace line id to units
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (ship_id, carton),
);
-- :fold
merge into carton_facts as fact
using (
    with lines as (
        select
            happened_at, seq,
            subject as ship_id,
            order_id,
            unnest((body -> 'cartons')::json[]) as line,
            generate_subscripts((body -> 'cartons')::json[], 1) as place,
        from fresh
        where kind = 'shipment.posted'
    ),

    parsed as (
        select * exclude (line), unnest(from_json(line, '{
            "carton": "VARCHAR", "tracking": "VARCHAR", "quantities": "VARCHAR"
        }')),
        from lines
    )

    select * exclude (place) from parsed
    qualify row_number() over (
        partition by ship_id, carton order by happened_at desc, seq desc, place desc
    ) = 1
) as new
on fact.ship_id = new.ship_id and fact.carton = new.carton
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
