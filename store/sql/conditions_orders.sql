-- One row per thing that is wrong with an open order on its way to BlueCherry. What stops it, and until when?
create or replace macro conditions_orders(as_of, acceptance_hours, visibility_minutes) as table
with open_wrong as (
    select exception_kind as kind, exception_subject as subject from exception_facts where is_open
),

open_orders as (
    select
        order_id, state, currency, total_amount, is_before_start, placed_at, changed_at, happened_at,
        if(
            state = 'WAITING_ACCEPTANCE', placed_at + to_hours(acceptance_hours::integer), shipping_deadline_at
        ) as deadline_at,
        shipping_deadline_at,
    from order_facts
    where state in ('STAGING', 'WAITING_ACCEPTANCE', 'WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING')
),

held as (
    select
        hold.reason as kind, placed.order_id as subject, placed.order_id,
        -- the order itself is no common cause
        if(hold.cause = placed.order_id, '', hold.cause) as cause,
        hold.detail, nullif(hold.misfits::varchar, '[]') as grounds, placed.total_amount as amount, placed.currency,
        placed.deadline_at, hold.happened_at as since_at,
    from open_orders as placed
    join order_hold_facts as hold on hold.order_id = placed.order_id and hold.reason is not null
    where hold.reason <> 'no_address' or hold.happened_at <= as_of - interval 2 hours
),

unclear as (
    select
        'order_unclear' as kind, intent.intent_kind || '/' || intent.subject as subject, intent.order_id,
        intent.intent_kind as cause,
        intent.message || if(
            contains(intent.message, intent.answered), '', '. It was answered ' || intent.answered
        ) as detail,
        placed.total_amount as amount,
        coalesce(placed.currency, '') as currency,
        if(
            placed.state = 'WAITING_ACCEPTANCE', placed.placed_at + to_hours(acceptance_hours::integer),
            placed.shipping_deadline_at
        ) as deadline_at,
        intent.meant_at as since_at,
    from intent_facts as intent
    left join order_facts as placed on placed.order_id = intent.order_id
    left join order_hold_facts as hold
        on hold.order_id = intent.order_id and hold.reason = 'refused_by_erp'
        and intent.intent_kind = 'create_sales_order'
    where intent.state in ('recorded', 'unclear') and intent.intent_kind <> 'push_stock'
        -- the next try of what keeps its order held is the same trouble, unless the look for it has no end
        and intent.meant_at <= as_of - interval 15 minutes
            - if(hold.order_id is null, interval 0 minutes, to_minutes(visibility_minutes::integer))
    qualify row_number() over (partition by intent.intent_kind, intent.subject order by intent.meant_at) = 1
),

-- orders of which a creation came to nothing, as far as we see
undone as (
    select distinct intent.order_id
    from intent_facts as intent
    where intent.intent_kind = 'create_sales_order' and (
        (intent.state = 'refused' and intent.code in ('DUPLICATE_PO', 'other_content'))
        or (
            intent.state = 'confirmed'
            and not exists (from sales_order_facts as seen where seen.ord_num = intent.reference)
        )
    )
),

-- lines of theirs that BlueCherry does not have, or not as they are wanted
lacking as (
    select
        sold.order_id, sold.order_line_id, shown.order_line_id is null as is_missing,
        sold.quantity > sold.cancelled_quantity and sold.state not in ('REFUSED', 'CANCELED') as is_wanted,
    from undone
    join order_line_facts as sold on sold.order_id = undone.order_id
    left join (
        select line.order_line_id, sum(line.ordered_quantity - line.cancelled_quantity) as quantity
        from sales_line_facts as line
        join sales_order_facts as sales
            on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
        where line.order_id in (select order_id from undone)
        group by line.order_line_id
    ) as shown on shown.order_line_id = sold.order_line_id
    where is_missing or (is_wanted and shown.quantity <> sold.quantity - sold.cancelled_quantity)
),

-- the key of what we sent is there with another content: whatever holds the order, a person looks
other_content as (
    select
        'duplicate_po' as kind, placed.order_id as subject, placed.order_id, '' as cause,
        intent.message as detail, intent.message as grounds, placed.total_amount as amount, placed.currency,
        placed.deadline_at,
        intent.happened_at as since_at,
    from open_orders as placed
    join intent_facts as intent
        on intent.order_id = placed.order_id and intent.intent_kind = 'create_sales_order'
    where intent.state = 'refused' and intent.code in ('DUPLICATE_PO', 'other_content') and not placed.is_before_start
        -- what was meant is there by now, whoever saw to it, and nothing else under the number
        and (
            placed.order_id in (select order_id from lacking where is_wanted)
            or placed.order_id in (select order_id from orders_other_content)
        )
        and not exists (
            from order_hold_facts as hold
            where hold.order_id = placed.order_id and hold.reason is null and hold.happened_at > intent.happened_at
                and (
                    hold.frees is null
                    or list_has_any(hold.frees, ['create_sales_order', 'create_sales_order/' || intent.code])
                )
        )
),

