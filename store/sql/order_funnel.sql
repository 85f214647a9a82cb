-- One row per stage of an order's life. How many of the last days' orders have come so far, and where do they wait?
-- One of the few that look across: it counts the rows of `orders`.
create or replace macro order_funnel(as_of, span_days := 14) as table
with recent as (
    select
        order_id, placed_at, total_amount, currency,
        case
            when state in ('RECEIVED', 'CLOSED') then 7
            when is_shown_shipped then 6
            when shipped_count > 0 then 5
            when erp_state in ('in_erp', 'adopted') then 4
            when state = 'SHIPPING' then 3
            when state in ('WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT') then 2
            else 1
        end as reached,
    from orders(as_of)
    where not is_cancelled and (placed_at > as_of - to_days(span_days::integer) or not is_shown_shipped)
),

stages as (
    select * from (values
        (1, 'placed'), (2, 'accepted_by_us'), (3, 'to_send'), (4, 'in_erp'), (5, 'shipped'), (6, 'confirmed'), (7, 'received')
    ) as stages (position, stage)
)

select
    stages.position,
    stages.stage,
    count(*) filter (where recent.reached >= stages.position) as reached_count,
    count(*) filter (where recent.reached = stages.position) as waiting_count,
    coalesce(sum(recent.total_amount) filter (where recent.reached = stages.position), 0)::decimal(18, 6) as waiting_amount,
    any_value(recent.currency) as currency,
    min(recent.placed_at) filter (where recent.reached = stages.position) as oldest_at,
from stages
left join recent on true
group by stages.position, stages.stage;
