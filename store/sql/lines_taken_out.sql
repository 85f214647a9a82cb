-- One row per order line of those asked for that was taken out of the sales order of another order. When was it last?
create or replace macro lines_taken_out(line_ids) as table
with shown as (
    select line.order_line_id, line.ord_num, line.happened_at, line.seq,
    from sales_line_facts as line
    join order_line_facts as sold on sold.order_line_id = line.order_line_id and sold.order_id <> line.order_id
    where list_contains(line_ids, line.order_line_id)
),

-- whatever changes there later (it is picked, it is shipped) took nothing out
gone as (
    select shown.order_line_id, shown.ord_num, min(said.happened_at) as gone_at,
    from shown
    join events as said on said.kind = 'sales_order.read' and said.subject = shown.ord_num
    where (said.happened_at, said.seq) > (shown.happened_at, shown.seq)
    group by shown.order_line_id, shown.ord_num
)

select order_line_id, max(gone_at) as taken_out_at,
from gone
group by order_line_id;
