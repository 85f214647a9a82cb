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
    row.on_hand,
    row.linked,
    row.allocated,
    row.picked,
    row.damaged,
    row.held,
    row.net_by_warehouse,
    row.percent_units,
    row.absolute_units,
    row.risk_units,
    row.minimum,
    row.maximum,
    row.multiple,
    row.policy,
    row.degraded,
    row.waiting_units,
    row.is_thin,
    row.scheduled,
    coalesce(intent.state, 'recorded') as push_state,
    coalesce(intent.reference, '') as import_id,
    -- a file is complete although John Lewis refused a line of it
    if(refused.sku is null, coalesce(import.state, ''), 'refused') as import_state,
    row.sent_at,
    if(import.state = 'complete' and refused.sku is null, import.happened_at, null) as effective_at,
from published_rows as row
left join intent_facts as intent on intent.intent_id = row.push_id
left join import_facts as import on import.push_id = row.push_id
left join refused_quantities as refused on refused.push_id = row.push_id and refused.sku = row.sku;
