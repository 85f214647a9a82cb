-- Which of the 24 size buckets of BlueCherry's wide stock rows is a SKU's; of a SKU read before, not known until the next
-- full reading, which is due at once.
alter table sku_rows add column if not exists size_bucket integer;
delete from bookmarks where name = 'catalogue.full_on';
