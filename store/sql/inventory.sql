-- One row per SKU that is or was offered. What has BlueCherry, what did we publish, what does John Lewis show?
create or replace macro inventory(as_of) as table
with batch as (
    select seen.batch_id, seen.as_of as batch_at, seen.next_expected_at,
    from stock_batch_facts as seen
    join batch_reading_facts as reading on reading.batch_id = seen.batch_id and reading.read_id is not null
    order by seen.as_of desc
    limit 1
),

warehouses as (
    select distinct value as location from mapping_facts where mapping = 'warehouse' and value <> ''
),

buckets as (
    select
        stock.sku_key,
        sum(stock.on_hand) as on_hand,
        sum(stock.linked) as linked,
        sum(stock.allocated) as allocated,
        sum(stock.picked) as picked,
        sum(stock.damaged) as damaged,
        sum(stock.held) as held,
        sum(stock.later_orders) as later_orders,
        sum(stock.work_orders) as work_orders,
        sum(stock.in_transit) as in_transit,
        sum(stock.on_hand - stock.linked - stock.allocated - stock.picked - stock.damaged - stock.held) as supply,
    from stock_facts as stock
    semi join warehouses on warehouses.location = stock.location
    group by stock.sku_key
),

entered as (
    select line.order_line_id, min(sales.entered_at) as entered_at,
    from sales_line_facts as line
    join sales_order_facts as sales on sales.ord_num = line.ord_num
    where line.order_line_id <> ''
    group by line.order_line_id
),

sold as (
    select
        line.sku,
        sum(line.quantity - line.cancelled_quantity) filter (
            where case
                when placed.state in ('REFUSED', 'CANCELED') then false
                when entered.entered_at is null
                    then placed.state not in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')
                else entered.entered_at > coalesce(batch.batch_at, as_of)
            end
        ) as inflight,
        sum(line.quantity) filter (where line.placed_at >= as_of - interval 30 days) as sold_30d,
        sum(line.quantity - line.cancelled_quantity) filter (
            where line.placed_at >= published.happened_at and placed.state not in ('REFUSED', 'CANCELED')
        ) as sold_since,
    from order_line_facts as line
    join order_facts as placed on placed.order_id = line.order_id
    left join entered on entered.order_line_id = line.order_line_id
    left join published_facts as published on published.sku = line.sku
    left join batch on true
    group by line.sku
),

ours as (
    -- two BlueCherry keys may give one SKU: that is a problem of its own, shown on the first
    select * from sku_facts
    qualify row_number() over (partition by sku order by is_gone, not is_active, sku_key) = 1
),

names as (
    select sku from ours where is_listed or sku in (select sku from offer_facts union select sku from published_facts)
    union
    select sku from offer_facts
),

known as (
    select
        names.sku,
        ours.sku_key,
        coalesce(ours.division, '') as division,
        coalesce(ours.style_name, '') as style_name,
        coalesce(ours.color_name, '') as color_name,
        coalesce(ours.size, '') as size,
        coalesce(ours.problem, if(ours.sku_key is null, 'no such SKU in BlueCherry', '')) as problem,
        coalesce(ours.is_active and not ours.is_gone, false) as is_active,
        coalesce(buckets.on_hand, 0) as on_hand,
        coalesce(buckets.linked, 0) as linked,
        coalesce(buckets.allocated, 0) as allocated,
        coalesce(buckets.picked, 0) as picked,
        coalesce(buckets.damaged, 0) as damaged,
        coalesce(buckets.held, 0) as held,
        coalesce(buckets.later_orders, 0) as later_orders,
        coalesce(buckets.work_orders, 0) as work_orders,
        coalesce(buckets.in_transit, 0) as in_transit,
        coalesce(buckets.supply, 0) as supply,
        coalesce(sold.inflight, 0) as inflight,
        greatest(coalesce(buckets.supply, 0) - coalesce(sold.inflight, 0), 0) as base,
        coalesce(sold.sold_30d, 0) as sold_30d,
        published.quantity as published_quantity,
        coalesce(sold.sold_since, 0) as sold_since,
        published.happened_at as published_at,
        arrived.happened_at as arrived_at,
        coalesce(arrived.state, '') as import_state,
        coalesce(offer.offer_id, '') as offer_id,
        coalesce(offer.is_active and not offer.is_gone, false) as is_offered,
        if(coalesce(offer.is_gone, true), null, offer.quantity) as shown_quantity,
        offer.price_amount,
        batch.batch_id,
        batch.batch_at,
        batch.next_expected_at,
    from names
    left join ours on ours.sku = names.sku
    left join buckets on buckets.sku_key = ours.sku_key
    left join sold on sold.sku = names.sku
    left join published_facts as published on published.sku = names.sku
    left join offer_facts as offer on offer.sku = names.sku
    left join batch on true
    left join import_facts as arrived on arrived.push_id = published.push_id
),

judged as (
    select
        *,
        greatest(published_quantity - sold_since, 0) as expected_quantity,
        if(is_offered, coalesce(shown_quantity, 0), 0) > base as is_at_risk,
        -- an import needs time to take effect; what was sold since only lowers what is shown
        coalesce(
            is_offered and shown_quantity > published_quantity and import_state = 'complete'
            and arrived_at <= as_of - interval 15 minutes, false
        ) as is_mismatched,
    from known
)

select
    sku,
    sku_key,
    division,
    style_name,
    color_name,
    size,
    problem,
    is_active,
    is_offered,
    on_hand,
    linked,
    allocated,
    picked,
    damaged,
    held,
    later_orders,
    work_orders,
    in_transit,
    supply,
    inflight,
    base,
    published_quantity,
    sold_since,
    expected_quantity,
    shown_quantity,
    is_at_risk,
    greatest(if(is_at_risk, shown_quantity - base, 0), 0) as at_risk_quantity,
    is_mismatched,
    case
        when not is_offered then 'not_offered'
        when problem <> '' then 'problem'
        when is_at_risk then 'at_risk'
        when is_mismatched then 'mismatch'
        when published_quantity is null then 'never_published'
        when coalesce(shown_quantity, 0) = 0 then 'sold_out'
        else 'fine'
    end as state,
    sold_30d,
    offer_id,
    price_amount,
    batch_id,
    coalesce(as_of > next_expected_at, false) as is_batch_late,
    epoch(as_of - batch_at)::bigint as batch_age_seconds,
    batch_at,
    next_expected_at,
    published_at,
    arrived_at,
from judged;
