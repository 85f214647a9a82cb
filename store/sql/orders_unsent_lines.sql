-- One row per wanted line of an order shown as shipped that BlueCherry has not. What was shipped past it?
-- What lives in the sales order of another order is had; what was cancelled there, or taken out of it again, is not.
-- A line somebody typed in there without our id is had, as far as its units go: two lines do not share one unit. While a
-- creation of its order is on its way, none is missed.
create or replace view orders_unsent_lines as
with wanted as (
    select line.order_id, line.order_line_id, line.sku, line.quantity - line.cancelled_quantity as quantity,
    from order_facts as placed
    join order_line_facts as line on line.order_id = placed.order_id
    anti join sales_line_facts as own on own.order_line_id = line.order_line_id and own.order_id = line.order_id
    where placed.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED') and not placed.is_before_start
        and line.quantity > line.cancelled_quantity and line.state not in ('REFUSED', 'CANCELED')
),

abroad as (
    select line.order_line_id
    from wanted
    join sales_line_facts as line on line.order_line_id = wanted.order_line_id
    join sales_order_facts as sales
        on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    where line.ordered_quantity > line.cancelled_quantity
),

unheard as (
    select
        wanted.order_id, wanted.order_line_id, wanted.sku,
        -- of the lines of a SKU up to this one, the fewest units first
        sum(wanted.quantity) over (
            partition by wanted.order_id, wanted.sku
            order by wanted.quantity, wanted.order_line_id
            rows unbounded preceding
        ) as wanted_quantity,
    from wanted
    anti join abroad on abroad.order_line_id = wanted.order_line_id
),

typed as (
    select sent.order_id, sku.sku, sum(sent.ordered_quantity - sent.cancelled_quantity) as quantity,
    from sales_line_facts as sent
    semi join unheard on unheard.order_id = sent.order_id
    join sales_order_facts as sales
        on sales.ord_num = sent.ord_num and (sent.happened_at, sent.seq) >= (sales.happened_at, sales.seq)
    join sku_facts as sku on sku.sku_key = sent.sku_key
    anti join order_line_facts as ours on ours.order_line_id = sent.order_line_id
    group by sent.order_id, sku.sku
),

pending as (
    select intent.order_id,
    from intent_facts as intent
    left join sales_order_facts as seen on seen.ord_num = intent.reference
    where intent.intent_kind = 'create_sales_order'
        and (intent.state in ('recorded', 'unclear') or (intent.state = 'confirmed' and seen.ord_num is null))
)

select unheard.order_id, unheard.order_line_id, unheard.sku,
from unheard
anti join typed
    on typed.order_id = unheard.order_id and typed.sku = unheard.sku and typed.quantity >= unheard.wanted_quantity
anti join pending on pending.order_id = unheard.order_id;
