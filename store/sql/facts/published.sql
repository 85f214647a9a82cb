-- One row per SKU we ever sent a quantity for, with the numbers that made the last one.
-- :table
create table if not exists published_facts (
    sku varchar not null,                       -- one row of each by the fold; an index makes the nightly file slow
    sku_key varchar not null,
    push_id uuid not null,
    batch_id varchar not null,
    buffer_rule varchar not null,
    reason varchar not null,
    inflight_orders varchar not null,
    quantity bigint not null,
    before_quantity bigint,
    supply bigint not null,
    inflight bigint not null,
    base bigint not null,
    buffer bigint not null,
    happened_at timestamptz not null,
    seq bigint not null,
    -- null: sent before these were kept
    on_hand bigint,                             -- summed over the allowed warehouses, as the batch had it
    linked bigint,
    allocated bigint,
    picked bigint,
    damaged bigint,
    held bigint,
    net_by_warehouse varchar,                   -- what each warehouse had left, e.g. WH1 15, WH3 -2
    percent_units bigint,                       -- the buffer's candidates
    absolute_units bigint,
    risk_units bigint,
    minimum bigint,                             -- below it nothing is listed
    maximum bigint,                             -- null: no cap
    multiple bigint,                            -- whole packs of so many
    policy varchar,                             -- which buffer policies had a say, the most specific first
    degraded varchar,                           -- how cautious the batch's age made us: empty, aged or overaged
    waiting_units bigint,                       -- allowed by the formula, but waits for a new batch or fresh orders
    is_thin boolean,                            -- not listed, for so few units of so old a batch
    scheduled bigint,                           -- leaves on scheduled orders before the next batch lands
);
-- :fold
merge into published_facts as fact
using (
    select
        row.sku, row.sku_key, row.push_id, row.batch_id, row.buffer_rule, row.reason,
        row.inflight_orders, row.quantity, row.before_quantity, row.supply, row.inflight, row.base,
        row.buffer, row.on_hand, row.linked, row.allocated, row.picked, row.damaged, row.held,
        row.net_by_warehouse, row.percent_units, row.absolute_units, row.risk_units, row.minimum, row.maximum,
        row.multiple, row.policy, row.degraded, row.waiting_units, row.is_thin, row.scheduled,
        row.sent_at as happened_at, fresh.seq,
    from fresh
    join published_rows as row on row.push_id = (fresh.body ->> 'intent_id')::uuid
    where fresh.kind = 'intent.recorded' and (fresh.body ->> 'intent_kind') = 'push_stock'
    qualify row_number() over (partition by row.sku order by row.sent_at desc, fresh.seq desc) = 1
) as new
on fact.sku = new.sku
-- all but the key: writing a text anew costs more than all the numbers
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update set
    sku_key = new.sku_key, push_id = new.push_id, batch_id = new.batch_id, buffer_rule = new.buffer_rule,
    reason = new.reason, inflight_orders = new.inflight_orders, quantity = new.quantity,
    before_quantity = new.before_quantity, supply = new.supply, inflight = new.inflight, base = new.base,
    buffer = new.buffer, on_hand = new.on_hand, linked = new.linked, allocated = new.allocated, picked = new.picked,
    damaged = new.damaged, held = new.held, net_by_warehouse = new.net_by_warehouse,
    percent_units = new.percent_units, absolute_units = new.absolute_units, risk_units = new.risk_units,
    minimum = new.minimum, maximum = new.maximum, multiple = new.multiple, policy = new.policy,
    degraded = new.degraded, waiting_units = new.waiting_units, is_thin = new.is_thin, scheduled = new.scheduled,
    happened_at = new.happened_at, seq = new.seq
when not matched then insert by name;
