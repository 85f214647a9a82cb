-- One row per order line of the orders compared that we ever set out to send. What did we mean last, whatever came of it?
create or replace macro lines_meant(as_of) as table
select
    one.order_line_id,
    any_value(order_id) as order_id,
    arg_max(intent_id, (happened_at, seq)) as intent_id,
    arg_max(warehouse, (happened_at, seq)) as warehouse,
    arg_max(one, (happened_at, seq)) as one,
from (
    select intent_id, order_id, warehouse, happened_at, seq, unnest(lines) as one
    from sent_order_facts
    where order_id in (select order_id from drifting_sales(as_of) where not is_before_start)
)
group by one.order_line_id;
