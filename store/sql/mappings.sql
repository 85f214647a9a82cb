-- One row per mapping in force. What does a code of one side mean on the other?
create or replace view mappings as
select mapping, key, value, why, happened_at as set_at,
from mapping_facts
where value <> '';
