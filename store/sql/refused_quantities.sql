-- One row per SKU and file of which John Lewis named the quantity as an error. What did not take effect?
create or replace view refused_quantities as
select push_id, unnest(map_keys(cast(errors::json as map(varchar, varchar)))) as sku,
from import_facts
where error_count > 0;
