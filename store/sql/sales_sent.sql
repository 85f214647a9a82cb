-- One row per sales order compared and sending of which something stands in it. Whose was it, and is it held to that one?
create or replace macro sales_sent(as_of) as table
with whose as (
    select sales.ord_num, sales.warehouse, intent.intent_id, true as is_ours
    from drifting_sales(as_of) as sales
    join intent_facts as intent
        on intent.order_id = sales.order_id and intent.reference = sales.ord_num
        and intent.intent_kind = 'create_sales_order' and intent.state = 'confirmed'
    -- what was found and not made by us was sent by somebody else, in their words
    where not (sales.is_before_start and intent.message <> '')

    union all

    -- keyed in, sent by another program, or put into another one, in the place of ours: it has to say the same
    select sales.ord_num, sales.warehouse, meant.intent_id, false
    from drifting_sales(as_of) as sales
    join sales_line_facts as line on line.ord_num = sales.ord_num
    join lines_meant(as_of) as meant on meant.order_line_id = line.order_line_id and meant.order_id = sales.order_id
)

select
    whose.ord_num,
    whose.is_ours,
    whole.*,
    -- of two that were put into one, the one whose goods leave from elsewhere now
    row_number() over (
        partition by whose.ord_num
        order by is_ours desc, whole.warehouse = whose.warehouse, whole.happened_at desc, whole.seq desc
    ) = 1 as is_first,
from whose
join sent_order_facts as whole on whole.intent_id = whose.intent_id;
