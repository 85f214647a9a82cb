-- One row per SKU of BlueCherry and batch in which its pool moved or a sale of ours entered. What drew on the pool?
-- `places` are the warehouses that sell here: a short one eats into a long one, so only their sum counts.
-- Batches from before our first, read for back-tests, count only if asked for.
create or replace macro pool_moves(places, since, as_of, with_recalled := false) as table
with readings as (
    select recalled.batch_id, recalled.read_id, recalled.as_of as stood_at
    from batch_recall_facts as recalled
    where with_recalled

    union all

    -- the first of ours was read again after those before it: only what changed between them counts there
    select reading.batch_id, reading.read_id, reading.as_of as stood_at
    from batch_reading_facts as reading
    where reading.read_id is not null and not (
        with_recalled and exists (
            select 1 from batch_recall_facts as recalled where recalled.batch_id = reading.batch_id
        )
    )
),

batches as (
    select
        reading.batch_id,
        reading.read_id,
        reading.stood_at as batch_at,
        lag(reading.stood_at) over (order by reading.stood_at) as before_at,
    from readings as reading
    where reading.stood_at >= since and reading.stood_at <= as_of
),

nets as (
    select
        row.read_id,
        row.sku_key,
        row.location,
        row.on_hand - row.linked - row.allocated - row.picked - row.damaged - row.held as net,
        row.later_orders as later,
        row.in_transit as coming,
        row.as_of as batch_at,
    from stock_rows as row
    where list_contains(places, row.location) and row.as_of <= as_of
),

-- only rows that changed are kept: the row before a row is how things stood until then, however long ago it was
shown as (
    select nets.sku_key, nets.location, batches.batch_at, nets.net, nets.later, nets.coming,
    from nets
    join batches on batches.read_id = nets.read_id

    union all

    select
        nets.sku_key,
        nets.location,
        since as batch_at,
        arg_max(nets.net, nets.batch_at),
        arg_max(nets.later, nets.batch_at),
        arg_max(nets.coming, nets.batch_at),
    from nets
    join readings as reading on reading.read_id = nets.read_id
    where nets.batch_at < since
    group by nets.sku_key, nets.location
),

steps as (
    select
        sku_key,
        batch_at,
        net - lag(net, 1, 0) over place as net_change,
        later - lag(later, 1, 0) over place as later_change,
        coming - lag(coming, 1, 0) over place as coming_change,
    from shown
    window place as (partition by sku_key, location order by batch_at)
),

pooled as (
    select
        sku_key,
        batch_at,
        sum(net_change)::bigint as net_change,
        sum(later_change)::bigint as later_change,
        sum(coming_change)::bigint as coming_change,
    from steps
    group by sku_key, batch_at
),

-- a sale of ours lowers the pool when BlueCherry enters it, whatever becomes of it later
sales as (
    select line.sku_key, head.entered_at, line.ordered_quantity,
    from sales_line_facts as line
    join sales_order_facts as head on head.ord_num = line.ord_num
    where list_contains(places, head.warehouse) and head.entered_at >= since
),

entered as (
    select sales.sku_key, batches.batch_at, sum(sales.ordered_quantity)::bigint as own_units,
    from sales
    asof join batches on sales.entered_at <= batches.batch_at
    group by sales.sku_key, batches.batch_at
),

moved as (
    select
        coalesce(pooled.sku_key, entered.sku_key) as sku_key,
        coalesce(pooled.batch_at, entered.batch_at) as batch_at,
        coalesce(pooled.net_change, 0) as net_change,
        coalesce(pooled.later_change, 0) as later_change,
        coalesce(pooled.coming_change, 0) as coming_change,
        coalesce(entered.own_units, 0) as own_units,
    from pooled
    full join entered on entered.sku_key = pooled.sku_key and entered.batch_at = pooled.batch_at
)

select
    moved.sku_key,
    coalesce(batches.batch_id, '') as batch_id,
    moved.net_change,
    moved.later_change,
    moved.coming_change,
    moved.own_units,
    sum(moved.net_change) over (partition by moved.sku_key order by moved.batch_at)::bigint as units,
    batches.before_at,                              -- none: how things stood at the beginning, no fall
    moved.batch_at,
from moved
left join batches on batches.batch_at = moved.batch_at
where moved.net_change <> 0 or moved.later_change <> 0 or moved.coming_change <> 0 or moved.own_units <> 0;
