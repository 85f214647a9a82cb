-- One row per complete stock batch, the newest sixty. When did it come, when had we been told, when did it show?
create or replace macro batch_lags(as_of) as table
with complete as (
    select
        seen.batch_id,
        lag(seen.next_expected_at) over (order by seen.as_of, seen.batch_id) as told_at,
        lag(seen.as_of) over (order by seen.as_of, seen.batch_id) as before_at,
        seen.as_of as batch_at,
        seen.completed_at,
    from stock_batch_facts as seen
    where seen.state = 'COMPLETE' and seen.completed_at <= as_of
    order by batch_at desc, seen.batch_id desc
    limit 60
),

-- batches from before our first were read long after they were complete
read as (
    select reading.batch_id
    from batch_reading_facts as reading
    where reading.read_id is not null
        and reading.as_of >= (select min(first.happened_at) from batch_reading_facts as first)
)

select
    complete.batch_id,
    complete.before_at,                             -- none: the first we know of
    complete.told_at,                               -- what the ERP had said of it
    complete.batch_at,
    complete.completed_at,
    shown.shown_at,                                 -- none: not measured, or nothing was to send
from complete
left join read on read.batch_id = complete.batch_id
left join batches_shown(as_of) as shown on shown.batch_id = read.batch_id and shown.shown_at >= complete.completed_at;
