-- What a person corrected of an address before it went to BlueCherry stands beside what John Lewis showed.
alter table personal add column if not exists edits varchar;
