-- One row per mapping, key and time it was used. What did it decide in the last thirty days, and of what does it say something
-- now? Of an order the rule that won is kept with what was sent; others that would have fitted are not used by it.
create or replace macro mapping_things(as_of) as table
with asked as (
    select distinct mapping, key
    from mappings(as_of)
    where state in ('in_force', 'planned')
),

own as (
    select key from mappings(as_of)
    where mapping = 'attribute' and state = 'in_force' and contains(key, '|')
),

sent as (
    select order_id, ship_via_rule, lines, happened_at
    from sent_order_facts
    where happened_at > as_of - interval 30 day
),

used as (
    select 'ship_via' as mapping, ship_via_rule as key, order_id as thing, order_id, '' as sku, happened_at as used_at
    from sent

    union all

    select 'warehouse', one.warehouse_rule, order_id, order_id, '', happened_at
    from (select order_id, happened_at, unnest(lines) as one from sent)

    union all

    select 'division', one.division_rule, order_id, order_id, '', happened_at
    from (select order_id, happened_at, unnest(lines) as one from sent)

    union all

    select 'carrier', ship_via, ship_id, order_id, '', shipped_at
    from shipment_facts
    where not is_voided and shipped_at > as_of - interval 30 day

    union all

    select 'order_status', raw_status, ord_num, order_id, '', changed_at
    from sales_order_facts
    where changed_at > as_of - interval 30 day

    union all

    select 'account', type, transaction_id, order_id, '', created_at
    from transaction_facts
    where created_at > as_of - interval 30 day

    union all

    -- what it says something about: the listed SKUs, of its category if it names one, but for those of a category
    -- that has its own
    select 'attribute', asked.key, sku.sku_key, '', sku.sku, null
    from asked
    join sku_facts as sku
        on not contains(asked.key, '|') or sku.category = split_part(asked.key, '|', 1)
    anti join own
        on not contains(asked.key, '|') and own.key = sku.category || '|' || asked.key
    where asked.mapping = 'attribute' and sku.is_listed and sku.is_active and not sku.is_gone

    union all

    select 'record_error', stock.location, stock.sku_key, '', coalesce(sku.sku, ''), null
    from stock_facts as stock
    left join sku_facts as sku on sku.sku_key = stock.sku_key
    where stock.on_hand > 0

    union all

    select 'demand_event', event.key, sku.sku_key, '', sku.sku, null
    from demand_events(as_of) as event
    join sku_facts as sku
        on event.scope = '' or event.goods = case event.scope
            when 'sku' then sku.sku
            when 'division' then sku.division
            when 'category' then sku.category
            when 'style' then sku.division || '|' || sku.style
        end
    where sku.is_listed and sku.is_active and not sku.is_gone
)

select mapping, key, thing, order_id, sku, used_at from used;
