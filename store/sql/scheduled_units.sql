-- One row per SKU and warehouse with units that leave on scheduled orders before a moment and are not off the batch yet.
-- Beneath the others: the inventory flow takes them off, and every page that speaks of supply reads it.
-- The batch keeps orders due beyond BlueCherry's horizon apart (`later_orders`). Dated orders that were in it say how many of
-- these are wanted by `until`, and how many only later; never more are taken off than the batch left on. So an order that is
-- due by BlueCherry's own horizon, and off the batch already, is not taken off twice, wherever that horizon lies.
create or replace macro scheduled_units(batch_at, until, skew_seconds := 120) as table
with lines as (
    select ord_num, warehouse, starts_at, changed_at, unnest(lines, recursive := true),
    from scheduled_order_facts
    where entered_at <= batch_at - to_seconds(skew_seconds) and (cancels_at is null or cancels_at > batch_at)
),

-- what was picked or shipped since the batch is still among its later orders
waiting as (
    select
        sku_key, warehouse as location, ord_num, starts_at,
        if(changed_at <= batch_at - to_seconds(skew_seconds), open_quantity, wanted_quantity) as quantity,
    from lines
),

dated as (
    select
        sku_key,
        location,
        coalesce(sum(quantity) filter (starts_at < until), 0) as due_quantity,
        coalesce(sum(quantity) filter (starts_at >= until), 0) as beyond_quantity,
        string_agg(distinct ord_num, ', ' order by ord_num) filter (starts_at < until and quantity > 0) as orders,
        min(starts_at) filter (starts_at < until and quantity > 0) as starts_at,
    from waiting
    group by sku_key, location
)

select
    stock.sku_key,
    stock.location,
    least(dated.due_quantity, stock.later_orders - dated.beyond_quantity)::bigint as quantity,
    dated.orders,
    dated.starts_at,
from dated
join stock_facts as stock on stock.sku_key = dated.sku_key and stock.location = dated.location
where dated.due_quantity > 0 and stock.later_orders > dated.beyond_quantity;
