-- One row per mapping and key in force or planned. How many things use it, and when did one last?
create or replace macro mapping_uses(as_of) as table
with asked as (
    select distinct mapping, key
    from mappings(as_of)
    where state in ('in_force', 'planned')
)

select
    asked.mapping,
    asked.key,
    count(distinct used.thing) as use_count,
    max(used.used_at) as last_used_at,
from asked
left join mapping_things(as_of) as used on used.mapping = asked.mapping and used.key = asked.key
group by asked.mapping, asked.key;
