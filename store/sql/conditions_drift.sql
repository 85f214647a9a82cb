-- One row per open difference between a sales order and what we sent, or cancelation that cannot be passed on.
-- One of the few that look across: it reads `drift`.
create or replace macro conditions_drift(as_of) as table
with differing as (
    from drift(as_of)
),

drifted as (
    select
        case drift_class
            when 'quantity' then 'drift_quantity'
            when 'cancelled' then 'drift_cancelled'
            when 'substitution' then 'drift_substitution'
            when 'warehouse' then 'drift_warehouse'
            when 'ship_via' then 'drift_ship_via'
            when 'address' then if(subject = ord_num, 'drift_address', 'drift_billing')
            when 'house_account' then 'drift_house_account'
            when 'order_number' then 'drift_order_number'
            when 'price' then 'drift_price'
            when 'dates' then 'drift_dates'
        end as kind,
        subject, order_id,
        if(sku <> '' and drift_class in ('substitution', 'cancelled', 'quantity'), sku, shown) as cause,
        'Sales order ' || ord_num || ': sent ' || coalesce(sent, '–') || ', BlueCherry shows ' || shown
            || if(changed_by <> '', ', last changed by ' || changed_by, '') || '.' as detail,
        total_amount as amount, currency, coalesce(sent, '–') || ' → ' || shown_mark as grounds, deadline_at,
        changed_at as since_at,
    from differing
    where is_open
),

-- what came of the last of each line that was sent; an older one was asked again, or is history
last_passed_on as (
    select *, split_part(subject, '/', 1) as order_line_id
    from intent_facts
    where intent_kind = 'cancel_market_line' and (state, code) <> ('refused', 'not_sent')
    qualify row_number() over (partition by split_part(subject, '/', 1) order by happened_at desc, seq desc) = 1
),

refused as (
    select
        'cancelation_refused' as kind, intent.subject, intent.order_id,
        coalesce(nullif(intent.code, ''), 'refused') as cause, intent.message as detail, intent.message as grounds,
        placed.total_amount as amount, placed.currency, placed.shipping_deadline_at as deadline_at,
        intent.happened_at as since_at,
    from order_facts as placed
    join last_passed_on as intent on intent.order_id = placed.order_id
    join order_line_facts as sold on sold.order_line_id = intent.order_line_id
    where placed.state = 'SHIPPING' and intent.state = 'refused'
        -- the sum it was to make is not reached, by it or by anybody
        and coalesce(
            sold.cancelled_quantity < (intent.payload ->> '$.before_quantity')::integer
                + (intent.payload ->> '$.quantity')::integer,
            true
        )
        -- as long as the line differs, and nobody has answered that since
        and exists (
            from differing
            where differing.order_line_id = intent.order_line_id
                and differing.drift_class in ('cancelled', 'quantity', 'substitution')
                and differing.is_open and coalesce(differing.answered_at <= intent.happened_at, true)
        )
),

-- taken back at the returns bench without a return at John Lewis
taken_back as (
    select one.order_line_id as order_line_id, sum(one.received_quantity) as quantity,
    from (select unnest(lines) as one from erp_return_facts where return_id = '')
    group by all
),

-- the customer does not want it any more, and the warehouse has it in hand
picked as (
    select
        'cancelled_after_pick' as kind, line.order_line_id as subject, line.order_id, sold.sku as cause,
        line.picked_quantity || ' picked and ' || line.shipped_quantity || ' shipped in sales order ' || line.ord_num
            || '; John Lewis wants '
            || if(placed.state in ('CANCELED', 'REFUSED') or sold.state in ('CANCELED', 'REFUSED'), 0, sold.quantity
                - sold.cancelled_quantity) || '.' as detail,
        detail as grounds, placed.total_amount as amount, placed.currency, placed.changed_at as since_at,
    from (
        from order_facts
        where changed_at > as_of - interval 30 days
            or order_id in (select order_id from sales_order_facts where happened_at > as_of - interval 30 days)
            or order_id in (
                select order_id from exception_facts where is_open and exception_kind = 'cancelled_after_pick'
            )
    ) as placed
    join order_line_facts as sold on sold.order_id = placed.order_id
    join sales_line_facts as line on line.order_line_id = sold.order_line_id
    join sales_order_facts as sales
        on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    left join taken_back on taken_back.order_line_id = sold.order_line_id
    where (sold.cancelled_quantity > 0 or sold.state = 'CANCELED' or placed.state = 'CANCELED')
        and line.picked_quantity + line.shipped_quantity - coalesce(taken_back.quantity, 0) > if(
            placed.state in ('CANCELED', 'REFUSED') or sold.state in ('CANCELED', 'REFUSED'), 0,
            sold.quantity - sold.cancelled_quantity
        )
),

-- the customer does not want it any more, nobody has it in hand, and BlueCherry would still send it
uncancelled as (
    select
        'uncancelled_in_erp' as kind, open_line.order_line_id as subject, open_line.order_id,
        case
            when not open_line.is_single then 'in several lines'
            when tried.state = 'refused' and tried.code <> 'absent' then coalesce(nullif(tried.code, ''), 'refused')
            else 'not done yet'
        end as cause,
        open_line.quantity || ' cancelled at John Lewis and still open in sales order ' || open_line.ord_num
            || if(open_line.is_single, '.', ', in more than one line: which of them is cancelled, a person says there.')
            || if(tried.state = 'refused' and tried.message <> '', ' BlueCherry said: ' || tried.message, '') as detail,
        open_line.quantity || ' in ' || open_line.ord_num as grounds,
        placed.total_amount as amount, placed.currency, placed.shipping_deadline_at as deadline_at,
        coalesce(tried.happened_at, placed.changed_at) as since_at,
    from orders_cancelled_lines as open_line
    join order_facts as placed on placed.order_id = open_line.order_id
    left join (
        from intent_facts
        where intent_kind = 'cancel_sales_line' and (state, code) <> ('refused', 'not_sent')
        qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
    ) as tried on tried.subject = open_line.order_line_id || '/' || open_line.before_quantity
    where tried.state is distinct from 'unclear' and (
        (tried.state = 'refused' and tried.code <> 'absent'
            -- picked then; open again since, and tried again at the next run
            and not (tried.code = 'ORDER_LOCKED' and open_line.read_at > tried.happened_at))
        or placed.changed_at <= as_of - interval 1 hour
        -- the order moved on at John Lewis: that mends nothing
        or (
            tried.state is distinct from 'confirmed' and open_line.order_line_id in (
                select exception_subject from exception_facts where is_open and exception_kind = 'uncancelled_in_erp'
            )
        )
    )
)

from drifted
union all by name from refused
union all by name from picked
union all by name from uncancelled;
