-- One row per cause of exceptions. What is to be mended, where, how much waits for it, how long, and until when?
create or replace macro causes(as_of) as table
with wrong as (
    select * from exceptions(as_of)
),

-- what is wrong with an order is worth the order once, however many of its lines or parcels; of returns each its own
worths as (
    select
        exception_kind, cause,
        sum(amount)::decimal(18, 6) as amount, sum(loud_amount)::decimal(18, 6) as loud_amount,
    from (
        select
            wrong.exception_kind, wrong.cause,
            max(wrong.amount) as amount,
            max(wrong.amount) filter (where not (wrong.is_snoozed or wrong.is_accepted)) as loud_amount,
        from wrong
        left join exception_kinds as kind on kind.code = wrong.exception_kind
        group by
            wrong.exception_kind, wrong.cause,
            if(wrong.order_id = '' or kind.flow = 'returns', wrong.exception_id::varchar, wrong.order_id)
    )
    group by exception_kind, cause
),

grouped as (
    select
        exception_kind,
        cause,
        count(*) as subject_count,
        count(distinct order_id) filter (where order_id <> '') as order_count,
        count(*) filter (where is_snoozed or is_accepted) as quiet_count,
        count(*) filter (where not (is_snoozed or is_accepted)) as open_count,
        -- of what is neither put off nor accepted
        count(*) filter (where not (is_snoozed or is_accepted) and age_seconds > 4 * 3600) as over_4_hours_count,
        count(*) filter (where not (is_snoozed or is_accepted) and age_seconds > 24 * 3600) as over_a_day_count,
        count(*) filter (where not (is_snoozed or is_accepted) and age_seconds > 72 * 3600) as over_3_days_count,
        arg_min(detail, since_at) as detail,
        array_to_string(list_sort(list(distinct owner) filter (where owner <> '')), ', ') as owners,
        any_value(currency) filter (where currency <> '') as currency,
        min(deadline_at) as deadline_at,
        min(deadline_at) filter (where not (is_snoozed or is_accepted)) as loud_deadline_at,
        list({'subject': left(exception_id::varchar, 8), 'deadline_at': deadline_at} order by deadline_at, exception_id)
            filter (where not (is_snoozed or is_accepted) and deadline_at <= as_of + interval 4 hours) as near,
        min(since_at) as since_at,
        max(disturbed_since_at) filter (where not (is_snoozed or is_accepted)) as disturbed_since_at,
    from wrong
    group by exception_kind, cause
)

select
    grouped.exception_kind,
    grouped.cause,
    coalesce(
        replace(coalesce(of_cause.sentence, kind.sentence), '{cause}', grouped.cause), grouped.exception_kind
    ) as sentence,
    coalesce(of_cause.severity, kind.severity, 'normal') as severity,
    coalesce(list_position(['urgent', 'high', 'normal', 'low'], coalesce(of_cause.severity, kind.severity)), 3) as rank,
    coalesce(of_cause.owner, kind.owner, '') as team,
    coalesce(of_cause.fix_where, kind.fix_where, '') as fix_where,
    coalesce(of_cause.remedy, kind.remedy, '') as remedy,
    coalesce(of_cause.runbook, kind.runbook, '') as runbook,
    coalesce(of_cause.retry, kind.retry, '') as retry,
    coalesce(of_cause.has_retry, kind.has_retry, true) as has_retry,
    -- what is wrong because something larger is wrong stands beneath that, until its deadline is near or past
    coalesce(grouped.loud_deadline_at > as_of + interval 4 hours, true) and coalesce(exists (
        from wrong as parent
        where list_contains(string_split(coalesce(of_cause.parent, kind.parent), ' '), parent.exception_kind)
            -- one that is put off or accepted calls nobody, so it speaks for nothing beneath it
            and not (parent.is_snoozed or parent.is_accepted)
            -- of all flows, the one that looks after this kind
            and (parent.exception_kind <> 'flow_failing' or parent.cause = coalesce(of_cause.flow, kind.flow))
            -- of the two systems, the one it is mended in, where it is mended in one
            and (
                parent.exception_kind in ('flow_failing')
                or coalesce(of_cause.fix_where, kind.fix_where) not in ('BlueCherry', 'John Lewis')
                or coalesce(of_cause.fix_where, kind.fix_where) = parent.cause
            )
            -- a flow that speaks to nobody outside does not fail for their sake
            and (grouped.exception_kind <> 'flow_failing' or grouped.cause not in ('watch', 'alerts'))
    ), false) as is_hidden,
    grouped.subject_count,
    grouped.order_count,
    grouped.quiet_count,
    grouped.open_count,                         -- neither put off nor accepted: theirs are the money and the deadline
    grouped.over_4_hours_count,
    grouped.over_a_day_count,
    grouped.over_3_days_count,
    grouped.open_count = 0 as is_quiet,
    grouped.detail,
    coalesce(grouped.owners, '') as owners,
    grouped.currency,
    if(grouped.open_count > 0, worths.loud_amount, worths.amount) as amount,
    epoch(if(grouped.open_count > 0, grouped.loud_deadline_at, grouped.deadline_at) - as_of)::bigint as left_seconds,
    epoch(as_of - grouped.since_at)::bigint as age_seconds,
    if(grouped.open_count > 0, grouped.loud_deadline_at, grouped.deadline_at) as deadline_at,
    coalesce(grouped.near, []) as near,         -- those of them within four hours of it or past it, by the first of their id
    grouped.since_at,
    grouped.disturbed_since_at,                 -- the last word that one of them may rest, which it does no more
from grouped
join worths on worths.exception_kind = grouped.exception_kind and worths.cause = grouped.cause
left join exception_kinds as kind on kind.code = grouped.exception_kind
left join exception_kinds as of_cause on of_cause.code = grouped.exception_kind || '/' || grouped.cause;
