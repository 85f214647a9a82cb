-- One row per mapping in force that cannot be right. Which names something the other side does not have, or says nothing?
create or replace macro conditions_mappings(as_of) as table
with in_force as (
    select mapping, key, value, set_at from mappings(as_of) where state = 'in_force' and value <> ''
),

codes as (
    select
        case topic
            when 'warehouses' then 'warehouse'
            when 'carriers' then 'carrier'
            when 'accounts' then 'account'
            else 'ship_via'
        end as mapping,
        unnest(cast(value::json as json[])) ->> 'code' as code,
    from marketplace_facts
    where topic in ('warehouses', 'carriers', 'ship_vias', 'accounts')

    union all

    select distinct 'division' as mapping, division as code
    from sku_facts
    where not is_gone and division <> ''
),

pointless as (
    select
        mapping, key, set_at,
        mapping || ' ' || key || ' → ' || value as cause,
        'There is no ' || replace(mapping, '_', '-') || ' ' || value || ' any more.' as detail,
    from in_force
    -- where the other side was never read, nothing is judged
    where mapping in (select mapping from codes)
        and not exists (from codes where codes.mapping = in_force.mapping and codes.code = in_force.value)
),

-- as sync.rules.mappings reads keys; the desk refuses these, settings may hold them
unreadable as (
    select
        mapping, key, set_at, mapping || ' ' || key || ' → ' || value as cause,
        'Its key is no rule: it maps nothing.' as detail,
    from in_force
    where mapping in ('warehouse', 'division')
        and (
            regexp_matches(key, '(^|\s)(country|zone):(\s|$)')
            or regexp_matches(key, '(^|\s)sku:\s*$')
            or (contains(key, '|') and not starts_with(key, 'sku:') and not contains(key, '…'))
            or length(regexp_extract_all(key, '(?:^|\s)country:')) > 1
            or length(regexp_extract_all(key, '(?:^|\s)zone:')) > 1
        )
),

-- as sync.rules.mappings names them
wordless as (
    select
        mapping, key, set_at, mapping || ' ' || key || ' → ' || value as cause,
        'It is none of our words for a sales order: nothing is known of one in that status.' as detail,
    from in_force
    where mapping = 'order_status' and value not in (
        'ENTERED', 'HELD', 'OPEN', 'PICKED', 'PART_SHIPPED', 'SHIPPED', 'INVOICED', 'CANCELLED'
    )
),

-- as sync.rules.record_error reads chances
chances as (
    select
        mapping, key, set_at, value,
        [try_cast(trim(part) as double) for part in string_split(value, ',')] as parts,
    from in_force
    where mapping = 'record_error'
),

unlikely as (
    select
        mapping, key, set_at, mapping || ' ' || key || ' → ' || value as cause,
        'It says no chances of 1, 2, … units too many: those of RECORD_ERROR are taken.' as detail,
    from chances
    where len(parts) > 20 or list_sum(parts) > 1
        or len(list_filter(parts, lambda chance: chance is null or chance < 0 or chance > 1)) > 0
)

select
    'mapping_invalid' as kind, mapping || '/' || key as subject, '' as order_id, cause, detail,
    null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at, set_at as since_at,
from (
    from pointless union all by name from unreadable union all by name from unlikely union all by name from wordless
)
qualify row_number() over (partition by mapping, key order by detail) = 1;
