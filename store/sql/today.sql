-- One row. Are orders, dispatch and the house itself healthy, and what needs a person?
create or replace macro today(as_of) as table
with seen as (
    select
        count(*) as seen_count,
        count(*) filter (where sales_order_count > 0 and missing_line_count = 0) as in_erp_count,
        count(*) filter (where erp_state = 'held' and not is_cancelled) as held_count,
        count(*) filter (where is_cancelled) as cancelled_count,
        count(*) filter (where shipped_count > 0 or is_shown_shipped) as shipped_count,
        count(*) filter (where is_shown_shipped) as confirmed_count,
        count(*) filter (where erp_state in ('waiting', 'sent', 'accepted', 'unclear')) as on_way_count,
        count(*) filter (where placed_at > as_of - interval 1 day) as day_count,
        count(*) filter (where placed_at <= as_of - interval 1 day and placed_at > as_of - interval 2 days)
            as day_before_count,
        coalesce(sum(total_amount) filter (where placed_at > as_of - interval 1 day), 0)::decimal(18, 6) as day_amount,
        max(placed_at) as newest_at,
    from orders(as_of)
),

leaving as (
    select
        count(distinct order_id) filter (where is_unshipped) as to_ship_count,
        count(*) filter (where is_unconfirmed) as unconfirmed_count,
        count(distinct order_id) filter (where is_late) as late_count,
        count(distinct order_id) filter (
            where left_seconds between 0 and 14400 and state not in ('confirmed', 'cancelled')
        ) as due_soon_count,
        count(*) filter (where state = 'held') as parcel_held_count,
        min(left_seconds) filter (where state not in ('confirmed', 'cancelled') and left_seconds > 0) as next_left_seconds,
    from dispatch(as_of)
),

wrong as (
    select
        count(*) filter (where not is_snoozed and not is_accepted) as open_count,
        count(distinct exception_kind || cause) filter (where not is_snoozed and not is_accepted) as cause_count,
    from exceptions(as_of)
),

running as (
    select
        count(*) filter (where state = 'failed') as failed_flow_count,
        count(*) filter (where state = 'late') as late_flow_count,
        count(*) filter (where state in ('never', 'deferred')) as never_flow_count,
        string_agg(name, ', ' order by position) filter (where state in ('failed', 'late')) as troubled_flows,
    from flows(as_of)
)

select
    seen.seen_count,
    seen.in_erp_count,
    seen.held_count,
    seen.cancelled_count,
    seen.shipped_count,
    seen.confirmed_count,
    seen.on_way_count,
    seen.day_count,
    seen.day_before_count,
    leaving.to_ship_count,
    leaving.unconfirmed_count,
    leaving.late_count,
    leaving.due_soon_count,
    leaving.parcel_held_count,
    leaving.next_left_seconds,
    wrong.open_count,
    wrong.cause_count,
    running.failed_flow_count,
    running.late_flow_count,
    running.never_flow_count,
    coalesce(running.troubled_flows, '') as troubled_flows,
    seen.day_amount,
    seen.newest_at,
from seen, leaving, wrong, running;
