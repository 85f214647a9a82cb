-- One row per SKU and span in which John Lewis had none of it to sell. When could nobody order it here?
-- Sent as none, or sold out since, from when a sending took effect until the next did; before our first, nobody knows.
create or replace macro listed_at_none(since_at, as_of, deducts_sales := true) as table
with files as materialized (
    select push_id, happened_at as applied_at, row_number() over (order by happened_at, push_id) as place,
    from import_facts
    -- every offer is sent each night: what stood at the beginning was sent in the two days before it
    where state = 'complete' and happened_at > since_at - interval 2 day and happened_at < as_of
),

-- a large shop sends tens of millions: each is one number here, the place of its file in the upper half, the quantity in the lower
sent as materialized (
    select row.sku, list_sort(list((files.place << 32) + least(row.quantity, 4294967295))) as sendings,
    from published_rows as row
    join files on files.push_id = row.push_id
    anti join refused_quantities as refused on refused.push_id = row.push_id and refused.sku = row.sku
    group by row.sku
),

-- sent as none night after night is one span, until some are sent
turned as (
    select sku, this >> 32 as place, this & 4294967295 = 0 as is_none,
    from (select sku, unnest(sendings) as this, unnest(list_prepend(null, sendings[:-2])) as before from sent)
    where (this & 4294967295 = 0) is distinct from (before & 4294967295 = 0)
),

turns as (
    select sku, is_none, place, lead(place) over (partition by sku order by place) as next_place,
    from turned
),

none_sent as (
    select turns.sku, files.applied_at as none_at, coalesce(next.applied_at, as_of) as next_at,
    from turns
    join files on files.place = turns.place
    left join files as next on next.place = turns.next_place
    where turns.is_none
),

lines as (
    select sku, order_line_id, placed_at, quantity,
    from order_line_facts
    where deducts_sales and placed_at > since_at - interval 2 day and placed_at < as_of
),

-- what was sent of the SKUs that sold
applied as materialized (
    select each.sku, each.this & 4294967295 as quantity, files.applied_at, coalesce(next.applied_at, as_of) as next_at,
    from (
        select sku, unnest(sendings) as this, unnest(list_append(sendings[2:], null)) as after
        from sent
        semi join lines using (sku)
    ) as each
    join files on files.place = each.this >> 32
    left join files as next on next.place = each.after >> 32
),

-- sums of what was sold of each sending, sale by sale
sold as (
    select
        applied.sku,
        applied.applied_at,
        lines.placed_at,
        sum(lines.quantity) over (
            partition by applied.sku, applied.applied_at order by lines.placed_at, lines.order_line_id
        ) as sold_quantity,
        applied.quantity,
        applied.next_at,
    from lines
    asof join applied on applied.sku = lines.sku and lines.placed_at >= applied.applied_at
    where applied.quantity > 0
),

sold_out as (
    select sku, min(placed_at) as none_at, any_value(next_at) as next_at
    from sold
    where sold_quantity >= quantity
    group by sku, applied_at
),

spans as (
    select sku, none_at, next_at
    from none_sent

    union all

    select sku, none_at, next_at
    from sold_out
)

select sku, greatest(none_at, since_at) as since, next_at as until
from spans
where next_at > greatest(none_at, since_at);