invisible as (
    select
        'sent_not_visible' as kind, sent.subject, sent.order_id, '' as cause,
        'BlueCherry gave it the number ' || sent.reference || ' and does not show it.' as detail,
        sent.reference as grounds, placed.total_amount as amount, coalesce(placed.currency, '') as currency,
        open_order.deadline_at, sent.meant_at + to_minutes(visibility_minutes::integer) as since_at,
    from intent_facts as sent
    left join order_facts as placed on placed.order_id = sent.order_id
    -- what is sent or cancelled at John Lewis may still lie in BlueCherry, but hurries nobody
    left join open_orders as open_order on open_order.order_id = sent.order_id
    where sent.intent_kind = 'create_sales_order' and sent.state = 'confirmed'
        and sent.meant_at <= as_of - to_minutes(visibility_minutes::integer)
        and (
            sent.meant_at > as_of - interval 30 days
            or open_order.order_id is not null
            or sent.subject in (select subject from open_wrong where kind = 'sent_not_visible')
        )
        and not exists (from sales_order_facts as seen where seen.ord_num = sent.reference)
        -- keyed in anew under another number, it is lost no more
        and exists (
            from lacking
            where lacking.order_id = sent.order_id and lacking.is_missing
                and (
                    json_extract(sent.payload, '$.lines') is null
                    or list_contains(
                        json_extract_string(sent.payload, '$.lines[*].order_line_id'), lacking.order_line_id
                    )
                )
        )
),

-- nothing holds them and no creation carries them: they must not be silently skipped
forgotten as (
    select
        'missing_in_erp' as kind, placed.order_id as subject, placed.order_id,
        case
            when unsent.places is null then 'never sent'
            when unsent.is_cancelled then 'cancelled under another number'
            else 'under another number'
        end as cause,
        'It waits in SHIPPING, ' || case
            when unsent.is_cancelled then 'and ' || unsent.skus || ' of it was cancelled in BlueCherry in ' || unsent.places || '.'
            when unsent.places is not null then 'and BlueCherry has ' || unsent.skus || ' of it in ' || unsent.places || ' alone.'
            when exists (from sales_order_facts as sales where sales.order_id = placed.order_id)
                or exists (
                    from intent_facts as sent
                    where sent.order_id = placed.order_id and sent.intent_kind = 'create_sales_order'
                ) then 'nothing holds it, and ' || unsent.skus || ' of it was never sent.'
            else 'nothing holds it, and no sales order was ever sent.'
        end as detail,
        placed.total_amount as amount, placed.currency, placed.deadline_at, placed.changed_at as since_at,
    from orders_skipped(as_of) as unsent
    join open_orders as placed on placed.order_id = unsent.order_id
),

-- shipped by somebody, and BlueCherry never had all of it: its stock and its invoice are wrong
elsewhere as (
    select
        'missing_in_erp' as kind, placed.order_id as subject, placed.order_id, 'shipped elsewhere' as cause,
        'John Lewis shows it as shipped, and BlueCherry never had ' || if(
            exists (from sales_order_facts as sales where sales.order_id = placed.order_id),
            unsent.skus || ' of it.',
            'a sales order of it.'
        ) as detail,
        placed.total_amount as amount, placed.currency, placed.changed_at as since_at,
    from order_facts as placed
    join (
        select order_id, string_agg(sku, ' and ' order by order_line_id) as skus from orders_unsent_lines
        group by order_id
    ) as unsent on unsent.order_id = placed.order_id
    where placed.changed_at <= as_of - to_minutes(visibility_minutes::integer)
        -- however long ago: an answer that was lost may be given up, or an order be found, weeks after it was sent
        and not exists (
            from order_hold_facts as hold where hold.order_id = placed.order_id and hold.reason is not null
        )
),

sales as (
    select sales.*, placed.total_amount, placed.currency, placed.deadline_at,
    from open_orders as placed
    join sales_order_facts as sales on sales.order_id = placed.order_id
),

