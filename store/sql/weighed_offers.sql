-- One row per offer whose risk was assessed. Is it at risk, and what may that cost? Beneath what counts and chooses them.
create or replace view weighed_offers as
select risk.sku, risk.is_at_risk, risk.own_chance, risk.oversold_units, risk.cost_amount,
from stock_risk_facts as risk
semi join (select sku from offer_facts where not is_gone) as offer on offer.sku = risk.sku;
