-- One row per sales order of the orders whose sales orders are compared with what we sent. How does it stand?
create or replace macro drifting_sales(as_of) as table
select
    sales.* exclude (currency), sales.currency as currency_there,
    placed.state as market_state, placed.is_before_start, placed.currency, placed.shipping_deadline_at,
from drifting_orders(as_of) as placed
join sales_order_facts as sales on sales.order_id = placed.order_id;
