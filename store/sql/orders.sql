-- One row per marketplace order. Where does it stand on both sides, and what is its next step?
create or replace macro orders(as_of) as table
with present as (
    -- lines a sales order still has: an older line was taken out of it
    select
        line.order_id,
        line.order_line_id,
        sum(line.shipped_quantity) as shipped_count,
    from sales_line_facts as line
    join sales_order_facts as sales on sales.ord_num = line.ord_num
    where (line.happened_at, line.seq) >= (sales.happened_at, sales.seq) and line.order_line_id <> ''
    group by line.order_id, line.order_line_id
),

needed as (
    select
        line.order_id,
        count(*) filter (where wanted) as wanted,
        count(*) filter (where wanted and present.order_line_id is null) as missing,
        count(*) filter (where present.order_line_id is not null) as reached,
        coalesce(sum(present.shipped_count), 0) as shipped,
        sum(line.refunded_amount) as refunded_amount,
        sum(line.cancelled_quantity) as cancelled,
    from (
        select *, quantity > cancelled_quantity and state not in ('REFUSED', 'CANCELED') as wanted,
        from order_line_facts
    ) as line
    left join present on present.order_id = line.order_id and present.order_line_id = line.order_line_id
    group by line.order_id
),

sales as (
    select
        order_id,
        count(*) as sales_order_count,
        string_agg(ord_num, ', ' order by ord_num) as ord_nums,
        array_to_string(list_sort(list(distinct warehouse)), ', ') as warehouses,
        min(entered_at) as entered_at,
    from sales_order_facts
    group by order_id
),

intents as (
    select
        order_id,
        bool_or(intent_kind = 'create_sales_order' and state in ('recorded', 'confirmed')) as is_sent,
        bool_or(intent_kind in ('accept_order', 'create_sales_order') and state = 'unclear') as is_unclear,
        bool_or(intent_kind = 'confirm_shipment' and state = 'confirmed') as is_confirmed,
        -- BlueCherry gave it a number and has not shown it: it may have been lost there in silence
        bool_or(is_hidden) as is_accepted,
        min(meant_at) filter (where is_hidden) as sent_at,
    from (
        select
            intent.*,
            intent.intent_kind = 'create_sales_order' and intent.state = 'confirmed' and seen.ord_num is null as is_hidden,
        from intent_facts as intent
        left join sales_order_facts as seen on seen.ord_num = intent.reference
        where intent.order_id <> ''
    )
    group by order_id
),

elsewhere as (
    select
        order_id,
        string_agg(distinct place, ' and ') as places,
        bool_and(is_cancelled) as is_cancelled,
    from lines_elsewhere
    group by order_id
),

placed as (
    select
        seen.*,
        said.why as refused_why,
        held.reason as hold_reason,
        coalesce(held.cause, '') as hold_cause,
        coalesce(held.detail, '') as hold_detail,
        if(held.reason is null, null, held.happened_at) as held_at,
        coalesce(sales.sales_order_count, 0) as sales_order_count,
        coalesce(sales.ord_nums, '') as ord_nums,
        coalesce(sales.warehouses, '') as warehouses,
        sales.entered_at,
        coalesce(needed.wanted, seen.line_count) as wanted_line_count,
        coalesce(needed.missing, 0) as missing_line_count,
        coalesce(needed.reached, 0) as reached_line_count,
        coalesce(needed.shipped, 0) as shipped_count,
        coalesce(needed.cancelled, 0) as cancelled_count,
        coalesce(needed.refunded_amount, 0) as refunded_amount,
        coalesce(intents.is_sent, false) as is_sent,
        coalesce(intents.is_unclear, false) as is_unclear,
        coalesce(intents.is_confirmed, false) as is_confirmed,
        coalesce(intents.is_accepted, false) as is_accepted,
        intents.sent_at,
        unsent.order_id is not null or elsewhere.order_id is not null as has_unsent,
        elsewhere.places,
        coalesce(elsewhere.is_cancelled, false) as is_cancelled_elsewhere,
        seen.state in ('REFUSED', 'CANCELED') as is_cancelled,
        seen.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED') as is_shown_shipped,
    from order_facts as seen
    left join order_hold_facts as held on held.order_id = seen.order_id and held.reason is not null
    left join acceptance_decision_facts as said on said.order_id = seen.order_id and said.decision = 'refuse'
    left join sales on sales.order_id = seen.order_id
    left join needed on needed.order_id = seen.order_id
    left join intents on intents.order_id = seen.order_id
    left join (select distinct order_id from orders_unsent_lines) as unsent on unsent.order_id = seen.order_id
    left join elsewhere on elsewhere.order_id = seen.order_id
),

