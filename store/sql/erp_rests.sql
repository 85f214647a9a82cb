-- One row, or none: since BlueCherry last took or refused a sales order for what it is, it answered creations with a code
-- that is about all of them. With which, how often, and when?
create or replace macro erp_rests(codes) as table
with judged as (
    select max(meant_at) as judged_at,
    from intent_facts
    where intent_kind = 'create_sales_order' and answered = '' and (
        state = 'confirmed'
        -- what was never sent, or only looked for, was judged by nobody
        or (state = 'refused' and code not in ('not_sent', 'absent', 'superseded', 'other_content'))
    )
)

select
    arg_max(answered, meant_at) as code,
    count(distinct meant_at) as tries,
    min(meant_at) as since_at,
    max(meant_at) as last_at,
from intent_facts
where intent_kind = 'create_sales_order' and list_contains(codes, answered)
    and meant_at > coalesce((select judged_at from judged), '-infinity'::timestamptz)
having tries > 0;
