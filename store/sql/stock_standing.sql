-- One row per SKU that is or was offered. How many are there, how many may stand at John Lewis, and is that too many?
-- Beneath `inventory`, the audit and the totals: it reads no more than these numbers take.
create or replace macro stock_standing(as_of) as table
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

supplies as (
    select
        stock.sku_key,
        sum(if(terms.clamps_warehouses, greatest(stock.net, 0), stock.net)) as supply,
    from stock_nets(as_of) as stock
    cross join terms
    group by stock.sku_key
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

sent as (
    select
        published.sku,
        published.push_id,
        published.quantity,
        published.happened_at as published_at,
        if(refused.sku is null, coalesce(arrived.state, ''), 'refused') as import_state,
        arrived.happened_at as arrived_at,
    from published_facts as published
    left join import_facts as arrived on arrived.push_id = published.push_id
    left join refused_quantities as refused on refused.push_id = published.push_id and refused.sku = published.sku
),

shown as (
    select
        offer.sku,
        offer.is_gone,
        -- what sold out is inactive for that alone: still offered, and on sale again with the next unit
        not offer.is_gone and (offer.is_active or offer.inactivity_reasons = 'ZERO_QUANTITY') as is_offered,
        offer.quantity,
        reading.read_until as read_at,
    from offer_facts as offer
    join offer_readings as reading on reading.sku = offer.sku
),

-- what was ordered after the reading is off the marketplace's number by now
sold_since_read as (
    select line.sku, sum(line.quantity) as quantity,
    from order_line_facts as line
    join shown on shown.sku = line.sku and line.placed_at > shown.read_at
    cross join terms
    where terms.deducts_sales and line.placed_at > (select min(read_at) from shown)
    group by line.sku
),

-- of which anything was sold or called off since the oldest of these sendings: of the others stands what was sent
moving as (
    select distinct line.sku
    from order_line_facts as line
    join order_facts as placed on placed.order_id = line.order_id
    cross join terms
    where placed.changed_at > (select min(published_at) from sent) - to_seconds(terms.skew_seconds)
),

expected as (
    from expected_shown(
        as_of, as_of,
        skew_seconds := (select skew_seconds from terms),
        deducts_sales := (select deducts_sales from terms),
        names := (select coalesce(list(sku), []) from moving)
    )
),

known as (
    select
        coalesce(ours.sku, shown.sku) as sku,
        ours.sku_key,
        coalesce(supplies.supply, 0) as supply,
        coalesce(flying.inflight, 0) as inflight,
        greatest(coalesce(supplies.supply, 0) - coalesce(flying.inflight, 0), 0) as base,
        sent.quantity as published_quantity,
        coalesce(sent.import_state = 'refused', false) as is_refused,
        coalesce(expected.ordered_quantity, 0) as sold_since,
        coalesce(expected.least_quantity, if(sent.import_state = 'complete', sent.quantity, null)) as expected_quantity,
        coalesce(expected.most_quantity, if(sent.import_state = 'complete', sent.quantity, null)) as most_quantity,
        sent.published_at,
        sent.arrived_at,
        coalesce(shown.is_offered, false) as is_offered,
        if(coalesce(shown.is_gone, true), null, shown.quantity) as shown_quantity,
        shown.read_at as shown_at,
        -- what may stand there now: a sending that took effect since the reading counts, not the reading
        case
            when shown.is_gone then null
            when sent.import_state = 'complete' and sent.arrived_at > shown.read_at
                then coalesce(expected.most_quantity, sent.quantity)
            else greatest(shown.quantity - coalesce(sold_since_read.quantity, 0), 0)
        end::bigint as standing_quantity,
        coalesce(audit.read_count, 0) as different_count,
        batch.batch_id,
        batch.batch_at,
        batch.next_expected_at,
    from sku_names as ours
    full join shown on shown.sku = ours.sku
    left join supplies on supplies.sku_key = ours.sku_key
    left join flying on flying.sku = coalesce(ours.sku, shown.sku)
    left join sent on sent.sku = coalesce(ours.sku, shown.sku)
    left join expected on expected.sku = coalesce(ours.sku, shown.sku)
    left join sold_since_read on sold_since_read.sku = shown.sku
    left join comparison_facts as audit on audit.sku = coalesce(ours.sku, shown.sku)
    left join batch on true
    where ours.is_listed or shown.sku is not null or sent.sku is not null
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
    is_offered,
    supply,
    inflight,
    base,
    published_quantity,
    is_refused,
    sold_since,
    expected_quantity,
    most_quantity,
    shown_quantity,
    standing_quantity,
    is_at_risk,
    if(is_at_risk, standing_quantity - base, 0) as at_risk_quantity,
    is_mismatched,
    different_count,
    batch_id,
    coalesce(as_of > next_expected_at, false) as is_batch_late,
    epoch(as_of - batch_at)::bigint as batch_age_seconds,
    batch_at,
    next_expected_at,
    published_at,
    arrived_at,
    shown_at,
from judged;
