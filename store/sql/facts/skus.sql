-- One row per SKU of BlueCherry, as last read.
-- :table
create table if not exists sku_facts (
    sku_key varchar primary key,                -- DIVISION|STYLE|COLOUR|LABEL|DIMENSION|SIZE
    sku varchar not null,                       -- the marketplace's shop_sku
    division varchar not null,
    style varchar not null,
    color_code varchar not null,
    label varchar not null,
    dimension varchar not null,
    size varchar not null,
    style_name varchar not null,
    color_name varchar not null,
    upc varchar not null,
    ean varchar not null,
    season varchar not null,
    category varchar not null,
    is_active boolean not null,
    is_listed boolean not null,                 -- carries the channel's destination
    is_gone boolean not null,
    multiple integer not null,
    cost_amount decimal(18, 6),
    price_amount decimal(18, 6),
    problem varchar not null,                   -- what makes it unfit to sell; empty: nothing
    size_bucket integer,                        -- 1 to 24, of its size range; null: BlueCherry did not say
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into sku_facts as fact
using (
    select
        row.sku_key, row.sku, row.division, row.style, row.color_code, row.label, row.dimension,
        row.size, row.style_name, row.color_name, row.upc, row.ean, row.season, row.category,
        row.is_active, row.is_listed, row.is_gone, row.multiple, row.cost_amount, row.price_amount,
        row.problem, row.size_bucket,
        row.seen_at as happened_at, fresh.seq,
    from fresh
    join sku_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'catalogue.read'
    qualify row_number() over (
        partition by row.sku_key order by row.seen_at desc, fresh.seq desc, row.rowid desc
    ) = 1
) as new
on fact.sku_key = new.sku_key
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
