-- One row per SKU whose last sending took effect. What may John Lewis show of it while it is being read?
-- Applied, less what was ordered since, plus what cancelled sales may have given back. A sale about when the sending
-- took effect, or while it was read, may be in or out: hence a least and a most. An order that cannot be read may be of
-- any units: of what was sent before the last such was met, even less than the least may stand there.
-- Of all, or of those named.
create or replace macro expected_shown(
    read_from, read_until, skew_seconds := 120, deducts_sales := true, names := null
) as table
with sent as (
    select
        published.sku,
        published.push_id,
        published.quantity,
        published.inflight_orders,
        published.happened_at as sent_at,
        done.happened_at as applied_at,
        to_seconds(skew_seconds) as skew,
    from published_facts as published
    join import_facts as done on done.push_id = published.push_id and done.state = 'complete'
    anti join refused_quantities as refused on refused.push_id = published.push_id and refused.sku = published.sku
    where names is null or published.sku in (select unnest(cast(names as varchar[])))
),

moved as (
    select
        sent.sku,
        line.quantity,
        if(
            line.state in ('REFUSED', 'CANCELED') or placed.state in ('REFUSED', 'CANCELED'),
            line.quantity, line.cancelled_quantity
        ) as cancelled_quantity,
        line.placed_at > sent.applied_at + sent.skew and line.placed_at <= read_from - sent.skew as is_surely_sold,
        -- what was counted as sold when it was sent was off the number already
        line.placed_at > sent.sent_at - sent.skew and line.placed_at <= read_until + sent.skew
            and not list_contains(string_split(sent.inflight_orders, ','), line.order_id) as is_maybe_sold,
        placed.changed_at > sent.sent_at - sent.skew as is_maybe_restored,
    from sent
    join order_line_facts as line on line.sku = sent.sku
    join order_facts as placed on placed.order_id = line.order_id
    where placed.changed_at > sent.sent_at - sent.skew
),

summed as (
    select
        sku,
        coalesce(sum(quantity) filter (is_surely_sold), 0) as surely_sold,
        coalesce(sum(quantity) filter (is_maybe_sold), 0) as maybe_sold,
        coalesce(sum(cancelled_quantity) filter (is_maybe_restored), 0) as maybe_restored,
    from moved
    group by sku
),

unread as (
    select max(happened_at) as met_at
    from unread_facts
    where is_open and system = 'John Lewis' and record = 'order'
)

select
    sent.sku,
    sent.push_id,
    sent.quantity as applied_quantity,
    if(deducts_sales, coalesce(summed.maybe_sold, 0), 0)::bigint as ordered_quantity,
    coalesce(summed.maybe_restored, 0)::bigint as cancelled_quantity,
    greatest(sent.quantity - if(deducts_sales, coalesce(summed.maybe_sold, 0), 0), 0)::bigint as least_quantity,
    greatest(
        sent.quantity - if(deducts_sales, coalesce(summed.surely_sold, 0), 0) + coalesce(summed.maybe_restored, 0), 0
    )::bigint as most_quantity,
    coalesce(deducts_sales and sent.sent_at <= unread.met_at, false) as is_maybe_less,
    sent.sent_at,
    sent.applied_at,
from sent
cross join unread
left join summed on summed.sku = sent.sku;
