-- One row. Of the goods chosen: how many are offered and at risk, and what may overselling them cost until the next batch lands?
create or replace macro stock_share(as_of, of_division, of_category, of_style, of_warehouse) as table
select
    count(*) as sku_count,
    count(*) filter (where stock.is_at_risk or weighed.is_at_risk) as at_risk_count,
    count(*) filter (where stock.is_at_risk and not coalesce(weighed.is_at_risk, false)) as overshown_count,
    coalesce(sum(stock.shown_quantity) filter (where stock.is_offered), 0) as shown_quantity,
    coalesce(sum(weighed.oversold_units), 0) as oversold_units,
    1 - exp(coalesce(sum(ln(1 - least(weighed.own_chance, 1 - 1e-12))), 0)) as oversell_chance,
    coalesce(sum(weighed.cost_amount), 0)::decimal(18, 6) as cost_amount,
from stock_standing(as_of) as stock
semi join narrowed_skus(of_division, of_category, of_style, of_warehouse) as chosen on chosen.sku = stock.sku
left join weighed_offers as weighed on weighed.sku = stock.sku;
