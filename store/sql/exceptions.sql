-- One row per thing that is wrong now. Since when, what does it cost, who has it, until when is it put off?
create or replace macro exceptions(as_of) as table
with handled as (
    select
        exception_id,
        max(owner) filter (where action = 'assign') as owner,
        max(until_at) filter (where action = 'snooze') as snoozed_until_at,
        max(until_event) filter (where action = 'snooze') as snoozed_until_event,
        max(happened_at) filter (where action = 'snooze') as snoozed_at,
        max(seq) filter (where action = 'snooze') as snoozed_seq,
        max(note) filter (where action = 'note') as note,
        max(actor) filter (where action = 'note') as noted_by,
        max(note) filter (where action = 'accept') as accepted_reason,
        max(actor) filter (where action = 'accept') as accepted_by,
        max(happened_at) filter (where action = 'accept') as accepted_at,
        max(grounds) filter (where action = 'accept') as accepted_grounds,
    from exception_handling_facts
    group by exception_id
),

-- recorded after it was put off: what people wait for has happened
sales as (
    select sales.order_id, max(sales.seq) as seq,
    from sales_order_facts as sales
    where sales.order_id in (
        select wrong.order_id from exception_facts as wrong
        join handled on handled.exception_id = wrong.exception_id
        where wrong.is_open and handled.snoozed_until_event = 'change'
    )
    group by sales.order_id
),

put_off as (
    select
        wrong.exception_id,
        case handled.snoozed_until_event
            when 'change' then coalesce(greatest(wrong.seq, placed.seq, sales.seq) > handled.snoozed_seq, false)
            when 'batch' then exists (
                from batch_reading_facts as reading
                where reading.read_id is not null and reading.seq > handled.snoozed_seq
            )
            when 'payout' then exists (from payout_facts as payout where payout.seq > handled.snoozed_seq)
            else false
        end as has_happened,
        least(
            handled.snoozed_until_at,
            -- a deadline wakes it in any case, while there is time to act: four hours before, or half of what was left
            if(
                wrong.deadline_at > handled.snoozed_at,
                wrong.deadline_at - least(interval 4 hours, (wrong.deadline_at - handled.snoozed_at) / 2),
                null
            )
        ) as wakes_at,
    from exception_facts as wrong
    join handled on handled.exception_id = wrong.exception_id and handled.snoozed_seq is not null
    left join order_facts as placed on placed.order_id = wrong.order_id and wrong.order_id <> ''
    left join sales on sales.order_id = wrong.order_id
    where wrong.is_open
)

select
    wrong.exception_id,
    wrong.exception_kind,
    wrong.exception_subject,
    wrong.order_id,
    wrong.cause,
    wrong.detail,
    wrong.grounds,
    coalesce(handled.owner, '') as owner,
    coalesce(handled.note, '') as note,
    coalesce(handled.noted_by, '') as noted_by,
    coalesce(
        (handled.snoozed_until_at is not null or handled.snoozed_until_event <> '')
        and not put_off.has_happened
        and coalesce(put_off.wakes_at > as_of, true),
        false
    ) as is_snoozed,
    -- accepted once, it is accepted as it stood and for this time it is wrong, not for other values nor for the next time
    coalesce(handled.accepted_at >= wrong.since_at, false)
        and coalesce(handled.accepted_grounds = wrong.grounds, true) as is_accepted,
    coalesce(handled.accepted_reason, '') as accepted_reason,
    coalesce(handled.accepted_by, '') as accepted_by,
    coalesce(handled.snoozed_until_event, '') as snoozed_until_event,
    wrong.currency,
    wrong.amount,
    epoch(as_of - wrong.since_at)::bigint as age_seconds,
    epoch(wrong.deadline_at - as_of)::bigint as left_seconds,
    wrong.deadline_at,
    wrong.since_at,
    handled.snoozed_until_at,
    put_off.wakes_at,                           -- whatever it waits for besides
    -- the last word that it may rest, where it rests no more because it changed
    greatest(
        if(not is_accepted, handled.accepted_at, null),
        if(handled.snoozed_until_event = 'change' and put_off.has_happened, handled.snoozed_at, null)
    ) as disturbed_since_at,
from exception_facts as wrong
left join handled on handled.exception_id = wrong.exception_id
left join put_off on put_off.exception_id = wrong.exception_id
where wrong.is_open;
