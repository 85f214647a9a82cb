-- One row per reading at which a SKU stood otherwise than expected, and the first that was right again.
create or replace view comparisons as
select
    row.sku,
    row.push_id,
    row.applied_quantity,
    row.ordered_quantity,
    row.restored_quantity,
    row.expected_quantity,
    row.least_quantity,
    row.most_quantity,
    row.shown_quantity,
    row.before_shown_quantity,
    row.read_count,
    row.applied_at,
    row.seen_at,
    row.before_seen_at,
    row.first_seen_at,
    audit.orders_at,
from comparison_rows as row
join stock_audit_facts as audit on audit.read_id = row.read_id;
