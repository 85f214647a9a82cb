-- One row per cause that holds orders or shipments, or leaves their state unknown. What would mending it release?
create or replace macro unmapped(as_of) as table
with held as (
    select reason, cause, order_id, currency, total_amount, deadline_at, happened_at from held_orders

    union all

    select held.reason, held.cause, held.order_id, placed.currency, placed.total_amount,
        placed.shipping_deadline_at as deadline_at,
        held.happened_at,
    from shipment_hold_facts as held
    left join order_facts as placed on placed.order_id = held.order_id
    where held.reason <> ''

    union all

    select 'unmapped_status' as reason, sales.raw_status as cause, placed.order_id, placed.currency, placed.total_amount,
        placed.shipping_deadline_at as deadline_at,
        sales.changed_at as happened_at,
    from order_facts as placed
    join sales_order_facts as sales on sales.order_id = placed.order_id
    anti join status_words(as_of) as word on word.raw_status = sales.raw_status
    where placed.state in ('STAGING', 'WAITING_ACCEPTANCE', 'WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING')
        and sales.raw_status <> ''
),

-- an order of which two parcels wait for the same is worth its total once
orders as (
    select reason, cause, sum(total_amount)::decimal(18, 6) as amount,
    from (select distinct reason, cause, order_id, total_amount from held)
    group by reason, cause
)

select
    reason,
    cause,
    case reason
        when 'unmapped_carrier' then 'carrier'
        when 'unknown_ship_via' then 'ship_via'
        when 'missing_warehouse' then 'warehouse'
        when 'missing_division' then 'division'
        when 'unmapped_status' then 'order_status'
        else ''
    end as mapping,
    count(*) as held_count,
    count(distinct order_id) as order_count,
    list(distinct order_id order by order_id) as order_ids,
    any_value(currency) as currency,
    any_value(orders.amount) as amount,
    epoch(min(deadline_at) - as_of)::bigint as left_seconds,
    min(deadline_at) as deadline_at,
    min(happened_at) as since_at,
from held
join orders using (reason, cause)
group by reason, cause;
