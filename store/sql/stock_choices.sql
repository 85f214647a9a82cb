-- One row per division, category, style and warehouse offers belong to. By what can the stock be narrowed?
create or replace macro stock_choices(as_of) as table
with risk as (
    select weighed.is_at_risk, ours.sku_key, ours.division, ours.category, ours.style, ours.style_name,
    from weighed_offers as weighed
    join sku_names as names on names.sku = weighed.sku
    join sku_facts as ours on ours.sku_key = names.sku_key
),

spread as (
    select
        case when grouping(division) = 0 then 'division' when grouping(category) = 0 then 'category' else 'style' end as kind,
        coalesce(division, category, style) as value,
        if(grouping(style) = 0, max(style_name), '') as words,
        count(*) as sku_count,
        count(*) filter (where is_at_risk) as at_risk_count,
    from risk
    group by grouping sets ((division), (category), (style))
),

placed as (
    select
        'warehouse' as kind,
        stock.location as value,
        '' as words,
        count(*) as sku_count,
        count(*) filter (where risk.is_at_risk) as at_risk_count,
    from stock_facts as stock
    join risk on risk.sku_key = stock.sku_key
    where stock.on_hand <> 0
    group by stock.location
)

select kind, value, words, sku_count, at_risk_count from spread where value <> ''
union all by name
select kind, value, words, sku_count, at_risk_count from placed where value <> '';
