-- What waits to rise, and what was too thin to list, stand in columns; of what was sent before, as the reason told it.
alter table published_rows add column if not exists waiting_units bigint;
alter table published_rows alter column waiting_units set data type bigint using (
    coalesce(try_cast(regexp_extract(reason, '(\d+) more wait for the next batch', 1) as bigint), 0)
);
alter table published_rows add column if not exists is_thin boolean;
alter table published_rows alter column is_thin set data type boolean using (
    coalesce(degraded, '') <> '' and contains(reason, 'too thin for so old a batch')
);
