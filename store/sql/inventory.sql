-- One row per SKU that is or was offered. What has BlueCherry, what did we publish, what does John Lewis show?
create or replace macro inventory(as_of) as table
with terms as (
    select
        coalesce(min(clock_skew_seconds), 120) as skew_seconds,
        coalesce(bool_or(clamps_warehouses), false) as clamps_warehouses,
        coalesce(bool_and(deducts_open_orders), true) as deducts_open_orders,
        coalesce(bool_and(deducts_sales), true) as deducts_sales,
        min(due_at) as due_at,
    from stock_terms_facts
),

batch as (
    select seen.batch_id, seen.as_of as batch_at, coalesce(terms.due_at, seen.next_expected_at) as next_expected_at,
    from stock_batch_facts as seen
    join batch_reading_facts as reading on reading.batch_id = seen.batch_id and reading.read_id is not null
    cross join terms
    order by seen.as_of desc
    limit 1
),

warehouses as (
    select unnest(cast(warehouses::json as varchar[])) as location from stock_terms_facts
    union
    select value as location
    from (
        select value
        from mapping_facts
        where mapping = 'warehouse' and (from_on is null or from_on <= timezone('Europe/London', as_of)::date)
        qualify row_number() over (partition by key order by from_on desc nulls last) = 1
    )
    where value <> '' and not exists (from stock_terms_facts)
),

nets as (
    select
        stock.*,
        stock.on_hand - stock.linked - stock.allocated - stock.picked - stock.damaged - stock.held as net,
    from stock_facts as stock
    semi join warehouses on warehouses.location = stock.location
    where trim(upper(stock.location)) not in ('POE', 'FOB', '')
),

buckets as (
    select
        nets.sku_key,
        sum(nets.on_hand) as on_hand,
        sum(nets.linked) as linked,
        sum(nets.allocated) as allocated,
        sum(nets.picked) as picked,
        sum(nets.damaged) as damaged,
        sum(nets.held) as held,
        sum(nets.later_orders) as later_orders,
        sum(nets.work_orders) as work_orders,
        sum(nets.in_transit) as in_transit,
        sum(if(terms.clamps_warehouses, greatest(nets.net, 0), nets.net)) as supply,
    from nets
    cross join terms
    group by nets.sku_key
),

flying as (
    select sku, sum(inflight_quantity) as inflight,
    from inflight_lines(
        coalesce((select batch_at from batch), as_of),
        skew_seconds := (select skew_seconds from terms),
        deducts_open_orders := (select deducts_open_orders from terms)
    )
    where inflight_quantity > 0
    group by sku
),

sold as (
    select sku, sum(quantity) as sold_30d,
    from order_line_facts
    where placed_at >= as_of - interval 30 days
    group by sku
),

-- each offer, when it was read last: one that did not move is not stored again
read as (
    select offer.*, greatest(offer.happened_at, audits.read_until) as read_at,
    from offer_facts as offer
    cross join (select max(read_until) as read_until from stock_audit_facts) as audits
),

-- what was ordered after the reading is off the marketplace's number by now
sold_since_read as (
    select line.sku, sum(line.quantity) as quantity,
    from order_line_facts as line
    join read on read.sku = line.sku and line.placed_at > read.read_at
    cross join terms
    where terms.deducts_sales
    group by line.sku
),

expected as (
    from expected_shown(
        as_of, as_of,
        skew_seconds := (select skew_seconds from terms),
        deducts_sales := (select deducts_sales from terms)
    )
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
        coalesce(ours.style, '') as style,
        coalesce(ours.category, '') as category,
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
        coalesce(flying.inflight, 0) as inflight,
        greatest(coalesce(buckets.supply, 0) - coalesce(flying.inflight, 0), 0) as base,
        coalesce(sold.sold_30d, 0) as sold_30d,
        published.quantity as published_quantity,
        published.buffer,
        published.buffer_rule,
        published.percent_units,
        published.absolute_units,
        published.risk_units,
        published.policy,
        published.degraded,
        coalesce(expected.ordered_quantity, 0) as sold_since,
        expected.least_quantity as expected_quantity,
        expected.most_quantity,
        published.happened_at as published_at,
        arrived.happened_at as arrived_at,
        coalesce(arrived.state, '') as import_state,
        coalesce(offer.offer_id, '') as offer_id,
        -- what sold out is inactive for that alone: still offered, and on sale again with the next unit
        coalesce(not offer.is_gone and (offer.is_active or offer.inactivity_reasons = 'ZERO_QUANTITY'), false)
            as is_offered,
        if(coalesce(offer.is_gone, true), null, offer.quantity) as shown_quantity,
        offer.read_at as shown_at,
        -- what may stand there now: a sending that took effect since the reading counts, not the reading
        case
            when offer.is_gone then null
            when arrived.state = 'complete' and arrived.happened_at > offer.read_at then expected.most_quantity
            else greatest(offer.quantity - coalesce(sold_since_read.quantity, 0), 0)
        end::bigint as standing_quantity,
        coalesce(audit.read_count, 0) as different_count,
        audit.expected_quantity as audit_expected_quantity,
        audit.shown_quantity as audit_shown_quantity,
        audit.applied_at as audit_applied_at,
        audit.happened_at as audit_seen_at,
        offer.price_amount,
        batch.batch_id,
        batch.batch_at,
        batch.next_expected_at,
    from names
    left join ours on ours.sku = names.sku
    left join buckets on buckets.sku_key = ours.sku_key
    left join flying on flying.sku = names.sku
    left join sold on sold.sku = names.sku
    left join published_facts as published on published.sku = names.sku
    left join expected on expected.sku = names.sku
    left join read as offer on offer.sku = names.sku
    left join sold_since_read on sold_since_read.sku = names.sku
    left join comparison_facts as audit on audit.sku = names.sku
    left join batch on true
    left join import_facts as arrived on arrived.push_id = published.push_id
),

judged as (
    select
        *,
        -- before the first batch nobody knows what is there
        is_offered and batch_id is not null and coalesce(standing_quantity, 0) > base as is_at_risk,
        -- two readings in a row that differ from what should stand there
        is_offered and different_count >= 2 as is_mismatched,
    from known
)

select
    sku,
    sku_key,
    division,
    style,
    category,
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
    buffer,
    buffer_rule,
    percent_units,
    absolute_units,
    risk_units,
    policy,
    degraded,
    published_quantity,
    sold_since,
    expected_quantity,
    most_quantity,
    shown_quantity,
    standing_quantity,
    is_at_risk,
    if(is_at_risk, standing_quantity - base, 0) as at_risk_quantity,
    is_mismatched,
    different_count,
    audit_expected_quantity,
    audit_shown_quantity,
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
    shown_at,
    audit_applied_at,
    audit_seen_at,
from judged;
