-- One row per thing that is wrong with our money at the marketplace. Which amount has no explanation?
create or replace macro conditions_money(as_of) as table
with complete_from as (
    -- a line that changed before we began to read was never shown to us; nothing is judged before the first full reading
    select coalesce(
        (select try_cast(value as timestamptz) from bookmarks where name = 'settlement.since'), 'infinity'
    ) as moment
),

recent_payouts as (
    select payout_facts.*
    from payout_facts, complete_from
    where closed_at >= complete_from.moment and closed_at <= as_of - interval 1 hour
        and (
            closed_at > as_of - interval 92 days
            or cycle_id in (
                select exception_subject from exception_facts where is_open and exception_kind = 'payout_unexplained'
            )
        )
),

explained as (
    select payout.cycle_id, sum(line.amount) as amount, count(*) as line_count
    from recent_payouts as payout
    join transaction_facts as line on line.cycle_id = payout.cycle_id and line.type <> 'PAYMENT'
    group by payout.cycle_id
),

unexplained as (
    select
        'payout_unexplained' as kind, payout.cycle_id as subject, '' as order_id, payout.voucher as cause,
        'The payout is ' || payout.amount::decimal(18, 2) || ', its ' || coalesce(explained.line_count, 0)
        || ' lines come to ' || coalesce(explained.amount, 0)::decimal(18, 2) || '.' as detail,
        detail as grounds,
        (payout.amount - coalesce(explained.amount, 0))::decimal(18, 6) as amount, payout.currency,
        null::timestamptz as deadline_at, payout.closed_at as since_at,
    from recent_payouts as payout
    left join explained on explained.cycle_id = payout.cycle_id
    where payout.amount <> coalesce(explained.amount, 0)
),

unmatched as (
    select
        'transaction_unmatched' as kind, line.order_id as subject, line.order_id, '' as cause,
        count(*) || ' ledger lines name an order we do not know.' as detail,
        count(*)::varchar as grounds,
        sum(line.amount)::decimal(18, 6) as amount, any_value(line.currency) as currency,
        null::timestamptz as deadline_at, min(line.created_at) as since_at,
    from transaction_facts as line
    where line.order_id <> ''
        and (
            line.payment_state <> 'PAID' or line.created_at > as_of - interval 35 days
            or line.order_id in (
                select exception_subject from exception_facts where is_open and exception_kind = 'transaction_unmatched'
            )
        )
        and line.created_at <= as_of - interval 1 hour
        and not exists (from order_facts as placed where placed.order_id = line.order_id)
    group by line.order_id
),

-- lines of one moment come in no known order: a balance counts if any line of the moment shows it
ledger as (
    select line.currency, line.amount, line.balance_amount, line.created_at
    from transaction_facts as line, complete_from
    where line.created_at >= complete_from.moment and line.balance_amount is not null
        and line.created_at <= as_of - interval 1 hour
),

ends as (
    select currency, min(created_at) as first_at, max(created_at) as last_at, sum(amount) as change
    from ledger
    group by currency
),

openings as (
    select ledger.currency, ledger.balance_amount - ledger.amount as balance
    from ledger join ends on ends.currency = ledger.currency and ends.first_at = ledger.created_at
),

closings as (
    select ledger.currency, ledger.balance_amount as balance
    from ledger join ends on ends.currency = ledger.currency and ends.last_at = ledger.created_at
),

gaps as (
    select
        'balance_gap' as kind, ends.currency as subject, '' as order_id, '' as cause,
        'The newest balance is not the first one and everything since.' as detail,
        arg_min(
            closings.balance - openings.balance - ends.change, abs(closings.balance - openings.balance - ends.change)
        )::decimal(18, 6) as amount,
        ends.currency, null::timestamptz as deadline_at, ends.last_at as since_at,
    from ends
    join openings on openings.currency = ends.currency
    join closings on closings.currency = ends.currency
    group by ends.currency, ends.last_at
    having bool_and(closings.balance <> openings.balance + ends.change)
)

from unexplained
union all by name from unmatched
union all by name from gaps;
