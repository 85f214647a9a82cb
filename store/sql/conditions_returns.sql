-- One row per return whose goods, money or papers are not where they should be. What is missing, on which side?
-- One of the few that look across: it reads `order_returns`.
create or replace macro conditions_returns(as_of, returnless := []::varchar[]) as table
with returned as (
    select * from order_returns(as_of)
),

back as (
    select * from returned where not is_before_start
),

tried as (
    select order_id, intent_kind, about as subject, payload, state, code, message, happened_at,
    from (
        select *,
            -- each refund of a line has the sum before in its subject: what is wrong is the line of the return
            if(
                intent_kind = 'refund_line',
                array_to_string(string_split(subject, '/')[:2], '/') || if(ends_with(subject, '/shipping'), '/shipping', ''),
                subject
            ) as about,
        from intent_facts
        where intent_kind in (
            'create_return', 'cancel_return', 'receive_return', 'refund_line', 'answer_return', 'report_return'
        ) and (state, code) <> ('refused', 'not_sent')  -- that says nothing
    )
    qualify row_number() over (partition by intent_kind, about order by happened_at desc, seq desc) = 1
),

unpaid as (
    select
        'received_not_refunded' as kind, return_id || '/' || order_line_id as subject, order_id, '' as cause,
        received_quantity || ' received in BlueCherry (' || ret_nums || '), ' || refunded_quantity
            || ' refunded at John Lewis.' as detail,
        received_quantity || ' and ' || refunded_quantity as grounds,
        unit_price_amount * (received_quantity - refunded_quantity) as amount, currency,
        received_at + interval 3 days as since_at,
    from back
    where received_quantity > refunded_quantity and received_at <= as_of - interval 3 days
),

-- we give the money back, and of the shipping BlueCherry has credited some is missing
freight as (
    select
        'received_not_refunded' as kind, memo.order_id || '/shipping' as subject, memo.order_id, 'shipping' as cause,
        printf('%.2f', memo.amount::double) || ' of shipping credited in BlueCherry (' || memo.memo_numbers || '), '
            || printf('%.2f', coalesce(paid.amount, 0)::double) || ' refunded at John Lewis.' as detail,
        detail as grounds,
        memo.amount - coalesce(paid.amount, 0) as amount, memo.currency, memo.issued_at + interval 3 days as since_at,
    from (
        select order_id, sum(shipping_amount) as amount, any_value(currency) as currency, max(issued_at) as issued_at,
            string_agg(memo_number, ', ' order by memo_number) as memo_numbers,
        from credit_memo_facts
        where shipping_amount > 0
        group by order_id
    ) as memo
    left join (
        select order_id, sum(shipping_amount) as amount from refund_facts group by order_id
    ) as paid on paid.order_id = memo.order_id
    where memo.amount > coalesce(paid.amount, 0) and memo.issued_at <= as_of - interval 3 days
        and exists (from tried where tried.intent_kind = 'refund_line' and tried.order_id = memo.order_id)
),

unseen as (
    select
        'refunded_not_received' as kind, return_id || '/' || order_line_id as subject, order_id,
        if(is_closed, 'came short', 'never came') as cause,
        refunded_quantity || ' refunded at John Lewis, ' || received_quantity || ' received in BlueCherry'
            || if(tracking <> '', '; parcel ' || tracking, '') || '.' as detail,
        refunded_quantity || ' and ' || received_quantity as grounds,
        unit_price_amount * (refunded_quantity - received_quantity) as amount, currency,
        if(is_closed, changed_at, greatest(opened_at, refunded_at) + interval 21 days) as since_at,
    from back
    where refunded_quantity > received_quantity
        -- counted and found short, or so long on its way that it is lost
        and (is_closed or greatest(opened_at, refunded_at) <= as_of - interval 21 days)
),

sums as (
    select
        refund.order_line_id, any_value(refund.order_id) as order_id, count(*) as refund_count,
        sum(refund.amount) as goods_amount, sum(refund.amount + refund.shipping_amount) as amount,
        max(refund.refunded_at) as refunded_at,
        string_agg(refund.refund_id, ' and ' order by refund.refunded_at, refund.refund_id) as refund_ids,
    from refund_facts as refund
    group by refund.order_line_id
),

