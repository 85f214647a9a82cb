-- One row per order in SHIPPING with wanted lines that BlueCherry never had under its number, that nothing holds and no
-- creation carries. Which SKUs, and under the number of which other order do they stand?
-- What stands under none is sent by the next run: it is skipped if that has not happened for an hour.
create or replace macro orders_skipped(as_of) as table
select
    line.order_id,
    array_to_string(
        list_sort(coalesce(list(distinct line.sku) filter (other.place is not null), list(distinct line.sku))), ' and '
    ) as skus,
    string_agg(distinct other.place, ' and ') as places,  -- null: under none
    coalesce(bool_and(other.is_cancelled), false) as is_cancelled,  -- it stands there, and nothing of it will come
from order_facts as placed
join order_line_facts as line on line.order_id = placed.order_id
anti join sales_line_facts as own on own.order_line_id = line.order_line_id and own.order_id = line.order_id
left join lines_elsewhere as other on other.order_line_id = line.order_line_id
where placed.state = 'SHIPPING' and not placed.is_before_start
    and line.quantity > line.cancelled_quantity and line.state not in ('REFUSED', 'CANCELED')
    and not exists (
        from order_hold_facts as hold
        where hold.order_id = placed.order_id
            -- released just now, it goes at the next run
            and (hold.reason is not null or hold.happened_at > as_of - interval 1 hour)
    )
    and not exists (
        from intent_facts as sent
        where sent.order_id = line.order_id and sent.intent_kind = 'create_sales_order' and sent.state <> 'refused'
            -- it shows another number by now, and nothing of the line lives in it
            and not exists (
                from sales_order_facts as moved
                where moved.ord_num = sent.reference and moved.order_id <> sent.order_id and not exists (
                    from sales_line_facts as there
                    where there.ord_num = moved.ord_num and there.order_line_id = line.order_line_id
                        and (there.happened_at, there.seq) >= (moved.happened_at, moved.seq)
                        and there.ordered_quantity > there.cancelled_quantity
                )
            )
            -- what it carried was not kept in older events
            and coalesce(
                json_extract(sent.payload, '$.lines') is null
                or list_contains(json_extract_string(sent.payload, '$.lines[*].order_line_id'), line.order_line_id),
                true
            )
    )
group by line.order_id
having places is not null or any_value(placed.changed_at) <= as_of - interval 1 hour;
