-- One row per operation called in the last hour. How much do we ask of each system, and how does it answer?
create or replace macro api_budget(as_of) as table
select
    source,
    resource,
    count(*) as call_count,
    count(*) filter (where status = 429) as throttled_count,
    count(*) filter (where status = 0 or status >= 500) as failed_count,
    count(*) filter (where status between 400 and 499 and status <> 429) as refused_count,
    median(latency_ms)::bigint as typical_ms,
    max(latency_ms)::bigint as slowest_ms,
    arg_max(status, seen_at) as last_status,
    max(seen_at) as last_at,
from snapshots
where seen_at > as_of - interval 1 hour and seen_at <= as_of + interval 1 minute
group by source, resource;
