-- One row per order and system that has a part in it. What does each say of the order now, side by side?
create or replace macro order_systems(as_of) as table
with sales as (
    select
        sales.order_id,
        array_to_string(list_sort(list(distinct coalesce(word.status, sales.raw_status))), ', ') as state,
        string_agg(ord_num || ' at ' || warehouse, ', ' order by ord_num) as named,
        max(changed_at) as since_at,
    from sales_order_facts as sales
    left join status_words(as_of) as word using (raw_status)
    group by sales.order_id
),

-- what BlueCherry took and does not show yet
taken as (
    select
        order_id,
        string_agg(distinct reference, ', ' order by reference) as named,
        max(happened_at) as since_at,
    from intent_facts
    where intent_kind = 'create_sales_order' and state = 'confirmed' and order_id <> ''
    group by order_id
),

units as (
    select line.order_id, sum(line.ordered_quantity - line.cancelled_quantity) as live, sum(line.picked_quantity) as picked,
        sum(line.shipped_quantity) as shipped,
    from sales_line_facts as line
    join sales_order_facts as sales
        on sales.ord_num = line.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    group by line.order_id
),

-- what BlueCherry charged for it, less what it gave back
charged as (
    select order_id, sum(total_amount)::decimal(18, 6) as amount, any_value(currency) as currency,
    from order_documents
    group by order_id
),

parcels as (
    select
        posted.order_id,
        count(*) as parcel_count,
        count(*) filter (where told.subject is not null) as told_count,
        string_agg(
            posted.ship_via || ' ' || coalesce(nullif(carton.tracking, ''), 'untracked'), ', '
            order by posted.shipped_at, carton.carton
        ) as named,
        max(posted.shipped_at) as since_at,
    from shipment_facts as posted
    join carton_facts as carton
        on carton.ship_id = posted.ship_id and (carton.happened_at, carton.seq) >= (posted.happened_at, posted.seq)
    left join (
        select distinct subject from intent_facts where intent_kind = 'confirm_shipment' and state = 'confirmed'
    ) as told on told.subject = posted.ship_id || '/' || carton.carton
    where not posted.is_voided
    group by posted.order_id
),

money as (
    select
        order_id,
        case
            when bool_and(payment_state = 'PAID') then 'PAID'
            when bool_or(payment_state = 'PENDING') then 'PENDING'
            when bool_or(payment_state = 'PAYABLE') then 'PAYABLE'
            else max(payment_state)
        end as state,
        sum(amount) as amount,
        any_value(currency) as currency,
        count(*) as line_count,
        max(created_at) as since_at,
    from transaction_facts
    where order_id <> ''
    group by order_id
)

select
    placed.order_id, 'marketplace' as system, 1 as position, placed.state,
    placed.unit_count || if(placed.unit_count = 1, ' unit', ' units') || ' of ' || placed.line_count
        || if(placed.line_count = 1, ' line', ' lines')
        || if(placed.seller_reference <> '', '; knows our number ' || placed.seller_reference, '') as detail,
    placed.total_amount as amount, placed.currency, placed.changed_at as since_at,
from order_facts as placed

union all

select
    placed.order_id, 'erp', 2, coalesce(sales.state, if(taken.named is not null, 'accepted', '')),
    coalesce(
        sales.named || ': ' || units.live || ' ordered, ' || units.picked || ' picked, ' || units.shipped || ' shipped',
        'took it as ' || taken.named, ''
    ),
    charged.amount, coalesce(charged.currency, ''), coalesce(sales.since_at, taken.since_at),
from order_facts as placed
left join charged on charged.order_id = placed.order_id
left join sales on sales.order_id = placed.order_id
left join taken on taken.order_id = placed.order_id
left join units on units.order_id = placed.order_id

union all

select
    placed.order_id, 'carrier', 3,
    case
        when parcels.parcel_count is null and placed.tracking <> '' then 'SHIPPED'
        when parcels.parcel_count is null then ''
        when placed.state in ('RECEIVED', 'CLOSED') then 'RECEIVED'
        when parcels.told_count = parcels.parcel_count then 'confirmed'
        else 'shipped_not_confirmed'
    end,
    coalesce(parcels.named, nullif(trim(placed.carrier_code || ' ' || placed.tracking), ''), ''),
    null, '', parcels.since_at,
from order_facts as placed
left join parcels on parcels.order_id = placed.order_id

union all

select
    placed.order_id, 'payout', 4, coalesce(money.state, ''),
    coalesce(money.line_count || if(money.line_count = 1, ' ledger line', ' ledger lines'), ''),
    money.amount::decimal(18, 6), coalesce(money.currency, ''), money.since_at,
from order_facts as placed
left join money on money.order_id = placed.order_id;
