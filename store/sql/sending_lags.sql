-- One row per stock file that took effect, the newest sixty of the last eight days. From which pull of orders was it?
create or replace macro sending_lags(as_of) as table
with pulls as (
    select started_at as pulled_at, happened_at as ended_at,
    from run_facts
    where flow = 'orders' and state in ('succeeded', 'deferred') and (calls ->> '$.OR11') is not null
        and started_at > as_of - interval 8 days
),

sent as (
    select push.intent_id, push.meant_at, done.happened_at as applied_at,
    from intent_facts as push
    join import_facts as done on done.push_id = push.intent_id and done.state = 'complete'
    where push.intent_kind = 'push_stock' and done.happened_at <= as_of and push.meant_at > as_of - interval 8 days
    order by push.meant_at desc
    limit 60
)

select sent.intent_id as push_id, pulls.pulled_at, sent.meant_at, sent.applied_at,
from sent
asof join pulls on sent.meant_at >= pulls.ended_at;
