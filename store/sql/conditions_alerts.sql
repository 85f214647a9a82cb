-- One row per route along which nobody is reached. Who is not called, and why? Of the routes there are (none: of all ever).
create or replace macro conditions_alerts(as_of, routes) as table
select
    'alert_failed' as kind, route as subject, '' as order_id, route as cause,
    case state
        when 'failed' then 'Not sent in ' || failure_count || if(failure_count = 1, ' try: ', ' tries: ') || message
        else 'We were stopped while sending "' || title || '": it may have arrived, and is not sent again.'
    end as detail,
    null::decimal(18, 6) as amount, '' as currency, state as grounds, null::timestamptz as deadline_at,
    coalesce(failing_since_at, last_at) as since_at,
from alert_routes(as_of)
where state in ('failed', 'cut_off') and coalesce(list_contains(routes, route), true);
