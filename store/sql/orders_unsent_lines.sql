-- One row per wanted line of an order shown as shipped that BlueCherry never had. What was shipped past it?
-- A line somebody typed in there without our id is had, as far as its units go: two lines do not share one unit. While a
-- creation of its order is on its way, none is missed.
create or replace view orders_unsent_lines as
with unheard as (
    select
        line.order_id, line.order_line_id, line.sku,
        -- of the lines of a SKU up to this one, the fewest units first
        sum(line.quantity - line.cancelled_quantity) over (
            partition by line.order_id, line.sku
            order by line.quantity - line.cancelled_quantity, line.order_line_id
            rows unbounded preceding
        ) as wanted_quantity,
    from order_facts as placed
    join order_line_facts as line on line.order_id = placed.order_id
    anti join sales_line_facts as sent on sent.order_line_id = line.order_line_id
    where placed.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED') and not placed.is_before_start
        and line.quantity > line.cancelled_quantity and line.state not in ('REFUSED', 'CANCELED')
),

typed as (
    select sent.order_id, sku.sku, sum(sent.ordered_quantity - sent.cancelled_quantity) as quantity,
    from sales_line_facts as sent
    semi join unheard on unheard.order_id = sent.order_id
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
