-- One row per quantity we sent, with the numbers that made it. Why did we list seven?
create or replace view publications as
select
    row.sku,
    row.push_id,
    row.batch_id,
    row.quantity,
    row.before_quantity,
    row.supply,
    row.inflight,
    row.base,
    row.buffer,
    row.buffer_rule,
    row.reason,
    row.inflight_orders,
    coalesce(intent.state, 'recorded') as push_state,
    coalesce(intent.reference, '') as import_id,
    coalesce(import.state, '') as import_state,
    row.sent_at,
    import.happened_at as effective_at,
from published_rows as row
left join intent_facts as intent on intent.intent_id = row.push_id
left join import_facts as import on import.push_id = row.push_id;
