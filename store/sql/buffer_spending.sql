-- One row per SKU that gets any. Where do so many units more held back spare the most oversells?
-- One unit after another goes where the expected oversold units fall most per pound of margin held back; a SKU's second
-- unit only after its first. Of the SKUs whose choices are known (`risk_grid`), beyond what each holds back now.
create or replace macro buffer_spending(units) as table
with choices as (
    select
        grid.sku,
        grid.buffer,
        risk.buffer as held_units,
        risk.margin_amount,
        lag(grid.oversold_units) over step - grid.oversold_units as spared_units,
    from risk_grid as grid
    join stock_risk_facts as risk on risk.sku = grid.sku
    where grid.interval_hours = 0 and risk.margin_amount > 0
    window step as (partition by grid.sku order by grid.buffer)
),

ranked as (
    select
        *,
        -- what comes behind a poor unit has to wait for it
        min(spared_units / margin_amount) over (partition by sku order by buffer rows unbounded preceding) as worth,
    from choices
    where buffer > held_units
),

bought as (
    select sku, held_units, margin_amount, spared_units, row_number() over (order by worth desc, sku, buffer) as place,
    from ranked
    where worth > 0
    qualify place <= units
),

given as (
    select
        sku,
        any_value(held_units) as held_units,
        count(*) as more_units,
        sum(spared_units) as spared_units,
        sum(margin_amount) as margin_amount,
        min(place) as place,
    from bought
    group by sku
)

select
    given.sku,
    coalesce(ours.style_name, '') as style_name,
    coalesce(ours.color_name, '') as color_name,
    coalesce(ours.size, '') as size,
    given.held_units,
    given.more_units,
    given.spared_units,
    given.margin_amount,
from given
left join sku_names as named on named.sku = given.sku
left join sku_facts as ours on ours.sku_key = named.sku_key
order by given.place;
