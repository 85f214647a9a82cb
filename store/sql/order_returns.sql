-- One row per order line of a return. Is it authorised in BlueCherry, has it come back, and has the money gone back?
-- Refunds are told by line, not by return: they count first for what BlueCherry has credited of a line, then for what
-- has come, then for what is announced; each time for its oldest return first. What is paid of units that never left is
-- none of theirs.
create or replace macro order_returns(as_of) as table
with announced as (
    select
        * exclude (one), one.order_line_id, one.quantity, one.reason_code as line_reason, one.is_compliant,
        sum(one.quantity) over (
            partition by one.order_line_id order by opened_at, return_id rows between unbounded preceding and 1 preceding
        ) as announced_before,
    from (
        select return_id, order_id, state, reason_code, rma, tracking, is_before_start, opened_at, changed_at,
            unnest(lines) as one,
        from market_return_facts
        where state not in ('REFUSED', 'CANCELED')
    )
),

authorised as (
    select
        return_id, one.order_line_id as order_line_id,
        string_agg(distinct ret_num, ', ' order by ret_num) as ret_nums,
        sum(one.quantity)::integer as quantity,
        sum(one.received_quantity)::integer as received_quantity,
        bool_and(is_closed) as is_closed,
        max(changed_at) filter (where one.received_quantity > 0) as received_at,
        max(changed_at) as changed_at,
    from (select return_id, ret_num, is_closed, changed_at, unnest(lines) as one from erp_return_facts where return_id <> '')
    group by all
),

credited as (
    select
        known.return_id, memo.one.order_line_id as order_line_id,
        string_agg(distinct memo.memo_number, ', ' order by memo.memo_number) as memo_numbers,
        sum(memo.one.quantity)::integer as quantity,
    from (select memo_number, ret_num, unnest(lines) as one from credit_memo_facts) as memo
    join erp_return_facts as known on known.ret_num = memo.ret_num
    group by all
),

refunded as (
    select
        refund.order_line_id,
        -- an operator may tell the amount alone: units are then what the amount pays for
        (
            sum(greatest(refund.quantity, coalesce(round(refund.amount / nullif(sold.unit_price_amount, 0)), 0)))
            - coalesce(any_value(gone.quantity), 0)
        )::integer as quantity,
    from refund_facts as refund
    join order_line_facts as sold on sold.order_line_id = refund.order_line_id
    left join lines_paid_back(as_of) as gone on gone.order_line_id = refund.order_line_id
    group by refund.order_line_id
),

came as (
    select
        announced.* exclude (announced_before),
        coalesce(announced.announced_before, 0) as announced_before,
        authorised.ret_nums, authorised.is_closed, authorised.received_at, credited.memo_numbers,
        coalesce(authorised.quantity, 0) as authorised_quantity,
        coalesce(authorised.received_quantity, 0) as received_quantity,
        coalesce(credited.quantity, 0) as credited_quantity,
        coalesce(refunded.quantity, 0) as line_refunded,
        -- of what was opened before we began nobody told us what has come
        least(if(announced.is_before_start, announced.quantity, received_quantity), announced.quantity) as here,
        least(if(announced.is_before_start, announced.quantity, credited_quantity), here) as due,
    from announced
    left join authorised
        on authorised.return_id = announced.return_id and authorised.order_line_id = announced.order_line_id
    left join credited
        on credited.return_id = announced.return_id and credited.order_line_id = announced.order_line_id
    left join refunded on refunded.order_line_id = announced.order_line_id
),

-- what of a line's refunds is left for each return, in each of the three turns
shared as (
    select
        *,
        line_refunded - coalesce(sum(due) over earlier, 0) as for_due,
        line_refunded - sum(due) over whole - coalesce(sum(here - due) over earlier, 0) as for_here,
        line_refunded - sum(here) over whole - coalesce(sum(quantity - here) over earlier, 0) as for_announced,
    from came
    window
        whole as (partition by order_line_id),
        earlier as (
            partition by order_line_id order by opened_at, return_id rows between unbounded preceding and 1 preceding
        )
),

paid as (
    select
        *,
        (
            greatest(least(for_due, due), 0) + greatest(least(for_here, here - due), 0)
            + greatest(least(for_announced, quantity - here), 0)
        )::integer as refunded_quantity,
    from shared
),

refunds as (
    select order_line_id, count(*)::integer as refund_count, sum(amount + shipping_amount) as refunded_amount,
        max(refunded_at) as refunded_at,
    from refund_facts
    group by order_line_id
),

-- asked only while our word is waited for; narrowed by `announced` instead, DuckDB 1.5.5 loses rows of this read model
-- (and can crash) where it stands inside another
left_the_house as (
    select line.order_line_id, sum(line.shipped_quantity)::integer as quantity
    from (
        select distinct one.order_line_id as order_line_id
        from (select unnest(lines) as one from market_return_facts where state = 'WAITING_ACCEPTANCE')
    ) as asked
    join sales_line_facts as line on line.order_line_id = asked.order_line_id
    group by line.order_line_id
)

select
    -- ids
    back.return_id,
    back.order_id,
    back.order_line_id,
    back.rma,
    back.tracking,
    sold.sku,
    back.state,
    back.line_reason as reason_code,
    back.is_before_start,
    coalesce(back.ret_nums, '') as ret_nums,
    coalesce(back.memo_numbers, '') as memo_numbers,
    coalesce(back.is_closed, false) as is_closed,
    back.is_compliant,
    -- no more than was sent, with what came back before
    coalesce(left_the_house.quantity, 0) - back.announced_before >= back.quantity as is_fitting,
    case
        when back.state = 'WAITING_ACCEPTANCE' and is_fitting then 'It is accepted at John Lewis'
        when back.state = 'WAITING_ACCEPTANCE' then 'A person accepts or refuses it'
        when back.ret_nums is null and back.is_before_start then 'Nothing: it was opened before we began'
        when back.ret_nums is null then 'Cherrylane authorises it in BlueCherry'
        when back.received_quantity = 0 and not back.is_closed then 'The parcel comes to the warehouse'
        when back.state = 'IN_PROGRESS' and back.is_closed and back.received_quantity > 0
            then 'Cherrylane tells John Lewis that the goods are here'
        when back.refunded_quantity < back.received_quantity then 'The customer gets the money back'
        else 'Nothing: goods and money are back'
    end as next_step,
    -- numbers
    back.quantity,
    back.authorised_quantity,
    back.received_quantity,
    back.credited_quantity,
    back.refunded_quantity,
    coalesce(refunds.refund_count, 0) as refund_count,
    sold.currency,
    sold.unit_price_amount,
    coalesce(refunds.refunded_amount, 0) as refunded_amount,
    -- times
    back.opened_at,
    back.changed_at,
    back.received_at,
    refunds.refunded_at,
from paid as back
left join order_line_facts as sold on sold.order_line_id = back.order_line_id
left join refunds on refunds.order_line_id = back.order_line_id
left join left_the_house on left_the_house.order_line_id = back.order_line_id
where back.opened_at <= as_of;
