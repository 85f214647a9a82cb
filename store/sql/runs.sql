-- One row per run of a flow that ended. What did it do, how long did it take, how did it end?
create or replace macro runs(as_of) as table
select
    run_id,
    flow,
    state,
    message,
    counts,
    calls,
    epoch(happened_at - started_at) as duration_seconds,
    epoch(as_of - happened_at)::bigint as age_seconds,
    started_at,
    happened_at as ended_at,
    due_at,
from run_facts;