standing as (
    select
        *,
        case
            -- what was sent before it was cancelled may still turn up in BlueCherry
            when (is_cancelled or wanted_line_count = 0) and sales_order_count = 0 and not is_sent and not is_unclear
                then 'not_needed'
            when is_before_start and (sales_order_count > 0 or is_shown_shipped) then 'adopted'
            when hold_reason is not null then 'held'
            when sales_order_count > 0 and missing_line_count = 0 then 'in_erp'
            when is_unclear then 'unclear'
            when is_accepted then 'accepted'
            when has_unsent then 'missing'
            when is_sent or sales_order_count > 0 then 'sent'
            when is_shown_shipped then 'missing'
            else 'waiting'
        end as erp_state,
        -- BlueCherry's codes that pass by themselves
        erp_state = 'held' and hold_reason = 'refused_by_erp' and hold_cause in (
            'BATCH_RUNNING', 'INTERNAL', 'LOCK_TIMEOUT', 'NO_ANSWER', 'QUOTA_EXCEEDED', 'RATE_LIMITED',
            'UPSTREAM_TIMEOUT'
        ) as is_tried_again,
    from placed
)

select
    order_id,
    commercial_id,
    state,
    erp_state,
    hold_reason,
    hold_cause,
    hold_detail,
    refused_why,
    case
        when is_cancelled and erp_state in ('sent', 'accepted') then 'BlueCherry shows the sales order, and it is cancelled there'
        when erp_state = 'unclear' then 'The next run looks in BlueCherry whether it arrived'
        when state = 'REFUSED' then 'Nothing: ' || coalesce(
            'it was refused by us (' || refused_why || ')',
            if(is_before_start, 'it was refused before our start', 'John Lewis refused it')
        )
        when is_cancelled then 'Nothing: it was cancelled'
        when is_tried_again and is_unclear then 'The next run looks in BlueCherry whether it arrived'
        when is_tried_again then 'Cherrylane sends it again by itself'
        when erp_state = 'held' then 'A person mends what holds it'
        when erp_state = 'not_needed' then 'Nothing: no line of it is wanted any more'
        when erp_state = 'missing' and is_cancelled_elsewhere
            then 'A person decides: it was cancelled in BlueCherry in ' || places
        when erp_state = 'missing' and ends_with(places, ' of no order')
            then 'A person puts its number back in ' || replace(places, ' of no order', '')
        when erp_state = 'missing' and places is not null
            then 'A person takes it out of ' || places || ', the sales order of another order'
        when erp_state = 'missing' and not has_unsent and refunded_amount >= price_amount
            then 'Nothing: BlueCherry never had it, and the money went back'
        when erp_state = 'missing' and sales_order_count > 0
            then 'A person finds out who shipped the rest: BlueCherry never had all of it'
        when erp_state = 'missing' then 'A person finds out who shipped it: BlueCherry never had it'
        when state = 'CLOSED' then 'Nothing: it is finished'
        when state = 'RECEIVED' then 'John Lewis pays it out, if it has not, and closes it'
        when is_shown_shipped then 'The customer receives it, then it is paid out'
        when erp_state = 'accepted' then 'BlueCherry shows the sales order it accepted'
        when erp_state = 'sent' then 'BlueCherry shows the sales order'
        when erp_state = 'waiting' and state = 'WAITING_ACCEPTANCE' then 'Cherrylane accepts it'
        when erp_state = 'waiting' and state = 'SHIPPING' then 'Cherrylane creates the sales order'
        when erp_state = 'waiting' and state in ('STAGING', 'WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT')
            then 'John Lewis releases it for shipping'
        when erp_state = 'waiting' then 'A person finds out what ' || state || ' means: nobody told us'
        when shipped_count > 0 then 'Cherrylane confirms the shipment to John Lewis'
        else 'The warehouse ships it'
    end as next_step,
    ord_nums,
    warehouses,
    shipping_type,
    is_tried_again,
    is_before_start,
    is_cancelled,
    is_shown_shipped,
    is_confirmed,
    has_incident,
    line_count,
    unit_count,
    sales_order_count,
    missing_line_count,
    shipped_count,
    cancelled_count,
    currency,
    price_amount,
    shipping_amount,
    total_amount,
    commission_amount,
    refunded_amount,
    epoch(as_of - placed_at)::bigint as age_seconds,
    epoch(shipping_deadline_at - as_of)::bigint as left_seconds,
    placed_at,
    accepted_at,
    debited_at,
    entered_at,
    sent_at,
    held_at,
    shipping_deadline_at,
    changed_at,
from standing;
