-- One row per authorisation in BlueCherry of a return that John Lewis shows as over before it came. What is to be withdrawn?
create or replace view returns_withdrawn as
select
    -- ids
    there.return_id,
    here.ret_num,
    here.order_id,
    there.state,
    there.is_before_start,
    here.is_closed,
    -- numbers
    coalesce(list_sum([one.received_quantity for one in here.lines]), 0)::integer as received_quantity,
    -- times
    greatest(there.changed_at, here.happened_at) as changed_at,
from market_return_facts as there
join erp_return_facts as here on here.return_id = there.return_id
where there.state in ('CANCELED', 'REFUSED');
