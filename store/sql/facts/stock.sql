-- One row per SKU and location, from the newest batch that had it.
-- :table
create table if not exists stock_facts (
    sku_key varchar not null,
    location varchar not null,
    batch_id varchar not null,                  -- the batch in which it last changed
    on_hand bigint not null,
    linked bigint not null,
    allocated bigint not null,
    later_orders bigint not null,
    picked bigint not null,
    work_orders bigint not null,
    in_transit bigint not null,
    damaged bigint not null,
    held bigint not null,
    tells_open_orders boolean,                  -- null: as its batch said of all
    happened_at timestamptz not null,
    seq bigint not null,
    -- no key: its index makes folding a whole batch eight times as slow, and the fold gives one row of each anyhow
);
-- :fold
merge into stock_facts as fact
using (
    select
        row.sku_key, row.location, row.batch_id, row.on_hand, row.linked, row.allocated,
        row.later_orders, row.picked, row.work_orders, row.in_transit, row.damaged, row.held,
        row.tells_open_orders, row.as_of as happened_at, fresh.seq,
    from fresh
    join stock_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'stock_batch.read'
    qualify row_number() over (partition by row.sku_key, row.location order by row.as_of desc, fresh.seq desc) = 1
) as new
on fact.sku_key = new.sku_key and fact.location = new.location
-- all but the key: writing a text anew costs more than all the numbers
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update set
    batch_id = new.batch_id, on_hand = new.on_hand, linked = new.linked, allocated = new.allocated,
    later_orders = new.later_orders, picked = new.picked, work_orders = new.work_orders,
    in_transit = new.in_transit, damaged = new.damaged, held = new.held,
    tells_open_orders = new.tells_open_orders, happened_at = new.happened_at, seq = new.seq
when not matched then insert by name;