coming as (
    select order_line_id, sum(quantity) as quantity, sum(received_quantity) as received_quantity
    from returned
    group by order_line_id
),

-- more money than the line was sold for, or two refunds for more units than ever came back
twice as (
    select
        'refunded_twice' as kind, sums.order_line_id as subject, sums.order_id, '' as cause,
        'John Lewis shows ' || sums.refund_count || ' refunds, ' || printf('%.2f', sums.amount::double) || ' together ('
            || sums.refund_ids || ').' as detail,
        detail as grounds,
        greatest(sums.goods_amount - sold.unit_price_amount * coalesce(coming.quantity, sold.quantity), 0) as amount,
        sold.currency, sums.refunded_at as since_at,
    from sums
    join order_line_facts as sold on sold.order_line_id = sums.order_line_id
    left join coming on coming.order_line_id = sums.order_line_id
    where sums.refund_count > 1
        and (
            sums.amount > sold.price_amount + sold.shipping_amount - sold.cancelled_amount
            or sums.goods_amount > sold.unit_price_amount * coming.quantity + 0.01
        )
),

began as (
    select coalesce((select try_cast(value as timestamptz) from bookmarks where name = 'start_on'), '-infinity') as moment
),

-- taken in at the returns bench for no return that John Lewis ever showed us
by_hand as (
    select
        coalesce(nullif(taken.one.order_line_id, ''), taken.ret_num || '/' || taken.one.line_number) as order_line_id,
        any_value(taken.order_id) as order_id, sum(taken.one.received_quantity) as quantity,
        string_agg(distinct taken.ret_num, ', ' order by taken.ret_num) as ret_nums,
        max(taken.changed_at) as changed_at,
    from (
        select ret_num, order_id, changed_at, unnest(lines) as one
        from erp_return_facts as here
        where here.entered_at >= (select moment from began)
            and not exists (from market_return_facts as there where there.return_id = here.return_id)
    ) as taken
    where taken.one.received_quantity > 0
    group by all
),

-- shipped although it was cancelled: goods that come back without a return, and rightly
sent_in_vain as (
    select line.order_line_id,
        sum(line.shipped_quantity) - any_value(if(
            placed.state in ('CANCELED', 'REFUSED') or sold.state in ('CANCELED', 'REFUSED'), 0,
            sold.quantity - sold.cancelled_quantity
        )) as quantity,
    from by_hand
    join sales_line_facts as line on line.order_line_id = by_hand.order_line_id
    join order_line_facts as sold on sold.order_line_id = line.order_line_id
    join order_facts as placed on placed.order_id = sold.order_id
    group by line.order_line_id
),

goods_alone as (
    select
        'goods_without_return' as kind, by_hand.order_line_id as subject, by_hand.order_id,
        coalesce(sold.sku, 'a line John Lewis does not have') as cause,
        by_hand.quantity || ' received in BlueCherry (' || by_hand.ret_nums || '), no return at John Lewis; '
            || coalesce(sums.refund_count, 0) || ' refunds of the line there.' as detail,
        detail as grounds,
        sold.unit_price_amount * by_hand.quantity as amount, coalesce(sold.currency, '') as currency,
        by_hand.changed_at + interval 1 hour as since_at,
    from by_hand
    left join order_line_facts as sold on sold.order_line_id = by_hand.order_line_id
    left join coming on coming.order_line_id = by_hand.order_line_id
    left join sent_in_vain on sent_in_vain.order_line_id = by_hand.order_line_id
    left join sums on sums.order_line_id = by_hand.order_line_id
    where by_hand.changed_at <= as_of - interval 1 hour
        and by_hand.quantity > greatest(coalesce(coming.quantity - coming.received_quantity, 0), 0)
            + greatest(coalesce(sent_in_vain.quantity, 0), 0)
),

