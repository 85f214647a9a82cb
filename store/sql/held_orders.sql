-- One row per order that is held. For what, how much is it worth, and until when?
create or replace view held_orders as
select
    held.order_id,
    held.reason,
    held.cause,
    held.detail,
    placed.currency,
    placed.total_amount,
    -- before it is accepted the acceptance clock runs, as the watch has worked it out
    coalesce(placed.shipping_deadline_at, wrong.deadline_at) as deadline_at,
    held.happened_at,
from order_hold_facts as held
join order_facts as placed on placed.order_id = held.order_id
left join exception_facts as wrong
    on wrong.exception_kind = held.reason and wrong.exception_subject = held.order_id and wrong.is_open
where held.reason is not null;