-- whatever a state means that nobody told us of, nothing is done for an order in it
strange as (
    select
        'missing_in_erp' as kind, placed.order_id as subject, placed.order_id,
        'unknown state ' || placed.state as cause,
        'John Lewis shows it as ' || placed.state || ': what that means nobody told us, so nothing is sent.' as detail,
        placed.total_amount as amount, placed.currency, placed.shipping_deadline_at as deadline_at,
        placed.changed_at as since_at,
    from order_facts as placed
    where placed.state not in (
            'STAGING', 'WAITING_ACCEPTANCE', 'WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING', 'SHIPPED',
            'TO_COLLECT', 'RECEIVED', 'CLOSED', 'REFUSED', 'CANCELED',
            -- met after an order was sent
            'INCIDENT_OPEN', 'INCIDENT_CLOSED', 'WAITING_REFUND', 'WAITING_REFUND_PAYMENT', 'REFUNDED'
        )
        and not placed.is_before_start
        and not exists (from sales_order_facts as sales where sales.order_id = placed.order_id)
),

-- one parcel of a doubled line is confirmed, and the order is done at John Lewis: the other may be still to go
doubtful as (
    select order_id from open_orders
    union
    select order_id from sales_order_facts where happened_at > as_of - interval 30 days
    union
    select order_id from exception_facts where is_open and exception_kind = 'duplicate_sales_order'
),

doubled as (
    select
        'duplicate_sales_order' as kind, line.order_line_id as subject, any_value(placed.order_id) as order_id,
        '' as cause,
        'It stands in ' || string_agg(distinct sales.ord_num, ' and ' order by sales.ord_num) || '.' as detail,
        detail as grounds,
        any_value(placed.total_amount) as amount, any_value(placed.currency) as currency,
        any_value(open_order.deadline_at) as deadline_at, max(sales.entered_at) as since_at,
    from doubtful
    join order_facts as placed on placed.order_id = doubtful.order_id
    join order_line_facts as sold on sold.order_id = doubtful.order_id
    left join open_orders as open_order on open_order.order_id = doubtful.order_id
    join sales_line_facts as line on line.order_line_id = sold.order_line_id
    join sales_order_facts as sales
        on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    left join order_facts as named on named.order_id = sales.order_id
    -- under its own number, or under one that is no order's
    where (sales.order_id = doubtful.order_id or named.order_id is null)
        and line.ordered_quantity > line.cancelled_quantity
    group by line.order_line_id
    having count(distinct sales.ord_num) > 1
),

unmapped as (
    select
        'unmapped_status' as kind, ord_num as subject, order_id, raw_status as cause,
        'Sales order ' || ord_num || ' has the status ' || raw_status || '.' as detail,
        total_amount as amount, currency, deadline_at, changed_at as since_at,
    from sales
    anti join status_words(as_of) as word using (raw_status)
    where raw_status <> ''
),

-- the last of each that was really tried: one that was never sent says nothing
tried as (
    select
        order_id, intent_kind, state, coalesce(nullif(code, ''), 'refused') as code, message, payload, happened_at,
    from intent_facts
    where intent_kind in ('refuse_order', 'write_reference') and (state, code) <> ('refused', 'not_sent')
    qualify row_number() over (partition by intent_kind, subject order by happened_at desc, seq desc) = 1
),

-- somebody refused the order, and John Lewis refused the refusal
unrefused as (
    select
        'refuse_refused' as kind, placed.order_id as subject, placed.order_id, tried.code as cause,
        tried.message as detail, placed.total_amount as amount, placed.currency, placed.deadline_at,
        tried.happened_at as since_at,
    from open_orders as placed
    join acceptance_decision_facts as said on said.order_id = placed.order_id and said.decision = 'refuse'
    join tried on tried.order_id = placed.order_id and tried.intent_kind = 'refuse_order'
    where placed.state = 'WAITING_ACCEPTANCE' and tried.state = 'refused' and tried.code <> 'absent'
),

-- somebody refused it, or lines of it, when its acceptance was on its way already, or John Lewis accepted it by itself
overtaken as (
    select
        'refusal_overtaken' as kind, placed.order_id as subject, placed.order_id, '' as cause,
        if(said.decision = 'refuse', 'It is', 'Lines of it are') || ' refused here, and John Lewis shows the order as '
            || placed.state || '.' as detail,
        placed.total_amount as amount, placed.currency, open_order.deadline_at, said.happened_at as since_at,
    from order_facts as placed
    join acceptance_decision_facts as said on said.order_id = placed.order_id
    left join open_orders as open_order on open_order.order_id = placed.order_id
    where placed.state not in ('STAGING', 'WAITING_ACCEPTANCE', 'REFUSED', 'CANCELED')
        and exists (
            from order_line_facts as line
            where line.order_id = placed.order_id and line.state not in ('REFUSED', 'CANCELED')
                and line.quantity > line.cancelled_quantity
                and (said.decision = 'refuse' or list_contains(said.refused_lines, line.order_line_id))
        )
),

