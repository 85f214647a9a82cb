-- A published number keeps all that made it. (Facts are made anew from the journal when their files change.)
alter table published_rows add column if not exists on_hand bigint;
alter table published_rows add column if not exists linked bigint;
alter table published_rows add column if not exists allocated bigint;
alter table published_rows add column if not exists picked bigint;
alter table published_rows add column if not exists damaged bigint;
alter table published_rows add column if not exists held bigint;
alter table published_rows add column if not exists net_by_warehouse varchar;
alter table published_rows add column if not exists percent_units bigint;
alter table published_rows add column if not exists absolute_units bigint;
alter table published_rows add column if not exists risk_units bigint;
alter table published_rows add column if not exists minimum bigint;
alter table published_rows add column if not exists maximum bigint;
alter table published_rows add column if not exists multiple bigint;
alter table published_rows add column if not exists policy varchar;
alter table published_rows add column if not exists degraded varchar;
