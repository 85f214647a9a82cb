-- One row per SKU that is or was offered. What has BlueCherry, what did we publish, what does John Lewis show?
create or replace macro inventory(as_of) as table
with buckets as (
    select
        sku_key,
        sum(on_hand) as on_hand,
        sum(linked) as linked,
        sum(allocated) as allocated,
        sum(picked) as picked,
        sum(damaged) as damaged,
        sum(held) as held,
        sum(later_orders) as later_orders,
        sum(scheduled) as scheduled,
        string_agg(nullif(scheduled_orders, ''), ', ' order by location) as scheduled_orders,
        sum(work_orders) as work_orders,
        sum(in_transit) as in_transit,
    from stock_nets(as_of)
    group by sku_key
),

-- goods on their way lie at a port of entry or at their origin; nothing is sold from there
afar as (
    select sku_key, sum(work_orders) as work_orders, sum(in_transit) as in_transit,
    from stock_facts
    where trim(upper(location)) in ('POE', 'FOB', '') and (work_orders > 0 or in_transit > 0)
    group by sku_key
),

sold as (
    select sku, sum(quantity) as sold_30d,
    from order_line_facts
    where placed_at >= as_of - interval 30 days
    group by sku
),

judged as (
    select
        stands.*,
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
        coalesce(buckets.scheduled, 0) as scheduled,
        coalesce(buckets.scheduled_orders, '') as scheduled_orders,
        coalesce(buckets.work_orders, 0) + coalesce(afar.work_orders, 0) as work_orders,
        coalesce(buckets.in_transit, 0) + coalesce(afar.in_transit, 0) as in_transit,
        coalesce(sold.sold_30d, 0) as sold_30d,
        published.buffer,
        published.buffer_rule,
        published.percent_units,
        published.absolute_units,
        published.risk_units,
        published.policy,
        published.degraded,
        coalesce(offer.offer_id, '') as offer_id,
        offer.price_amount,
        audit.expected_quantity as audit_expected_quantity,
        audit.shown_quantity as audit_shown_quantity,
        audit.applied_at as audit_applied_at,
        audit.happened_at as audit_seen_at,
    from stock_standing(as_of) as stands
    left join sku_facts as ours on ours.sku_key = stands.sku_key
    left join buckets on buckets.sku_key = stands.sku_key
    left join afar on afar.sku_key = stands.sku_key
    left join sold on sold.sku = stands.sku
    left join published_facts as published on published.sku = stands.sku
    left join offer_facts as offer on offer.sku = stands.sku
    left join comparison_facts as audit on audit.sku = stands.sku
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
    scheduled,
    scheduled_orders,
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
    is_refused,
    sold_since,
    expected_quantity,
    most_quantity,
    shown_quantity,
    standing_quantity,
    is_at_risk,
    at_risk_quantity,
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
    is_batch_late,
    batch_age_seconds,
    batch_at,
    next_expected_at,
    published_at,
    arrived_at,
    shown_at,
    audit_applied_at,
    audit_seen_at,
from judged;
