-- One row, or none before the first night. Did the chances of an oversell keep their word of late, and where not?
create or replace macro risk_proof(as_of) as table
select
    proof.window_count,
    proof.case_count,
    proof.predicted,
    proof.happened,
    proof.most_expected,
    proof.is_beyond,
    proof.brier_score,
    list_sort(list_distinct(flatten(coalesce(
        (
            select list(told.oversold)
            from risk_outcome_facts as told
            where told.ended_at >= proof.since_at and told.ended_at < proof.until_at
        ), []
    )))) as oversold,
    proof.since_at,
    proof.until_at,
    proof.happened_at as proved_at,
from risk_proof_facts as proof
where proof.happened_at <= as_of;
