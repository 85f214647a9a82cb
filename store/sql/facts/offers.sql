-- One row per offer of the marketplace, as last read.
-- :table
create table if not exists offer_facts (
    sku varchar primary key,
    offer_id varchar not null,
    product_id varchar not null,
    title varchar not null,
    is_active boolean not null,
    is_gone boolean not null,
    inactivity_reasons varchar not null,
    quantity bigint not null,                   -- as the marketplace shows it
    price_amount decimal(18, 6),
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into offer_facts as fact
using (
    select
        row.sku, row.offer_id, row.product_id, row.title, row.is_active, row.is_gone,
        row.inactivity_reasons, row.quantity, row.price_amount,
        row.seen_at as happened_at, fresh.seq,
    from fresh
    join offer_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'offers.read'
    qualify row_number() over (
        partition by row.sku order by row.seen_at desc, fresh.seq desc, row.rowid desc
    ) = 1
) as new
on fact.sku = new.sku
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
