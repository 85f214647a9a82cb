-- One row per offer, batch interval and buffer. What would another choice have come to? Interval 0: the window as it is.
create or replace view risk_grid as
with choices as (
    select
        sku,
        interval_hours,
        base,
        unnest(buffers) as buffer,
        unnest(oversell_chances) as oversell_chance,
        unnest(oversold_units) as oversold_units,
        unnest(lost_units) as lost_units,
        unnest(cost_amounts) as cost_amount,
        unnest(lost_amounts) as lost_amount,
        happened_at,
    from risk_grid_facts
)

select
    choices.sku,
    choices.interval_hours,
    choices.base,
    choices.buffer,
    greatest(choices.base - choices.buffer, 0) as quantity,
    choices.oversell_chance,
    choices.oversold_units,
    choices.lost_units,
    choices.cost_amount,
    choices.lost_amount,
    choices.happened_at as assessed_at,
from choices
-- what was worked out for another base answers another question
join stock_risk_facts as risk on risk.sku = choices.sku and risk.base = choices.base;
