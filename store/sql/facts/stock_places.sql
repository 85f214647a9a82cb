-- One row per batch quantities were decided on: the warehouses that sold here then, as last decided.
-- :table
create table if not exists stock_places_facts (
    batch_id varchar primary key,
    warehouses varchar not null,                -- JSON
    batch_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into stock_places_facts as fact
using (
    with told as (
        select happened_at, seq, unnest(from_json(body, '{
            "batch_id": "VARCHAR", "warehouses": "VARCHAR", "batch_at": "TIMESTAMPTZ"
        }')),
        from fresh
        where kind = 'stock_terms.changed'
    )

    from told
    qualify row_number() over (partition by batch_id order by happened_at desc, seq desc) = 1
) as new
on fact.batch_id = new.batch_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
