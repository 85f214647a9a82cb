-- Which of the 24 size buckets of BlueCherry's wide stock rows is a SKU's; of a SKU read before, not known until the next
-- full reading.
alter table sku_rows add column if not exists size_bucket integer;
