-- One row per route anything was ever sent along. When was that, does it arrive, and how often did it fail in a row?
create or replace macro alert_routes(as_of) as table
with sent as (
    select
        begun.route, begun.title, begun.happened_at as begun_at, begun.seq,
        -- a message whose end we never saw was cut off by a stop of ours
        coalesce(ended.state, if(begun.happened_at <= as_of - interval 5 minutes, 'cut_off', 'begun')) as state,
        coalesce(ended.message, '') as message,
    from alert_facts as begun
    left join alert_end_facts as ended on ended.alert_id = begun.alert_id
    where begun.happened_at <= as_of
),

last_good as (
    select route, max(seq) as seq from sent where state = 'sent' group by route
)

select
    sent.route,
    arg_max(sent.state, sent.seq) as state,
    arg_max(sent.message, sent.seq) as message,
    arg_max(sent.title, sent.seq) as title,
    count(*) filter (where sent.state = 'failed' and sent.seq > coalesce(last_good.seq, -1)) as failure_count,
    min(sent.begun_at) filter (where sent.state = 'failed' and sent.seq > coalesce(last_good.seq, -1)) as failing_since_at,
    max(sent.begun_at) as last_at,
from sent
left join last_good on last_good.route = sent.route
group by sent.route;
