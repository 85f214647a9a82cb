-- One row per SKU and warehouse with units that leave on scheduled orders before a moment and are not off the batch yet.
-- Beneath the others: the inventory flow takes them off, and every page that speaks of supply reads it.
-- The batch keeps orders due beyond BlueCherry's horizon apart (`later_orders`). Dated orders that were in it say how many of
-- these leave by `until`, and how many only later; never more are taken off than the batch left on. So an order that is
-- due by BlueCherry's own horizon, and off the batch already, is not taken off twice, wherever that horizon lies.
-- What leaves is read off two readings of an order: the newest says what is still to go, and what went meanwhile since the one
-- the batch was made of; that one says what of its later orders stays.
create or replace macro scheduled_units(batch_at, until, skew_seconds := 120) as table
with known as (
    select
        ord_num, warehouse, starts_at, happened_at, seq, lines,
        happened_at <= batch_at - to_seconds(skew_seconds) as is_in_batch,
        coalesce(cancels_at <= batch_at, false) as is_over,
    from scheduled_order_facts
    where entered_at <= batch_at - to_seconds(skew_seconds)
),

readings as (
    select *, true as is_newest, true as is_sure,
    from known
    qualify row_number() over (partition by ord_num order by happened_at desc, seq desc) = 1
    union all by name
    -- nearest to the batch, before it if there is one; one after it tells too much: all it shows gone may have gone since
    select *, false as is_newest, is_in_batch or is_over as is_sure,
    from known
    qualify row_number() over (
        partition by ord_num order by is_in_batch desc, abs(epoch_us(happened_at) - epoch_us(batch_at)), seq desc
    ) = 1
),

lines as (
    select * exclude (lines), unnest(lines, recursive := true)
    from readings
),

counted as (
    select
        sku_key, warehouse, ord_num, starts_at, is_newest,
        if(is_sure, wanted_quantity - open_quantity, 0) as gone,
        if(is_over, 0, if(is_sure, open_quantity, wanted_quantity)) as waiting,
    from lines
),

moved as (
    select
        sku_key,
        warehouse as location,
        ord_num,
        greatest(sum(if(is_newest, gone, -gone)), 0) as gone_since,
        gone_since + coalesce(sum(waiting) filter (is_newest and starts_at < until), 0) as due_quantity,
        greatest(coalesce(sum(waiting) filter (not is_newest and starts_at >= until), 0) - due_quantity, 0)
            as beyond_quantity,
    from counted
    group by sku_key, warehouse, ord_num
),

dated as (
    select
        sku_key,
        location,
        sum(due_quantity) as due_quantity,
        sum(beyond_quantity) as beyond_quantity,
        string_agg(ord_num, ', ' order by ord_num) filter (due_quantity > 0) as orders,
    from moved
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
