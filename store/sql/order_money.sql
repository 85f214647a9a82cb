-- One row per order and part of its money: what was sold, what was given back, both together. John Lewis against BlueCherry:
-- what each booked (null: nothing), and the difference, which is theirs less ours.
create or replace view order_money as
with booked as (
    select
        order_id,
        if(type like 'REFUND%', 'given_back', 'sold') as part,
        sum(amount) as market_amount,
        null::decimal(18, 6) as erp_amount,
        any_value(currency) as currency,
    from transaction_facts
    -- what a customer pays for goods and their shipping: commission and fees are between John Lewis and us
    where order_id <> '' and regexp_matches(type, '^(REFUND_)?ORDER_(SHIPPING_)?AMOUNT')
    group by 1, 2
),

charged as (
    select
        order_id,
        if(document_kind = 'credit_memo', 'given_back', 'sold') as part,
        null as market_amount,
        sum(total_amount) as erp_amount,
        any_value(currency) as currency,
    from order_documents
    where order_id <> ''
    group by 1, 2
),

parts as (
    from booked
    union all
    from charged
)

select
    order_id,
    coalesce(part, 'together') as part,
    case part when 'sold' then 1 when 'given_back' then 2 else 3 end as position,
    any_value(currency) as currency,
    sum(market_amount)::decimal(18, 6) as market_amount,
    sum(erp_amount)::decimal(18, 6) as erp_amount,
    -- amounts of two currencies do not compare
    if(
        count(distinct currency) = 1, coalesce(sum(market_amount), 0) - coalesce(sum(erp_amount), 0), null
    )::decimal(18, 6) as difference_amount,
from parts
group by grouping sets ((order_id, part), (order_id));
