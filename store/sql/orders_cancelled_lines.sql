-- One row per sales order line that still has units a customer has cancelled at the marketplace.
create or replace view orders_cancelled_lines as
with

here as (
    select
        order_line_id,
        any_value(ord_num) as ord_num,
        any_value(line_number) as line_number,
        count(*) as line_count,
        sum(ordered_quantity - cancelled_quantity)::integer as wanted_quantity,
        sum(cancelled_quantity)::integer as before_quantity,
        sum(open_quantity)::integer as open_quantity,
        max(happened_at) as read_at,
    from sales_line_facts
    where order_line_id <> ''
    group by order_line_id
),

there as (
    select
        line.order_line_id,
        line.order_id,
        line.placed_at,
        case
            when parent.state in ('CANCELED', 'REFUSED') or line.state in ('CANCELED', 'REFUSED') then line.quantity
            else line.cancelled_quantity
        end as cancelled_quantity,
        line.quantity,
    from order_line_facts as line
    join order_facts as parent using (order_id)
    -- what else there was may have left: the rest of such an order must not be picked any more
    where parent.state in ('SHIPPING', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CANCELED')
        and (line.cancelled_quantity > 0 or parent.state = 'CANCELED' or line.state in ('CANCELED', 'REFUSED'))
)

select
    -- ids
    there.order_line_id,
    there.order_id,
    here.ord_num,
    here.line_number,
    -- numbers
    here.before_quantity,
    there.cancelled_quantity,
    least(here.open_quantity, here.wanted_quantity - (there.quantity - there.cancelled_quantity)) as quantity,
    -- times
    there.placed_at,
    here.read_at,
from there
join here using (order_line_id)
where here.line_count = 1
    and least(here.open_quantity, here.wanted_quantity - (there.quantity - there.cancelled_quantity)) > 0;
