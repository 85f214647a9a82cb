-- One row per order whose sales orders are compared with what we sent. Of which does a difference still matter?
create or replace macro drifting_orders(as_of) as table
select order_id, state, currency, total_amount, is_before_start, shipping_deadline_at, happened_at,
from order_facts
where state = 'SHIPPING'
    or (
        state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED')
        and (
            changed_at > as_of - interval 30 days
            -- quiet at John Lewis, and changed in BlueCherry of late
            or order_id in (select order_id from sales_order_facts where happened_at > as_of - interval 30 days)
            -- found in time, it stays until it is answered or put back
            or order_id in (
                select order_id from exception_facts where is_open and starts_with(exception_kind, 'drift_')
            )
        )
    );
