-- One row per SKU name. Which of BlueCherry's SKUs is it?
-- Two of its keys may give one name: that is a problem of its own, shown on the first, a live one before the others.
create or replace view sku_names as
select
    sku,
    min(is_gone::integer || (not is_active)::integer || sku_key)[3:] as sku_key,
    bool_or(is_listed) as is_listed,
from sku_facts
group by sku;