-- whole units of goods paid back; less is goodwill, shipping alone no goods, and some reasons expect none
paid_back as (
    select
        refund.order_line_id, any_value(refund.order_id) as order_id,
        floor((sum(refund.amount) + 0.01) / nullif(any_value(sold.unit_price_amount), 0)) as quantity,
        sum(refund.amount) as amount, max(refund.refunded_at) as refunded_at,
        string_agg(refund.refund_id || ' ' || refund.reason_code, ', ' order by refund.refund_id) as names,
    from refund_facts as refund
    join order_line_facts as sold on sold.order_line_id = refund.order_line_id
    where refund.amount > 0 and not list_contains(returnless, refund.reason_code)
        and coalesce(refund.refunded_at, refund.happened_at) >= (select moment from began)
    group by refund.order_line_id
),

here_lines as (
    select
        line.order_id, line.order_line_id, line.sku_key, line.ordered_quantity - line.cancelled_quantity as quantity,
    from sales_line_facts as line
    join sales_order_facts as sales
        on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
),

had as (
    select paid_back.order_id, line.order_line_id, line.sku_key, line.quantity,
    from paid_back
    join here_lines as line on line.order_line_id = paid_back.order_line_id
),

-- cancelled in BlueCherry, and not keyed in anew without our id: nobody can send it back
never_left as (
    select sold.order_line_id, any_value(sold.quantity - sold.cancelled_quantity) - sum(live.quantity) as quantity,
    from (
        select order_line_id, quantity from had
        union all
        select had.order_line_id, anew.quantity
        from (select distinct order_id, order_line_id, sku_key from had) as had
        join here_lines as anew
            on anew.order_id = had.order_id and anew.sku_key = had.sku_key and anew.order_line_id = ''
    ) as live
    join order_line_facts as sold on sold.order_line_id = live.order_line_id
    group by sold.order_line_id
),

money_alone as (
    select
        'refund_without_return' as kind, paid.order_line_id as subject, paid.order_id, '' as cause,
        paid.quantity::integer || ' paid back at John Lewis (' || paid.names || '), '
            || coalesce(coming.quantity, 0) || ' announced as returned.' as detail,
        detail as grounds,
        sold.unit_price_amount * (
            paid.quantity - coalesce(coming.quantity, 0) - coalesce(by_hand.quantity, 0)
            - greatest(coalesce(never_left.quantity, 0), 0)
        ) as amount,
        sold.currency, paid.refunded_at + interval 3 days as since_at,
    from paid_back as paid
    join order_line_facts as sold on sold.order_line_id = paid.order_line_id
    left join coming on coming.order_line_id = paid.order_line_id
    left join by_hand on by_hand.order_line_id = paid.order_line_id
    left join never_left on never_left.order_line_id = paid.order_line_id
    where paid.refunded_at <= as_of - interval 3 days
        and paid.quantity > coalesce(coming.quantity, 0) + coalesce(by_hand.quantity, 0)
            + greatest(coalesce(never_left.quantity, 0), 0)
),

unauthorised as (
    select
        'return_not_authorised' as kind, back.return_id as subject, any_value(back.order_id) as order_id,
        coalesce(
            max(case
                when tried.state = 'refused' then coalesce(nullif(tried.code, ''), 'refused')
                when tried.state = 'confirmed' then 'not shown'
            end),
            'never sent'
        ) as cause,
        coalesce(max(tried.message) filter (where tried.state = 'refused'), 'BlueCherry has no return for it.') as detail,
        sum(back.quantity)::varchar as grounds,
        sum(back.unit_price_amount * back.quantity) as amount, any_value(back.currency) as currency,
        min(back.opened_at) + interval 1 hour as since_at,
    from back
    left join tried on tried.intent_kind = 'create_return' and starts_with(tried.subject, back.return_id || '/')
    where back.ret_nums = '' and back.state in ('IN_PROGRESS', 'RECEIVED') and back.opened_at <= as_of - interval 1 hour
        and tried.state is distinct from 'unclear'
    group by back.return_id
),

