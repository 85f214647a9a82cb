-- One row per order with money in the ledger. What did it bring in, less what it cost to sell there?
create or replace view profit as
with booked as (
    select
        order_id,
        currency,
        sum(amount) filter (where type like 'ORDER\_%' escape '\' and type not like 'ORDER\_SHIPPING%' escape '\')
            as price_amount,
        sum(amount) filter (where type like 'ORDER\_SHIPPING%' escape '\') as shipping_amount,
        sum(amount) filter (where type like 'COMMISSION%') as commission_amount,
        sum(amount) filter (where type like 'REFUND%') as refund_amount,
        sum(amount) as net_amount,
        bool_and(payment_state = 'PAID') as is_paid,
        count(*) as line_count,
    from transaction_facts
    where order_id <> '' and type <> 'PAYMENT'
    group by order_id, currency
),

cost as (
    -- goods that stayed with the customer, at today's cost of the SKU
    select
        line.order_id,
        sum((line.quantity - line.cancelled_quantity - line.refunded_quantity) * known.cost_amount) as cost_amount,
        bool_or(known.cost_amount is null) as is_cost_unknown,
    from order_line_facts as line
    left join (
        select sku, any_value(cost_amount) as cost_amount from sku_facts group by sku
    ) as known on known.sku = line.sku
    group by line.order_id
)

select
    booked.order_id,
    placed.state,
    booked.is_paid,
    coalesce(cost.is_cost_unknown, true) as is_cost_unknown,
    booked.line_count,
    booked.currency,
    coalesce(booked.price_amount, 0)::decimal(18, 6) as price_amount,
    coalesce(booked.shipping_amount, 0)::decimal(18, 6) as shipping_amount,
    coalesce(booked.commission_amount, 0)::decimal(18, 6) as commission_amount,
    coalesce(booked.refund_amount, 0)::decimal(18, 6) as refund_amount,
    (
        booked.net_amount - coalesce(booked.price_amount, 0) - coalesce(booked.shipping_amount, 0)
        - coalesce(booked.commission_amount, 0) - coalesce(booked.refund_amount, 0)
    )::decimal(18, 6) as other_amount,
    booked.net_amount::decimal(18, 6) as net_amount,
    cost.cost_amount::decimal(18, 6) as cost_amount,
    (booked.net_amount - cost.cost_amount)::decimal(18, 6) as profit_amount,
    placed.placed_at,
from booked
left join order_facts as placed on placed.order_id = booked.order_id
left join cost on cost.order_id = booked.order_id;
