-- One row per series (batch, published, shown) and moment at which one SKU's quantity moved. How did we come to here?
-- BlueCherry's supply over the warehouses that sell here, what we sent, what John Lewis showed when it was read.
create or replace macro stock_history(as_of, name) as table
with keys as (
    select sku_key from sku_facts where sku = name
    qualify row_number() over (order by is_gone, not is_active, sku_key) = 1
),

warehouses as (
    select unnest(cast(warehouses::json as varchar[])) as location from stock_terms_facts
    union
    select value as location from mapping_facts
    where mapping = 'warehouse' and value <> '' and not exists (from stock_terms_facts)
),

-- a row is stored when it changed: what it changed by, summed up, is the supply at that batch
counted as (
    select
        row.location, row.as_of as moved_at,
        row.on_hand - row.linked - row.allocated - row.picked - row.damaged - row.held as net,
    from stock_rows as row
    semi join keys on keys.sku_key = row.sku_key
    semi join batch_reading_facts as reading on reading.read_id = row.read_id
    semi join warehouses on warehouses.location = row.location
    where row.as_of <= as_of and trim(upper(row.location)) not in ('POE', 'FOB', '')
),

moved as (
    select moved_at, net - coalesce(lag(net) over (partition by location order by moved_at), 0) as units from counted
),

supplies as (
    select 'batch' as series, moved_at, sum(sum(units)) over (order by moved_at) as quantity from moved group by moved_at
),

sent as (
    select 'published' as series, row.sent_at as moved_at, row.quantity,
    from published_rows as row
    left join intent_facts as intent on intent.intent_id = row.push_id
    where row.sku = name and row.sent_at <= as_of and coalesce(intent.state, 'recorded') <> 'refused'
),

shown as (
    select 'shown' as series, row.seen_at as moved_at, if(row.is_gone, 0, row.quantity) as quantity,
    from offer_rows as row
    where row.sku = name and row.seen_at <= as_of
)

select series, quantity::bigint as quantity, moved_at from supplies
union all by name
select series, quantity::bigint as quantity, moved_at from sent
union all by name
select series, quantity::bigint as quantity, moved_at from shown;
