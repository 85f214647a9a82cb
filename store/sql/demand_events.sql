-- One row per demand event in force or planned. Of which goods is more or less wanted than usual, when, how much?
-- Beginning and end are told on London's clock.
create or replace macro demand_events(as_of) as table
with said as (
    select
        key,
        state,
        set_at,
        regexp_extract(key, '^(.*?)(?:(?:^|\s)(\w+):(.*))?$', ['name', 'scope', 'goods']) as whom,
        regexp_extract(
            value, '^(\S+ \S+) to (\S+ \S+) x(\S+?)(?: others x(\S+))?$', ['since', 'until', 'own', 'others']
        ) as what,
    from mappings(as_of)
    where mapping = 'demand_event' and state in ('in_force', 'planned')
),

read as (
    select
        *,
        try_cast(what.own as double) as own_factor,
        coalesce(try_cast(what.others as double), 1) as other_factor,
        timezone('Europe/London', try_cast(what.since as timestamp)) as since_at,
        timezone('Europe/London', try_cast(what.until as timestamp)) as until_at,
    from said
)

select
    key,
    trim(whom.name) as name,
    whom.scope as scope,                            -- division, category, style or sku; empty: everything
    trim(whom.goods) as goods,
    state,
    state = 'in_force' and since_at <= as_of and until_at > as_of as is_on,
    own_factor,
    other_factor,
    since_at,
    until_at,
    set_at as told_at,
from read
where since_at is not null and until_at is not null and own_factor is not null;
