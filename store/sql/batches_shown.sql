-- One row per stock batch whose numbers went out as soon as they could. When did its first file take effect?
-- Of a batch that changes nothing the first file comes with the next sale: that wait says nothing of how long we take.
create or replace macro batches_shown(as_of) as table
with readings as (
    select arg_max(reading.batch_id, reading.as_of) as batch_id, reading.happened_at as read_at,
    from batch_reading_facts as reading
    where reading.read_id is not null
    group by reading.happened_at
),

-- one stock file is open at a time: the next waits for the end of the one before
files as (
    select
        push.meant_at as sent_at,
        done.happened_at as shown_at,
        done.state,
        lag(done.happened_at) over (order by push.meant_at) as free_at,
    from intent_facts as push
    join import_facts as done on done.push_id = push.intent_id
    where push.intent_kind = 'push_stock' and done.happened_at <= as_of
),

-- a file has the numbers of the newest batch read when it was meant
firsts as (
    select readings.batch_id, readings.read_at, files.*,
    from files
    asof join readings on files.sent_at >= readings.read_at
    qualify row_number() over (partition by readings.batch_id order by files.sent_at) = 1
)

select batch_id, shown_at,
from firsts
where state = 'complete' and sent_at <= greatest(read_at, free_at) + interval 10 minute;
