-- One row per order whose BlueCherry number the marketplace does not show yet.
create or replace view orders_unreferenced as
with

numbers as (
    select order_id, string_agg(distinct ord_num, '+' order by ord_num) as reference
    from sales_order_facts
    group by order_id
),

waiting as (
    select distinct order_id from orders_open_lines
)

select
    order_facts.order_id,
    numbers.reference,
    order_facts.changed_at,
from order_facts
join numbers using (order_id)
left join waiting using (order_id)
where waiting.order_id is null
    and order_facts.seller_reference <> numbers.reference
    and (order_facts.state = 'SHIPPING'
        or (order_facts.state in ('SHIPPED', 'RECEIVED') and not order_facts.is_before_start))
    and (order_facts.seller_reference = '' or not order_facts.is_before_start);
