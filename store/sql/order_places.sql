-- One row per place an order can be in and what it is there for. Where is every order ever seen, once each?
-- One of the few that look across: it counts the rows of `orders`.
create or replace macro order_places(as_of) as table
with placed as (
    select
        *,
        case
            when erp_state in ('waiting', 'sent', 'accepted', 'unclear') or is_tried_again then 'waiting'
            when erp_state = 'held' and hold_reason in ('refused_by_erp', 'accept_refused') then 'refused'
            when erp_state = 'not_needed' then if(state = 'REFUSED', 'refused', 'cancelled')
            else erp_state
        end as place,
    from orders(as_of)
)

select
    place,
    list_position(
        ['waiting', 'held', 'refused', 'missing', 'in_erp', 'adopted', 'cancelled'], place
    )::integer as position,
    -- for what it waits, or why it is held or refused
    case
        when place = 'waiting' then next_step
        when place in ('held', 'refused') and erp_state = 'held' then hold_reason
        when place <> 'refused' then ''
        when refused_why is null then if(is_before_start, 'before_our_start', 'by_john_lewis')
        else if(starts_with(refused_why, 'policy: '), 'by_policy', 'by_a_person')
    end as reason,
    count(*) as order_count,
    any_value(currency) as currency,
    sum(total_amount)::decimal(18, 6) as amount,
    epoch(as_of - min(placed_at))::bigint as age_seconds,
    epoch(min(shipping_deadline_at) filter (where place not in ('in_erp', 'adopted', 'cancelled') and state <> 'REFUSED') - as_of)::bigint
        as left_seconds,
    min(placed_at) as oldest_at,
from placed
group by place, reason;
