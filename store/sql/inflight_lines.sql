-- One row per marketplace order line. How many of its units does the batch of that moment not contain, and why?
-- Beneath the others: the inventory flow deducts by it, and every page that speaks of sales in flight reads it.
-- Of all SKUs, or of those named: then no more is read of the history than is theirs.
create or replace macro inflight_lines(
    batch_at, skew_seconds := 120, deducts_open_orders := true, names := null
) as table
with ordered as (
    select *
    from order_line_facts
    where names is null or sku in (select unnest(cast(names as varchar[])))
),

-- where the rows of a SKU say what open orders want, these are off them already
told as (
    select sku_key, bool_and(tells_open_orders) as tells_open_orders,
    from stock_facts
    where tells_open_orders is not null and sku_key in (
        select line.sku_key
        from sales_line_facts as line
        semi join ordered on ordered.order_line_id = line.order_line_id
        where line.open_quantity > 0
    )
    group by sku_key
),

in_erp as (
    -- read back from BlueCherry; inside the batch only if entered surely before its moment
    select
        line.order_line_id,
        coalesce(bool_or(head.entered_at <= batch_at - to_seconds(skew_seconds)), false) as is_inside,
        coalesce(bool_or(head.entered_at > batch_at - to_seconds(skew_seconds)), false) as is_late,
        -- what was cancelled may have been keyed in anew under another number
        coalesce(sum(line.ordered_quantity - line.cancelled_quantity) filter (
            head.entered_at > batch_at - to_seconds(skew_seconds)
        ), 0) as late_quantity,
        coalesce(sum(line.ordered_quantity - line.cancelled_quantity) filter (
            head.entered_at <= batch_at - to_seconds(skew_seconds)
        ), 0) as inside_quantity,
        -- a batch of hard allocations that does not say what open orders want leaves these out
        coalesce(sum(line.open_quantity) filter (
            head.entered_at <= batch_at - to_seconds(skew_seconds)
            and not coalesce(told.tells_open_orders, deducts_open_orders)
        ), 0) as untold_quantity,
    from sales_line_facts as line
    join ordered on ordered.order_line_id = line.order_line_id
    join sales_order_facts as head on head.ord_num = line.ord_num
    left join told on told.sku_key = line.sku_key
    where line.order_line_id <> ''
        -- taken out of the sales order of another order, it is sent anew
        and (line.order_id = ordered.order_id or (line.happened_at, line.seq) >= (head.happened_at, head.seq))
    group by line.order_line_id
),

doubtful as (
    -- a create whose answer never came, or whose order was not read back yet: it may be there
    select distinct intent.order_id,
    from intent_facts as intent
    semi join ordered on ordered.order_id = intent.order_id
    where intent_kind = 'create_sales_order' and (
        state in ('recorded', 'unclear')
        or (state = 'confirmed' and reference not in (select ord_num from sales_order_facts))
    )
),

lines as (
    select
        line.order_line_id,
        line.order_id,
        line.sku,
        line.quantity,
        greatest(line.quantity - line.cancelled_quantity, 0) as wanted_quantity,
        placed.state as order_state,
        line.state in ('REFUSED', 'CANCELED') or placed.state in ('REFUSED', 'CANCELED') as is_released,
        line.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED', 'INCIDENT_OPEN', 'REFUNDED')
            or placed.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED', 'INCIDENT_OPEN', 'REFUNDED')
            as is_shipped,
        in_erp.order_line_id is not null as is_in_erp,
        coalesce(in_erp.is_inside, false) as is_inside,
        coalesce(in_erp.is_late, false) as is_late,
        coalesce(in_erp.late_quantity, 0) as late_quantity,
        coalesce(in_erp.inside_quantity, 0) as inside_quantity,
        coalesce(in_erp.untold_quantity, 0) as untold_quantity,
        doubtful.order_id is not null as is_doubtful,
        placed.is_before_start,
        placed.placed_at,
        placed.changed_at,
        coalesce(placed.debited_at, placed.accepted_at, placed.placed_at) as paid_at,
    from ordered as line
    join order_facts as placed on placed.order_id = line.order_id
    left join in_erp on in_erp.order_line_id = line.order_line_id
    left join doubtful on doubtful.order_id = line.order_id
),

judged as (
    select
        *,
        case
            when is_inside and is_late then 'entered_twice'
            when is_inside then 'inside'
            when is_in_erp then 'entered_after'
            when is_doubtful then 'unclear'
            when is_released then 'released'
            when is_shipped then 'shipped_by_hand'
            else 'not_in_erp'
        end as standing,
    from lines
)

select
    order_line_id,
    order_id,
    sku,
    order_state,
    standing,
    quantity,
    wanted_quantity,
    case standing
        when 'entered_twice' then untold_quantity + greatest(
            late_quantity, if(is_released, 0, wanted_quantity - inside_quantity)
        )
        when 'inside' then untold_quantity
        when 'entered_after' then greatest(late_quantity, wanted_quantity)
        when 'unclear' then quantity
        when 'released' then 0
        -- the goods of an earlier batch may still count there
        when 'shipped_by_hand' then if(not is_before_start and changed_at > batch_at, wanted_quantity, 0)
        else wanted_quantity
    end::bigint as inflight_quantity,
    -- certainly never in BlueCherry, and not wanted any more: free at once
    if(
        standing in ('released', 'shipped_by_hand', 'not_in_erp'),
        if(is_released, quantity, quantity - wanted_quantity),
        0
    )::bigint as released_quantity,
    -- what the marketplace itself may have put back
    if(is_released, quantity, quantity - wanted_quantity)::bigint as cancelled_quantity,
    placed_at,
    changed_at,
    paid_at,
from judged;
