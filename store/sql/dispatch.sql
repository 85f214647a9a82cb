-- One row per parcel, and per order still without one. What must leave when, and does John Lewis know it left?
create or replace macro dispatch(as_of) as table
with attempts as (
    select subject, state, code, message, reference, happened_at,
    from intent_facts
    where intent_kind = 'confirm_shipment'
    qualify row_number() over (partition by subject order by state = 'confirmed' desc, happened_at desc, seq desc) = 1
),

parcels as (
    select
        posted.ship_id,
        posted.order_id,
        posted.ord_num,
        posted.warehouse,
        posted.ship_via,
        posted.shipped_at,
        carton.carton,
        carton.tracking,
        carton.quantities,
        attempt.state as confirm_state,
        coalesce(nullif(attempt.message, ''), attempt.code, '') as confirm_message,
        coalesce(attempt.reference, '') as shipment_id,
        attempt.happened_at as confirm_at,
        held.reason as hold_reason,
        coalesce(held.cause, '') as hold_cause,
        coalesce(held.detail, '') as hold_detail,
    from shipment_facts as posted
    join carton_facts as carton
        on carton.ship_id = posted.ship_id
        and (carton.happened_at, carton.seq) >= (posted.happened_at, posted.seq)
    left join attempts as attempt on attempt.subject = posted.ship_id || '/' || carton.carton
    left join shipment_hold_facts as held on held.ship_id = posted.ship_id and held.reason <> ''
    where not posted.is_voided
),

sales as (
    select
        sales.order_id,
        array_to_string(list_sort(list(distinct sales.ord_num)), ', ') as ord_nums,
        array_to_string(list_sort(list(distinct sales.warehouse)), ', ') as warehouses,
        array_to_string(list_sort(list(distinct sales.ship_via)), ', ') as ship_vias,
        coalesce(sum(line.open_quantity), 0) as open_count,
        coalesce(sum(line.picked_quantity), 0) as picked_count,
        coalesce(sum(line.shipped_quantity), 0) as shipped_count,
    from sales_order_facts as sales
    left join sales_line_facts as line
        on line.ord_num = sales.ord_num and (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
    group by sales.order_id
),

unshipped as (
    select placed.order_id
    from order_facts as placed
    left join sales on sales.order_id = placed.order_id
    where placed.state = 'SHIPPING'
        and (sales.order_id is null or sales.open_count + sales.picked_count > 0 or sales.shipped_count = 0)
        -- an order all of whose parcels are known has nothing left to send
        and (coalesce(sales.shipped_count, 0) = 0 or sales.open_count + sales.picked_count > 0)
),

rows as (
    select
        placed.order_id, parcel.ship_id, parcel.carton, parcel.ord_num, parcel.warehouse, parcel.ship_via,
        parcel.tracking, parcel.quantities, parcel.confirm_state, parcel.confirm_message, parcel.shipment_id,
        parcel.hold_reason, parcel.hold_cause, parcel.hold_detail, parcel.shipped_at, parcel.confirm_at,
        case
            when parcel.confirm_state = 'confirmed' then 'confirmed'
            when placed.state in ('SHIPPED', 'TO_COLLECT', 'RECEIVED', 'CLOSED') then 'confirmed'
            when placed.state in ('REFUSED', 'CANCELED') then 'cancelled'
            when parcel.hold_reason is not null then 'held'
            when parcel.confirm_state = 'unclear' then 'unclear'
            when parcel.confirm_state = 'refused' and parcel.confirm_message <> 'not_sent' then 'refused'
            else 'shipped_not_confirmed'
        end as state,
    from parcels as parcel
    join order_facts as placed on placed.order_id = parcel.order_id

    union all

    select
        placed.order_id, '' as ship_id, '' as carton, coalesce(sales.ord_nums, '') as ord_num,
        coalesce(sales.warehouses, '') as warehouse, coalesce(sales.ship_vias, '') as ship_via,
        '' as tracking, '' as quantities, null as confirm_state, '' as confirm_message, '' as shipment_id,
        held.reason as hold_reason, coalesce(held.cause, '') as hold_cause, coalesce(held.detail, '') as hold_detail,
        null as shipped_at, null as confirm_at,
        case
            when held.reason is not null then 'order_held'
            when sales.order_id is null then 'not_in_erp'
            when sales.shipped_count > 0 then 'part_shipped'
            when sales.picked_count > 0 then 'picked'
            else 'to_pick'
        end as state,
    from unshipped
    join order_facts as placed on placed.order_id = unshipped.order_id
    left join sales on sales.order_id = placed.order_id
    left join order_hold_facts as held on held.order_id = placed.order_id and held.reason is not null
)

select
    rows.order_id,
    rows.ship_id,
    rows.carton,
    rows.ord_num,
    rows.state,
    placed.state as order_state,
    rows.state in ('held', 'unclear', 'refused', 'shipped_not_confirmed') as is_unconfirmed,
    rows.state in ('order_held', 'not_in_erp', 'part_shipped', 'picked', 'to_pick') as is_unshipped,
    coalesce(
        placed.shipping_deadline_at < as_of and rows.state not in ('confirmed', 'cancelled'), false
    ) as is_late,
    rows.hold_reason,
    rows.hold_cause,
    rows.hold_detail,
    rows.warehouse,
    rows.ship_via,
    placed.shipping_type,
    rows.tracking,
    rows.quantities,
    rows.confirm_message,
    rows.shipment_id,
    placed.unit_count,
    placed.currency,
    placed.total_amount,
    epoch(placed.shipping_deadline_at - as_of)::bigint as left_seconds,
    epoch(as_of - rows.shipped_at)::bigint as shipped_age_seconds,
    placed.shipping_deadline_at,
    rows.shipped_at,
    rows.confirm_at,
    placed.placed_at,
from rows
join order_facts as placed on placed.order_id = rows.order_id;
