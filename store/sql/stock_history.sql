-- One row per series (batch, published, shown) and moment at which one SKU's quantity moved. How did we come to here?
-- BlueCherry's supply over the warehouses that sold here then, what we sent, what John Lewis showed when it was read.
create or replace macro stock_history(as_of, name) as table
with keys as (
    select sku_key from sku_facts where sku = name
    qualify row_number() over (order by is_gone, not is_active, sku_key) = 1
),

-- the warehouses that sold here from each batch on, null where none did; before the first that is known, and as long
-- as none is, as now
places as (
    select batch_at as since_at, unnest(if(warehouses = '[]', [null], cast(warehouses::json as varchar[]))) as location
    from stock_places_facts
    union all
    select '-infinity'::timestamptz as since_at, unnest(cast(warehouses::json as varchar[])) as location
    from (from stock_places_facts order by batch_at limit 1)
    union all
    select '-infinity'::timestamptz as since_at, value as location
    from (select distinct value from mapping_facts where mapping = 'warehouse' and value <> '')
    where not exists (from stock_places_facts)
),

-- a row is stored when it changed
counted as (
    select
        row.location, row.as_of as moved_at,
        row.on_hand - row.linked - row.allocated - row.picked - row.damaged - row.held as net,
    from stock_rows as row
    semi join keys on keys.sku_key = row.sku_key
    semi join batch_reading_facts as reading on reading.read_id = row.read_id
    where row.as_of <= as_of and trim(upper(row.location)) not in ('POE', 'FOB', '')
),

moments as (
    select moved_at from counted
    union
    select since_at from places where since_at >= (select min(moved_at) from counted) and since_at <= as_of
),

-- which of them sold here at each moment
selling as (
    select moments.moved_at, places.location,
    from moments
    asof join (select distinct since_at from places) as newest on moments.moved_at >= newest.since_at
    join places on places.since_at = newest.since_at
),

summed as (
    select selling.moved_at, coalesce(sum(counted.net), 0) as quantity,
    from selling
    asof left join counted on counted.location = selling.location and selling.moved_at >= counted.moved_at
    group by selling.moved_at
),

supplies as (
    select 'batch' as series, moved_at, quantity,
    from summed
    qualify quantity is distinct from lag(quantity) over (order by moved_at)
),

sent as (
    select 'published' as series, row.sent_at as moved_at, row.quantity,
    from published_rows as row
    left join intent_facts as intent on intent.intent_id = row.push_id
    -- nor one John Lewis named as an error
    anti join refused_quantities as refused on refused.push_id = row.push_id and refused.sku = row.sku
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
