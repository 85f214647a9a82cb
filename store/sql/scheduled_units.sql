-- One row per SKU and warehouse with units that leave on scheduled orders before a moment and are not off the batch yet.
-- Beneath the others: the inventory flow takes them off, and every page that speaks of supply reads it.
-- The batch keeps orders due beyond BlueCherry's horizon apart (`later_orders`). Dated orders that were in it say how many of
-- these are wanted by `until`, and how many only later; never more are taken off than the batch left on. So an order that is
-- due by BlueCherry's own horizon, and off the batch already, is not taken off twice, wherever that horizon lies.
create or replace macro scheduled_units(batch_at, until, skew_seconds := 120) as table
with judged as (
    -- what was picked or shipped since the batch is still among its later orders
    select *, changed_at > batch_at - to_seconds(skew_seconds) as is_moved,
    from scheduled_order_facts
    where entered_at <= batch_at - to_seconds(skew_seconds) and (cancels_at is null or cancels_at > batch_at)
),

lines as (
    select ord_num, warehouse, starts_at, is_moved, unnest(lines) as line,
    from judged
    where is_moved or open_quantity > 0
),

waiting as (
    select
        line.sku_key, warehouse as location, ord_num, starts_at,
        if(is_moved, line.wanted_quantity, line.open_quantity) as quantity,
    from lines
),

dated as (
    select
        sku_key,
        location,
        coalesce(sum(quantity) filter (starts_at < until), 0) as due_quantity,
        coalesce(sum(quantity) filter (starts_at >= until), 0) as beyond_quantity,
        string_agg(distinct ord_num, ', ' order by ord_num) filter (starts_at < until and quantity > 0) as orders,
    from waiting
    group by sku_key, location
)

select
    stock.sku_key,
    stock.location,
    least(dated.due_quantity, stock.later_orders - dated.beyond_quantity)::bigint as quantity,
    dated.orders,
from dated
join stock_facts as stock on stock.sku_key = dated.sku_key and stock.location = dated.location
where dated.due_quantity > 0 and stock.later_orders > dated.beyond_quantity;
