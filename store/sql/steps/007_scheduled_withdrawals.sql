-- Units that leave on scheduled orders before the next batch lands are taken off; of what was sent before, none were.
alter table published_rows add column if not exists scheduled bigint;
