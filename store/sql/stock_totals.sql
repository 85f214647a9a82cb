-- One row. How much do we list, and how much of it is in doubt?
create or replace macro stock_totals(as_of) as table
select
    count(*) as sku_count,
    count(*) filter (where published_quantity is not null) as published_count,
    count(*) filter (where is_at_risk) as at_risk_count,
    coalesce(sum(at_risk_quantity), 0) as at_risk_quantity,
    count(*) filter (where is_mismatched) as mismatched_count,
    coalesce(sum(shown_quantity) filter (where is_offered), 0) as shown_quantity,
    coalesce(bool_or(is_batch_late), false) as is_batch_late,
    max(batch_age_seconds) as batch_age_seconds,
from inventory(as_of);
