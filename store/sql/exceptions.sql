-- One row per thing that is wrong now. Since when, what does it cost, who has it?
create or replace macro exceptions(as_of) as table
with handled as (
    select
        exception_id,
        max(owner) filter (where action = 'assign') as owner,
        max(until_at) filter (where action = 'snooze') as snoozed_until_at,
        max(note) filter (where action = 'note') as note,
        max(actor) filter (where action = 'note') as noted_by,
        max(note) filter (where action = 'accept') as accepted_reason,
        max(actor) filter (where action = 'accept') as accepted_by,
        max(happened_at) filter (where action = 'accept') as accepted_at,
    from exception_handling_facts
    group by exception_id
)

select
    wrong.exception_id,
    wrong.exception_kind,
    wrong.exception_subject,
    wrong.order_id,
    wrong.cause,
    wrong.detail,
    coalesce(handled.owner, '') as owner,
    coalesce(handled.note, '') as note,
    coalesce(handled.noted_by, '') as noted_by,
    coalesce(handled.snoozed_until_at > as_of, false) as is_snoozed,
    -- accepted once, it is accepted for this time it is wrong, not for the next
    coalesce(handled.accepted_at >= wrong.since_at, false) as is_accepted,
    coalesce(handled.accepted_reason, '') as accepted_reason,
    coalesce(handled.accepted_by, '') as accepted_by,
    wrong.currency,
    wrong.amount,
    epoch(as_of - wrong.since_at)::bigint as age_seconds,
    epoch(wrong.deadline_at - as_of)::bigint as left_seconds,
    wrong.deadline_at,
    wrong.since_at,
    handled.snoozed_until_at,
from exception_facts as wrong
left join handled on handled.exception_id = wrong.exception_id
where wrong.is_open;
