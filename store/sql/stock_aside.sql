-- One row per place of one SKU, in the newest batch, whose units are in no quantity we list. Where do others lie, and why not?
-- `why`: pseudo (not in the building), no_warehouse (BlueCherry types it otherwise: QA, returns, …), not_allowed.
create or replace macro stock_aside(name) as table
with keys as (
    select sku_key from sku_facts where sku = name
    qualify row_number() over (order by is_gone, not is_active, sku_key) = 1
),

terms as (
    select
        cast(warehouses::json as varchar[]) as allowed,
        coalesce(cast(refused_warehouses::json as varchar[]), []) as refused,
    from stock_terms_facts
),

places as (
    select unnest(cast(value::json as json[])) as place from marketplace_facts where topic = 'warehouses'
),

typed as (
    select
        place ->> 'code' as location,
        any_value(place ->> 'label') as label,
        any_value(trim(upper(coalesce(place -> 'detail' ->> 'type', '')))) as loc_type,
    from places
    group by location
)

select
    stock.location,
    coalesce(typed.label, '') as label,
    coalesce(typed.loc_type, '') as loc_type,
    list_contains(terms.refused, stock.location) as is_refused,     -- allowed, but no place to sell from
    case
        when trim(upper(stock.location)) in ('POE', 'FOB', '') then 'pseudo'
        when coalesce(typed.loc_type, '') not in ('', 'W') then 'no_warehouse'
        else 'not_allowed'
    end as why,
    stock.on_hand,
from stock_facts as stock
semi join keys on keys.sku_key = stock.sku_key
cross join terms
left join typed on typed.location = stock.location
where stock.on_hand <> 0 and not list_contains(terms.allowed, stock.location);
