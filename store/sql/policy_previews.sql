-- One row per preview of a buffer policy. What would it change, and on which stock was that worked out?
create or replace macro policy_previews(as_of) as table
select
    -- the draft
    preview_id,
    actor,
    level,
    key,
    is_removal,
    percent,
    units,
    combine,
    risk,
    alpha,
    oversell_cost_amount,
    minimum,
    maximum,
    -- what it would change
    offer_count,
    changed_count,
    units_change,
    before_oversells,
    after_oversells,
    before_lost_units,
    after_lost_units,
    before_cost_amount,
    after_cost_amount,
    currency,
    batch_id,
    windows_weekly,
    -- it was worked out on other stock, or beside other policies, than those of now
    batch_id is distinct from (
        select arg_max(reading.batch_id, reading.as_of) from batch_reading_facts as reading
        where reading.read_id is not null
    ) as has_newer_batch,
    exists (
        select 1 from buffer_policy_facts as policy where policy.happened_at > policy_preview_facts.happened_at
    ) as has_newer_policy,
    -- times
    from_on,
    epoch(as_of - happened_at)::bigint as age_seconds,
    batch_at,
    happened_at as previewed_at,
from policy_preview_facts;
