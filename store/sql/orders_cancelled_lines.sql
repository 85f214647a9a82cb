-- One row per order line of which a sales order still has units that a customer has cancelled at the marketplace.
-- `is_single`: it stands in one line of one sales order, and the units can be cancelled there. In which is it open?
create or replace view orders_cancelled_lines as
with

here as (
    select
        line.order_line_id,
        string_agg(distinct line.ord_num, ' and ' order by line.ord_num) as ord_num,
        min(line.line_number) as line_number,
        count(*) as line_count,
        sum(line.ordered_quantity - line.cancelled_quantity)::integer as wanted_quantity,
        sum(line.cancelled_quantity)::integer as before_quantity,
        sum(line.open_quantity)::integer as open_quantity,
        max(line.happened_at) as read_at,
    from sales_line_facts as line
    join sales_order_facts as sales
        -- one that was taken out of its sales order is no line any more
        on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    where line.order_line_id <> ''
    group by line.order_line_id
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
    where parent.state in (
            'SHIPPING', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED', 'CANCELED',
            'INCIDENT_OPEN', 'INCIDENT_CLOSED', 'WAITING_REFUND', 'WAITING_REFUND_PAYMENT', 'REFUNDED'
        )
        and (line.cancelled_quantity > 0 or parent.state = 'CANCELED' or line.state in ('CANCELED', 'REFUSED'))
)

select
    -- ids
    there.order_line_id,
    there.order_id,
    here.ord_num,
    here.line_number,
    here.line_count = 1 as is_single,
    -- numbers
    here.before_quantity,
    there.cancelled_quantity,
    least(here.open_quantity, here.wanted_quantity - (there.quantity - there.cancelled_quantity)) as quantity,
    -- times
    there.placed_at,
    here.read_at,
from there
join here using (order_line_id)
where least(here.open_quantity, here.wanted_quantity - (there.quantity - there.cancelled_quantity)) > 0;
