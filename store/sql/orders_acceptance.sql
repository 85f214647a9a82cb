-- One row per line of an order that waits for our acceptance. Are its units there, before buffers and without its own?
-- Who ordered first comes first: a later order takes nothing from an earlier one, nor from a wholesale order that was in the
-- batch and ships before the next one lands.
create or replace macro orders_acceptance(as_of) as table
with terms as (
    select batch_id, batch_at, clock_skew_seconds, deducts_open_orders, clamps_warehouses,
        cast(warehouses::json as varchar[]) as warehouses,
        degraded = 'overaged' or overaged_at <= as_of as is_stale,
    from stock_terms_facts
    where batch_id <> ''
),

waiting as (
    select line.order_line_id, line.order_id, line.sku, line.quantity - line.cancelled_quantity as quantity,
        placed.placed_at,
    from order_facts as placed
    join order_line_facts as line on line.order_id = placed.order_id
    where placed.state = 'WAITING_ACCEPTANCE' and line.state not in ('REFUSED', 'CANCELED')
),

known as (
    select sku.sku, sku.sku_key, sku.is_active,
    from (select distinct sku from waiting) as wanted
    join sku_facts as sku on sku.sku = wanted.sku and not sku.is_gone
),

leaving as (
    from scheduled_units(
        (select batch_at from terms),
        (select max_by(lands_at, batch_at) from risk_window_facts),
        skew_seconds := (select clock_skew_seconds from terms)
    )
),

nets as (
    select
        sku.sku,
        stock.on_hand - stock.linked - stock.allocated - stock.picked - stock.damaged - stock.held as net,
        net - coalesce(leaving.quantity, 0) as stays,
    from known as sku
    join stock_facts as stock on stock.sku_key = sku.sku_key
    join terms on list_contains(terms.warehouses, stock.location)
    left join leaving on leaving.sku_key = stock.sku_key and leaving.location = stock.location
    where trim(upper(stock.location)) not in ('POE', 'FOB', '')
),

supplies as (
    select
        nets.sku,
        sum(if(terms.clamps_warehouses, greatest(nets.net, 0), nets.net))::bigint as supply,
        (supply - sum(if(terms.clamps_warehouses, greatest(nets.stays, 0), nets.stays)))::bigint as scheduled,
    from nets
    cross join terms
    group by nets.sku
),

flying as (
    select flight.order_id, flight.sku, flight.inflight_quantity, flight.placed_at,
    from inflight_lines(
        (select batch_at from terms),
        skew_seconds := (select clock_skew_seconds from terms),
        deducts_open_orders := (select deducts_open_orders from terms)
    ) as flight
    where flight.inflight_quantity > 0 and flight.sku in (select sku from waiting)
)

select
    waiting.order_id,
    waiting.order_line_id,
    waiting.sku,
    waiting.quantity,
    -- of what BlueCherry does not have, or has not active, its stock proves nothing
    waiting.sku in (select sku from known where is_active) as is_known,
    coalesce(supplies.supply, 0) as supply,
    coalesce(supplies.scheduled, 0) as scheduled,
    coalesce(sum(flying.inflight_quantity), 0)::bigint as earlier,
    greatest(
        coalesce(supplies.supply, 0) - coalesce(supplies.scheduled, 0) - coalesce(sum(flying.inflight_quantity), 0), 0
    )::bigint as fulfilable,
    any_value(terms.batch_id) as batch_id,
    any_value(terms.is_stale) as is_stale,
    any_value(terms.batch_at) as batch_at,
from waiting
cross join terms
left join supplies on supplies.sku = waiting.sku
left join flying
    on flying.sku = waiting.sku and flying.order_id <> waiting.order_id
    and (flying.placed_at, flying.order_id) < (waiting.placed_at, waiting.order_id)
group by
    waiting.order_id, waiting.order_line_id, waiting.sku, waiting.quantity, supplies.supply, supplies.scheduled;
