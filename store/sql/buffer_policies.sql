-- One row per buffer policy, and one of what the settings hold back where none says otherwise.
-- What is held back for what, from which day, who said so, and is it in force?
create or replace macro buffer_policies(as_of) as table
with told as (
    select
        *,
        timezone('Europe/London', as_of)::date as today,
        lead(from_on) over (partition by level, key order by from_on) as until_on,
    from buffer_policy_facts
)

select
    level,
    key,
    is_removed,
    percent,
    units,
    combine,
    risk,
    alpha,
    minimum,
    maximum,
    oversell_cost_amount,
    case
        when from_on > today then 'planned'
        when until_on <= today then 'past'
        when is_removed then 'removed'
        else 'in_force'
    end as state,
    why,
    actor,
    from_on,
    until_on,
    happened_at as set_at,
from told

union all by name

select
    'settings' as level,
    '' as key,
    false as is_removed,
    percent,
    units,
    combine,
    risk,
    alpha,
    minimum,
    maximum,
    oversell_cost_amount,
    'in_force' as state,
    '' as why,
    '' as actor,
    happened_at as set_at,
from stock_terms_facts
where percent is not null;
