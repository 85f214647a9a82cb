-- One row per record that an outside system lists and that cannot be read. Which are they, and what is the matter with them?
create or replace macro conditions_unread(as_of) as table
select
    'unreadable' as kind, concat_ws(' ', system, record, nullif(record_id, '')) as subject,
    -- fetch again asks for it by name
    if(system = 'John Lewis' and record = 'order', record_id, '') as order_id,
    system || '''s ' || record || if(record = 'stock batch', 'es', 's') as cause,
    record || ' ' || if(record_id = '', 'without a name', record_id) || ': ' || detail as detail,
    detail as grounds,
    happened_at as since_at,
from unread_facts
where is_open and happened_at <= as_of;
