-- One row per SKU name of a division, a category, a style and with stock in a warehouse. Which are these? Empty: any.
create or replace macro narrowed_skus(of_division, of_category, of_style, of_warehouse) as table
select names.sku,
from sku_names as names
join sku_facts as ours on ours.sku_key = names.sku_key
where of_division in ('', ours.division) and of_category in ('', ours.category) and of_style in ('', ours.style)
    and (
        of_warehouse = ''
        or ours.sku_key in (select sku_key from stock_facts where location = of_warehouse and on_hand <> 0)
    );
