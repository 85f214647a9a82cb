-- One row. How much do we list, how much of it is in doubt, and how cautious does the age of the batch make us?
create or replace macro stock_totals(as_of) as table
with total as (
    select
        count(*) as sku_count,
        count(*) filter (where stock.published_quantity is not null) as published_count,
        -- shown above what is there now, or likelier to be oversold before the next batch than its policy accepts
        count(*) filter (where stock.is_at_risk or risk.sku is not null) as at_risk_count,
        count(*) filter (where stock.is_at_risk and risk.sku is null) as overshown_count,
        coalesce(sum(stock.at_risk_quantity), 0) as at_risk_quantity,
        count(*) filter (where stock.is_mismatched) as mismatched_count,
        coalesce(sum(stock.shown_quantity) filter (where stock.is_offered), 0) as shown_quantity,
        coalesce(bool_or(stock.is_batch_late), false) as is_batch_late,
        max(stock.batch_age_seconds) as batch_age_seconds,
        max(stock.next_expected_at) as next_expected_at,
    from stock_standing(as_of) as stock
    left join (select sku from weighed_offers where is_at_risk) as risk on risk.sku = stock.sku
),

terms as (
    select
        max(degraded) as degraded,
        max(degraded_at) as degraded_at,
        max(overaged_at) as overaged_at,
        max(buffer_factor) as buffer_factor,
        max(thin_units) as thin_units,
        bool_or(is_frozen) as is_frozen,
        max(due_from) as due_from,
    from stock_terms_facts
),

audit as (
    select max(read_until) as compared_at, arg_max(different_count, (happened_at, seq)) as different_count,
    from stock_audit_facts
    where compared_count > 0
),

held as (
    select count(*) as held_batch_count,
    from batches(as_of)
    where is_waiting
)

select
    total.sku_count,
    total.published_count,
    total.at_risk_count,
    total.overshown_count,
    total.at_risk_quantity,
    total.mismatched_count,
    total.shown_quantity,
    held.held_batch_count,
    coalesce(audit.different_count, 0) as different_count,
    total.is_batch_late,
    coalesce(terms.is_frozen, false) as is_frozen,
    coalesce(terms.degraded, '') as degraded,
    coalesce(terms.due_from, '') as due_from,
    coalesce(terms.buffer_factor, 1) as buffer_factor,
    coalesce(terms.thin_units, 0) as thin_units,
    total.batch_age_seconds,
    total.next_expected_at,
    terms.degraded_at,
    terms.overaged_at,
    audit.compared_at,
from total, terms, audit, held;
