-- One row per kind and subject that is wrong now, over open items only. What is it, why, what does it cost, until when?
-- One of the few that look across: each room says what is wrong in it. `grounds`: the values it follows from; a room names
-- those that neither the cause nor the amount tells (never a time or a number of tries: read again, they stay the same).
create or replace macro conditions(
    as_of, acceptance_hours := 24, visibility_minutes := 30, batch_hours := 12, count_hours := 36,
    returnless := []::varchar[], look_minutes := 15, routes := null::varchar[]
) as table
with wrong as (
    -- old things are looked at only where something is wrong with them already: found once, it stays until it is mended
    from conditions_orders(as_of, acceptance_hours, visibility_minutes)
    union all by name from conditions_counts(as_of, count_hours)
    union all by name from conditions_drift(as_of)
    union all by name from conditions_returns(as_of, returnless := returnless)
    union all by name from conditions_dispatch(as_of)
    union all by name from conditions_batches(as_of, batch_hours)
    union all by name from conditions_stock(as_of)
    union all by name from conditions_money(as_of)
    union all by name from conditions_house(as_of, look_minutes)
    union all by name from conditions_systems(as_of)
    union all by name from conditions_mappings(as_of)
    union all by name from conditions_alerts(as_of, routes)
    union all by name from conditions_unread(as_of)
)

select kind, subject, order_id, coalesce(cause, '') as cause, coalesce(detail, '') as detail,
    amount, coalesce(currency, '') as currency,
    concat_ws(' | ', nullif(cause, ''), amount::varchar, nullif(grounds, '')) as grounds,
    deadline_at, since_at,
from wrong
qualify row_number() over (partition by kind, subject order by since_at) = 1;