-- of shipping alone `freight` says when it is missing
refused as (
    select
        if(tried.intent_kind = 'refund_line', 'refund_refused', 'receipt_refused') as kind, tried.subject,
        tried.order_id, coalesce(nullif(tried.code, ''), 'refused') as cause, tried.message as detail,
        tried.message as grounds,
        -- of a refund the money that did not go back, goods and shipping; a receipt carries none
        (tried.payload ->> 'amount')::decimal(18, 6) + (tried.payload ->> 'shipping_amount')::decimal(18, 6) as amount,
        coalesce(tried.payload ->> 'currency', '') as currency, tried.happened_at as since_at,
    from tried
    where tried.intent_kind in ('receive_return', 'refund_line') and tried.state = 'refused'
        and tried.code <> 'absent'
        and (
            (tried.intent_kind = 'receive_return' and tried.subject in (
                select return_id from back where state = 'IN_PROGRESS'
            ))
            -- whichever of a line's returns it was meant for
            or (tried.intent_kind = 'refund_line' and split_part(tried.subject, '/', 2) in (
                select order_line_id
                from back
                group by order_line_id
                having sum(refunded_quantity) < sum(received_quantity)
            ) and not ends_with(tried.subject, '/shipping'))
        )
),

-- the customer waits for our word
undecided as (
    select
        'return_undecided' as kind, back.return_id as subject, any_value(back.order_id) as order_id,
        if(bool_and(back.is_fitting), 'nobody has answered', 'more than was sent') as cause,
        'It waits for our word; ' || sum(back.quantity) || ' units of it are announced.' as detail,
        sum(back.quantity)::varchar as grounds,
        sum(back.unit_price_amount * back.quantity) as amount, any_value(back.currency) as currency,
        min(back.opened_at) + if(bool_and(back.is_fitting), interval 1 hour, interval 0 hours) as since_at,
    from back
    left join return_decision_facts as said on said.return_id = back.return_id
    where back.state = 'WAITING_ACCEPTANCE' and said.return_id is null
    group by back.return_id
    having since_at <= as_of
),

unsaid as (
    select
        'return_answer_refused' as kind, tried.subject, tried.order_id,
        coalesce(nullif(tried.code, ''), 'refused') as cause, tried.message as detail, tried.message as grounds,
        null::decimal(18, 6) as amount, '' as currency, tried.happened_at as since_at,
    from tried
    left join return_decision_facts as said on said.return_id = tried.subject
    where tried.intent_kind in ('answer_return', 'report_return') and tried.state = 'refused'
        and tried.code <> 'absent'
        -- another word was said since
        and (said.happened_at is null or said.happened_at <= tried.happened_at)
        and exists (
            from back
            where back.return_id = tried.subject
                and back.state = if(tried.intent_kind = 'answer_return', 'WAITING_ACCEPTANCE', 'RECEIVED')
        )
),

-- over at John Lewis, and BlueCherry still expects it, or has it in its hands
cancelled as (
    select
        'cancelled_return' as kind, off.return_id || '/' || off.ret_num as subject, off.order_id,
        case
            when off.received_quantity > 0 then 'came all the same'
            when tried.state = 'refused' and tried.code <> 'absent' then coalesce(nullif(tried.code, ''), 'refused')
            else 'still expected'
        end as cause,
        'John Lewis shows it as ' || lower(off.state) || '; ' || off.received_quantity || ' received in BlueCherry (' || off.ret_num
            || ').' || if(tried.state = 'refused' and tried.message <> '', ' BlueCherry said: ' || tried.message, '') as detail,
        off.received_quantity::varchar as grounds, null::decimal(18, 6) as amount, '' as currency, off.changed_at as since_at,
    from returns_withdrawn as off
    left join tried on tried.intent_kind = 'cancel_return' and tried.subject = off.return_id || '/' || off.ret_num
    where not off.is_before_start and tried.state is distinct from 'unclear'
        and (
            -- the customer's goods are here, and no return is open for them
            off.received_quantity > 0
            or (
                not off.is_closed and (
                    off.changed_at <= as_of - interval 1 hour
                    or (tried.state = 'refused' and tried.code <> 'absent')
                )
            )
        )
)

select * replace (amount::decimal(18, 6) as amount), null::timestamptz as deadline_at,
from (
    from unpaid
    union all by name from freight
    union all by name from unseen
    union all by name from twice
    union all by name from goods_alone
    union all by name from money_alone
    union all by name from unauthorised
    union all by name from refused
    union all by name from cancelled
    union all by name from undecided
    union all by name from unsaid
);
