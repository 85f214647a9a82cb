-- One row per stock batch that had something to send. When did its first file take effect?
-- Of a batch that changes nothing the first file comes with the next sale: that wait says nothing of how long we take.
create or replace macro batches_shown(as_of) as table
with readings as (
    select arg_max(reading.batch_id, reading.as_of) as batch_id, reading.happened_at as read_at,
    from batch_reading_facts as reading
    where reading.read_id is not null
    group by reading.happened_at
),

files as (
    select push.meant_at as sent_at, done.happened_at as shown_at,
    from intent_facts as push
    join import_facts as done on done.push_id = push.intent_id
    where push.intent_kind = 'push_stock' and done.state = 'complete' and done.happened_at <= as_of
),

-- a file has the numbers of the newest batch read when it was meant; however late it is, the batch waited for it
firsts as (
    select readings.batch_id, files.sent_at, files.shown_at,
    from files
    asof join readings on files.sent_at >= readings.read_at
    qualify row_number() over (partition by readings.batch_id order by files.sent_at) = 1
)

select firsts.batch_id, firsts.shown_at,
from firsts
left join batch_agreement_facts as agreed
    on agreed.batch_id = firsts.batch_id and agreed.happened_at <= firsts.sent_at
where agreed.batch_id is null;
