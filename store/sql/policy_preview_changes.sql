-- One row per preview and offer it would change most. From what to what, and what would that come to in a week?
create or replace view policy_preview_changes as
select
    row.read_id as preview_id,
    row.sku,
    row.base,
    row.before_quantity,
    row.after_quantity,
    row.after_quantity - row.before_quantity as quantity_change,
    row.before_oversells,
    row.after_oversells,
    row.before_lost_units,
    row.after_lost_units,
    row.before_cost_amount,
    row.after_cost_amount,
    row.after_cost_amount - row.before_cost_amount as cost_change_amount,
    row.previewed_at,
from policy_preview_rows as row
semi join policy_preview_facts as preview on preview.preview_id = row.read_id;
