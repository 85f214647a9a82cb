-- One row per offer. How likely is it sold more often than it is there before the next batch lands, and at what cost?
-- Of all, or of those named.
create or replace macro stock_risk(as_of, names := null) as table
with ours as (
    select owned.*
    from sku_names as named
    join sku_facts as owned on owned.sku_key = named.sku_key
    where names is null or named.sku in (select unnest(cast(names as varchar[])))
),

places as (
    select stock.sku_key, string_agg(stock.location, ', ' order by stock.location) as warehouses,
    from stock_facts as stock
    semi join ours on ours.sku_key = stock.sku_key
    where stock.on_hand <> 0
    group by stock.sku_key
),

grids as (
    select sku, base from risk_grid_facts where interval_hours = 0
),

newest as (
    select batch_id, next_from, currency, is_late, batch_at, next_at, lands_at, happened_at as assessed_at,
    from risk_window_facts
    order by happened_at desc, seq desc
    limit 1
)

select
    -- ids
    risk.sku,
    coalesce(ours.sku_key, '') as sku_key,
    newest.batch_id,
    coalesce(ours.division, '') as division,
    coalesce(ours.category, '') as category,
    coalesce(ours.style, '') as style,
    coalesce(ours.style_name, '') as style_name,
    coalesce(ours.color_name, '') as color_name,
    coalesce(ours.size, '') as size,
    coalesce(places.warehouses, '') as warehouses,
    newest.currency,
    -- whether what other choices would come to is known (`risk_grid`), and why not
    case
        when grids.base = risk.base then 'ready'
        when grids.base is not null then 'for_another_base'
        when risk.is_at_risk or risk.cost_amount > 0 or risk.advised_buffer > 0 then 'not_yet'
        else 'nothing_to_weigh'
    end as grid_state,
    -- what is listed, and what is held back
    risk.is_at_risk,
    risk.base,
    risk.quantity,
    risk.buffer,
    risk.buffer_rule,
    risk.advised_buffer,
    risk.advised_rule,
    -- how likely
    risk.oversell_chance,
    risk.own_chance,
    risk.worst_chance,
    risk.stock_out_chance,
    risk.oversold_units,
    risk.lost_units,
    risk.cost_amount,
    risk.margin_amount,
    -- of what
    risk.own_mean,
    risk.other_mean,
    risk.buffer_cover,
    risk.window_cover,
    -- times
    newest.next_from,
    newest.is_late or as_of > newest.next_at as is_batch_late,
    epoch(as_of - newest.batch_at)::bigint as batch_age_seconds,
    epoch(newest.lands_at - as_of)::bigint as lands_in_seconds,
    newest.batch_at,
    newest.next_at,
    newest.lands_at,
    newest.assessed_at,
    risk.happened_at as changed_at,
from stock_risk_facts as risk
join newest on true
join offer_facts as offer on offer.sku = risk.sku and not offer.is_gone
left join ours on ours.sku = risk.sku
left join places on places.sku_key = ours.sku_key
left join grids on grids.sku = risk.sku
where names is null or risk.sku in (select unnest(cast(names as varchar[])));
