-- One row per edit of an order, the newest first. Who changed what before it went to BlueCherry, and why?
create or replace view order_edits as
select
    edit_id,
    order_id,
    actor,
    why,
    before_ship_via,
    ship_via,
    list_transform(fields, lambda one: one.field) as fields,
    happened_at,
from order_edit_facts
order by happened_at desc, seq desc;
