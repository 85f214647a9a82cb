-- One row per mapping key and day it was set from. What does a code mean on the other side, since when, who said so?
create or replace macro mappings(as_of) as table
with told as (
    select
        *,
        timezone('Europe/London', as_of)::date as today,
        lead(from_on) over (partition by mapping, key order by from_on nulls first) as until_on,
    from mapping_facts
)

select
    mapping,
    key,
    value,
    case
        when from_on > today then 'planned'
        when until_on <= today then 'past'
        when value = '' then 'removed'
        else 'in_force'
    end as state,
    why,
    actor,
    from_on,
    until_on,
    happened_at as set_at,
from told;
