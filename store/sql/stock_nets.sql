-- One row per SKU and warehouse that sells on this channel, as the newest batch had it. How many are left there?
create or replace macro stock_nets(as_of) as table
with warehouses as (
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

-- what leaves on scheduled orders until the next batch lands, as last assessed
leaving as (
    from scheduled_units(
        (select max(as_of) from batch_reading_facts where read_id is not null),
        (select max_by(lands_at, batch_at) from risk_window_facts),
        skew_seconds := (select coalesce(min(clock_skew_seconds), 120) from stock_terms_facts)
    )
)

select
    stock.*,
    coalesce(leaving.quantity, 0) as scheduled,
    coalesce(leaving.orders, '') as scheduled_orders,
    stock.on_hand - stock.linked - stock.allocated - stock.picked - stock.damaged - stock.held - scheduled as net,
from stock_facts as stock
semi join warehouses on warehouses.location = stock.location
left join leaving on leaving.sku_key = stock.sku_key and leaving.location = stock.location
where trim(upper(stock.location)) not in ('POE', 'FOB', '');
