-- One row per stock batch that had something to send. When did its numbers, or newer ones, take effect?
-- A batch waits for the first file that was meant after it was read and then applied, however late: where none could go
-- before a newer batch was read (a file stood open, John Lewis was down), for that of whichever later batch; where all it
-- would have sent were rises that may not go yet (the batch is old, the orders were not read), likewise.
-- Left out is one after which all offers were decided, on it or a newer one, and nothing was to send: the file then comes
-- with the next sale, and that wait says nothing of how long we take. Of batches read before such agreements were written
-- down at all (a bookmark says since when) nobody knows whether they had anything to send: they count with a file of their
-- own only, one that went as soon as it could, as does the newest alone of those read in one moment.
create or replace macro batches_shown(as_of) as table
with readings as (
    select
        reading.batch_id,
        reading.as_of as batch_at,
        reading.happened_at as read_at,
        row_number() over (partition by reading.happened_at order by reading.as_of desc, reading.batch_id desc) = 1
            as is_newest,
        min(reading.happened_at) over (
            order by reading.happened_at
            range between interval 1 microsecond following and unbounded following
        ) as overtaken_at,
    from batch_reading_facts as reading
    where reading.read_id is not null
),

agreements as (
    select seen.as_of as batch_at, agreed.happened_at,
    from batch_agreement_facts as agreed
    join batch_reading_facts as seen on seen.batch_id = agreed.batch_id
    where agreed.happened_at <= as_of
),

-- one stock file is open at a time: the next waits for the end of the one before
ended as (
    select
        push.meant_at as sent_at,
        done.happened_at as shown_at,
        -- one of which John Lewis took no quantity shows nothing
        done.state = 'complete' and done.error_count < (push.payload ->> 'rows')::bigint as is_taken,
        lag(done.happened_at) over (order by push.meant_at, push.intent_id) as free_at,
    from intent_facts as push
    join import_facts as done on done.push_id = push.intent_id
    where push.intent_kind = 'push_stock' and done.happened_at <= as_of
),

files as (select sent_at, shown_at, free_at from ended where is_taken),

firsts as (
    select readings.*, files.sent_at, files.shown_at, files.free_at,
    from readings
    asof join files on readings.read_at <= files.sent_at
)

select firsts.batch_id, firsts.shown_at,
from firsts
where
    (
        firsts.read_at >= (
            select value::timestamptz from bookmarks where name = 'inventory.agreements_since'
        )
        or (
            firsts.is_newest
            and (firsts.overtaken_at is null or firsts.sent_at < firsts.overtaken_at)
            and firsts.sent_at <= greatest(firsts.read_at, firsts.free_at) + interval 10 minute
        )
    )
    and not exists (
        select 1 from agreements where agreements.batch_at >= firsts.batch_at and agreements.happened_at <= firsts.sent_at
    );
