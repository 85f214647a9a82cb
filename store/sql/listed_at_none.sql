-- One row per SKU and span in which John Lewis had none of it to sell. When could nobody order it here?
-- Sent as none, or sold out since, from when a sending took effect until the next did; before our first, nobody knows.
create or replace macro listed_at_none(since_at, as_of, deducts_sales := true) as table
with applied as materialized (
    select
        row.sku,
        row.quantity,
        done.happened_at as applied_at,
        lead(done.happened_at, 1, as_of) over (partition by row.sku order by done.happened_at) as next_at,
    from published_rows as row
    join import_facts as done on done.push_id = row.push_id and done.state = 'complete'
    anti join refused_quantities as refused on refused.push_id = row.push_id and refused.sku = row.sku
    -- every offer is sent each night: what stood at the beginning was sent in the two days before it
    where done.happened_at > since_at - interval 2 day and done.happened_at < as_of
),

-- sums of what was sold of each sending, sale by sale
sold as (
    select
        applied.sku,
        applied.applied_at,
        line.placed_at,
        sum(line.quantity) over (
            partition by applied.sku, applied.applied_at order by line.placed_at, line.order_line_id
        ) as sold_quantity,
        applied.quantity,
        applied.next_at,
    from order_line_facts as line
    asof join applied on applied.sku = line.sku and line.placed_at >= applied.applied_at
    where deducts_sales and applied.quantity > 0 and line.placed_at > since_at - interval 2 day and line.placed_at < as_of
),

sold_out as (
    select sku, min(placed_at) as none_at, any_value(next_at) as next_at
    from sold
    where sold_quantity >= quantity
    group by sku, applied_at
),

spans as (
    select sku, applied_at as none_at, next_at
    from applied
    where quantity = 0

    union all

    select sku, none_at, next_at
    from sold_out
)

select sku, greatest(none_at, since_at) as since, next_at as until
from spans
where next_at > greatest(none_at, since_at);
