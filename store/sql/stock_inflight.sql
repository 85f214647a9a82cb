-- One row per order line of an offer that is held back now, or was when its quantity was last sent. Sold to whom?
create or replace macro stock_inflight(as_of) as table
with terms as (
    select
        coalesce(min(clock_skew_seconds), 120) as skew_seconds,
        coalesce(bool_and(deducts_open_orders), true) as deducts_open_orders,
    from stock_terms_facts
),

batch as (
    select max(reading.as_of) as batch_at from batch_reading_facts as reading where reading.read_id is not null
),

lines as (
    select line.*, sent.happened_at as sent_at,
        list_contains(string_split(coalesce(sent.inflight_orders, ''), ','), line.order_id) as was_counted,
    from inflight_lines(
        coalesce((select batch_at from batch), as_of),
        skew_seconds := (select skew_seconds from terms),
        deducts_open_orders := (select deducts_open_orders from terms)
    ) as line
    left join published_facts as sent on sent.sku = line.sku
)

select
    order_line_id,
    order_id,
    sku,
    order_state,
    standing,
    inflight_quantity > 0 as is_counted,
    was_counted,
    quantity,
    inflight_quantity,
    placed_at,
    sent_at,
from lines
where inflight_quantity > 0 or was_counted;
