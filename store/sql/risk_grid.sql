-- One row per offer that was at risk, batch interval and buffer. What would another choice have come to?
create or replace view risk_grid as
select
    grid.sku,
    grid.interval_hours,
    grid.base,
    unnest(grid.buffers) as buffer,
    greatest(grid.base - unnest(grid.buffers), 0) as quantity,
    unnest(grid.oversell_chances) as oversell_chance,
    unnest(grid.oversold_units) as oversold_units,
    unnest(grid.lost_units) as lost_units,
    unnest(grid.cost_amounts) as cost_amount,
    unnest(grid.lost_amounts) as lost_amount,
    grid.happened_at as assessed_at,
from risk_grid_facts as grid
-- what was worked out for another base answers another question
join stock_risk_facts as risk on risk.sku = grid.sku and risk.base = grid.base;