-- the number is in BlueCherry, and not with the order at John Lewis
unreferenced as (
    select
        'reference_refused' as kind, placed.order_id as subject, placed.order_id, tried.code as cause,
        tried.message as detail, null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        tried.happened_at as since_at,
    from order_facts as placed
    join tried on tried.order_id = placed.order_id and tried.intent_kind = 'write_reference'
    where placed.state in ('SHIPPING', 'SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED') and tried.state = 'refused'
        and tried.code <> 'absent'
        and placed.seller_reference <> coalesce(tried.payload ->> 'reference', '')
),

unaccepted as (
    select
        'acceptance_due' as kind, order_id as subject, order_id, '' as cause,
        'John Lewis refuses it by itself when nobody accepts it in time.' as detail,
        total_amount as amount, currency, deadline_at, deadline_at - interval 4 hours as since_at,
    from open_orders
    where state = 'WAITING_ACCEPTANCE' and deadline_at <= as_of + interval 4 hours
),

-- John Lewis tells a window that ended from a customer's word by its reason alone, where it gives one. What was
-- cancelled before the window was over was no window's end; an older event tells neither.
unkept as (
    select *, coalesce(cancelled_at, changed_at) as ended_at,
    from order_facts
    where state = 'CANCELED' and accepted_at is null
        and coalesce(cancelled_at, changed_at) >= placed_at + to_hours(acceptance_hours::integer)
        and (state_reason is not null or cancelled_at is not null)
        and not exists (
            from marketplace_facts as told where told.topic = 'rules' and (told.value ->> 'acceptance') = 'AUTOMATIC'
        )
        and order_id not in (
            select order_id from intent_facts
            where intent_kind = 'accept_order' and state <> 'refused'
                -- taken for done once, because the order waited for nobody any more
                and reference <> 'CANCELED'
        )
),

over as (
    select *, changed_at as ended_at, 'John Lewis refused it, and nobody here had.' as words,
    from order_facts
    where state = 'REFUSED'
    union all by name
    select *,
        'John Lewis cancelled it after the ' || acceptance_hours::integer || ' hours it waits for an acceptance, and'
            || ' nobody here had accepted or refused it'
            || if(coalesce(state_reason, '') = '', '; it gives no reason, so it may have been the customer.', '.')
            as words,
    from unkept
),

-- the window ended, or somebody refused it past us: whatever was wrong with it is over, and so is the sale
missed as (
    select
        'acceptance_missed' as kind, placed.order_id as subject, placed.order_id, '' as cause,
        placed.words || coalesce(' It says: ' || nullif(placed.state_reason, '') || '.', '')
            || coalesce(' What was wrong with it: ' || before.reasons || '.', '') as detail,
        placed.total_amount as amount, placed.currency, placed.ended_at as since_at,
    from over as placed
    left join acceptance_decision_facts as said on said.order_id = placed.order_id and said.decision = 'refuse'
    left join (
        select order_id, replace(string_agg(distinct exception_kind, ', ' order by exception_kind), '_', ' ') as reasons
        from exception_facts
        where exception_kind not in ('acceptance_due', 'acceptance_missed')
        group by order_id
    ) as before on before.order_id = placed.order_id
    where not placed.is_before_start and said.order_id is null
        and (
            placed.changed_at > as_of - interval 30 days
            -- nobody has accepted it yet
            or placed.order_id in (
                select wrong.exception_subject from exception_facts as wrong
                where wrong.is_open and wrong.exception_kind = 'acceptance_missed'
                    and not exists (
                        from exception_handling_facts as handled
                        where handled.exception_id = wrong.exception_id and handled.action = 'accept'
                            and handled.happened_at >= wrong.since_at
                    )
            )
        )
)

from held
union all by name from unclear
union all by name from invisible
union all by name from other_content
union all by name from forgotten
union all by name from elsewhere
union all by name from strange
union all by name from doubled
union all by name from unmapped
union all by name from unaccepted
union all by name from missed
union all by name from unrefused
union all by name from overtaken
union all by name from unreferenced;
