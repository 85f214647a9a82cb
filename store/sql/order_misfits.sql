-- One row per field of a held order's address that BlueCherry does not take as it is. Which, and how long may it be?
-- Lengths only: the text stays in `personal`.
create or replace view order_misfits as
select order_id, one.part, one.field, one.length, one.fits
from (select order_id, unnest(misfits) as one from order_hold_facts where reason is not null);
