-- One row per operation called lately. How much do we ask of each system, of what it allows, and how does it answer?
create or replace macro api_budget(as_of) as table
with allowed as (
    -- what Mirakl publishes, by the hour, or by the day for what it wants asked daily; a test compares it with what
    -- our client keeps to
    select * from (values
        ('OR11', 60, 3600), ('OR04', 60, 3600), ('STO01', 60, 3600), ('STO02', 240, 3600), ('STO03', 60, 3600),
        ('TL02', 60, 3600), ('SBC11', 1, 86400), ('A01', 1, 86400), ('SH12', 1, 86400), ('SH21', 1, 86400)
    ) as allowed(resource, allowed_count, window_seconds)
),

asked as (
    select
        shot.*,
        allowed.allowed_count,
        coalesce(allowed.window_seconds, 3600) as window_seconds,
        -- the pages of a sweep after its first do not count, nor do orders asked for by their ids
        shot.source = 'marketplace' and not regexp_matches(shot.path, '[?&](page_token=|offset=[1-9]|order_ids=)')
            as is_counted,
    from snapshots as shot
    left join allowed on allowed.resource = shot.resource and shot.source = 'marketplace'
    where shot.seen_at > as_of - interval 1 day and shot.seen_at <= as_of + interval 1 minute
)

select
    source,
    resource,
    count(*) as call_count,
    count(*) filter (where is_counted and status between 1 and 499) as used_count,
    any_value(allowed_count) as allowed_count,
    any_value(window_seconds) as window_seconds,
    count(*) filter (where status = 429) as throttled_count,
    count(*) filter (where status = 0 or status >= 500) as failed_count,
    count(*) filter (where status between 400 and 499 and status <> 429) as refused_count,
    median(latency_ms)::bigint as typical_ms,
    max(latency_ms)::bigint as slowest_ms,
    arg_max(status, seen_at) as last_status,
    max(seen_at) as last_at,
from asked
where seen_at > as_of - to_seconds(window_seconds)
group by source, resource;
