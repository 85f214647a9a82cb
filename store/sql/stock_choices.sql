-- One row per division, category, style and warehouse offers belong to. By what can the risk be narrowed?
create or replace macro stock_choices(as_of) as table
with risk as (
    from stock_risk(as_of)
),

spread as (
    select 'division' as kind, division as value, '' as words, is_at_risk from risk
    union all
    select 'category' as kind, category as value, '' as words, is_at_risk from risk
    union all
    select 'style' as kind, style as value, style_name as words, is_at_risk from risk
    union all
    select 'warehouse' as kind, unnest(string_split(warehouses, ', ')) as value, '' as words, is_at_risk from risk
)

select
    kind,
    value,
    max(words) as words,
    count(*) as sku_count,
    count(*) filter (where is_at_risk) as at_risk_count,
from spread
where value <> ''
group by kind, value;
