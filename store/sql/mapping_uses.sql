-- One row per mapping and key in force or planned. Who uses it: what of the last thirty days carries its code, or fits its rule?
create or replace macro mapping_uses(as_of) as table
with asked as (
    select distinct
        mapping,
        key,
        -- the parts of a rule, as sync/rules/mappings.py reads them
        upper(regexp_extract(key, '(?:^|\s)country:(\S+)', 1)) as country,
        regexp_extract(key, '(?:^|\s)zone:(\S+)', 1) as zone,
        trim(regexp_replace(key, '(^|\s)(country|zone):\S*', '', 'g')) as goods,
    from mappings(as_of)
    where state in ('in_force', 'planned')
),

recent as (
    select
        placed.order_id, placed.shipping_type, placed.placed_at, coalesce(placed.shipping_zone, '') as zone,
        line.sku, sku.division, sku.division || '|' || sku.style as style,
    from order_facts as placed
    join order_line_facts as line on line.order_id = placed.order_id
    left join sku_facts as sku on sku.sku = line.sku and not sku.is_gone
    where placed.placed_at > as_of - interval 30 day
),

used as (
    select asked.mapping, asked.key, recent.order_id as thing, recent.placed_at as used_at
    from asked
    join recent on recent.shipping_type = asked.key
    where asked.mapping = 'ship_via'

    union all

    select asked.mapping, asked.key, shipment.ship_id, shipment.shipped_at
    from asked
    join shipment_facts as shipment on shipment.ship_via = asked.key
    where asked.mapping = 'carrier' and not shipment.is_voided and shipment.shipped_at > as_of - interval 30 day

    union all

    select asked.mapping, asked.key, sales.ord_num, sales.changed_at
    from asked
    join sales_order_facts as sales on sales.raw_status = asked.key
    where asked.mapping = 'order_status' and sales.changed_at > as_of - interval 30 day

    union all

    -- a more specific rule may decide for some of these; of a country only its own part is asked, for it is personal
    select asked.mapping, asked.key, recent.order_id, recent.placed_at
    from asked
    join recent on asked.zone in ('', recent.zone)
        and case
            when asked.goods = '' then true
            when starts_with(asked.goods, 'sku:') then recent.sku = trim(asked.goods[5:])
            when ends_with(asked.goods, '…') then starts_with(recent.style, asked.goods[:-2])
            else recent.division = asked.goods
        end
    where asked.mapping in ('warehouse', 'division') and asked.country = ''
)

select
    asked.mapping,
    asked.key,
    -- where an order goes is personal data and not kept: of a rule for a country nobody can say
    case
        when asked.mapping in ('warehouse', 'division') and asked.country <> '' then null
        else count(distinct used.thing)
    end as use_count,
    max(used.used_at) as last_used_at,
from asked
left join used on used.mapping = asked.mapping and used.key = asked.key
group by asked.mapping, asked.key, asked.country;
