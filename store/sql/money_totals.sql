-- One row. What is owed to us, and is every payout explained?
create or replace macro money_totals(as_of) as table
with paid as (
    select
        count(*) as payout_count,
        count(*) filter (where not is_explained) as unexplained_count,
        coalesce(sum(abs(unexplained_amount)), 0)::decimal(18, 6) as unexplained_amount,
        arg_max(amount, closed_at) as last_payout_amount,
        max(closed_at) as last_payout_at,
    from settlement(as_of)
),

owed as (
    select
        coalesce(sum(amount) filter (where payment_state = 'PENDING' and type <> 'PAYMENT'), 0)::decimal(18, 6)
            as pending_amount,
        coalesce(sum(amount) filter (where payment_state = 'PAYABLE' and type <> 'PAYMENT'), 0)::decimal(18, 6)
            as payable_amount,
        count(*) as line_count,
        count(*) filter (where matched_to <> 'unmatched') as matched_count,
        coalesce(any_value(currency), 'GBP') as currency,
    from ledger
)

select
    owed.line_count,
    owed.matched_count,
    paid.payout_count,
    paid.unexplained_count,
    owed.currency,
    owed.pending_amount,
    owed.payable_amount,
    paid.unexplained_amount,
    paid.last_payout_amount,
    paid.last_payout_at,
from paid, owed;
