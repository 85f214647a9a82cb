-- One row per SKU we ever sent a quantity for, with the numbers that made the last one.
-- :table
create table if not exists published_facts (
    sku varchar primary key,
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
);
-- :fold
merge into published_facts as fact
using (
    select
        row.sku, row.sku_key, row.push_id, row.batch_id, row.buffer_rule, row.reason,
        row.inflight_orders, row.quantity, row.before_quantity, row.supply, row.inflight, row.base,
        row.buffer,
        row.sent_at as happened_at, fresh.seq,
    from fresh
    join published_rows as row on row.push_id = (fresh.body ->> 'intent_id')::uuid
    where fresh.kind = 'intent.recorded' and (fresh.body ->> 'intent_kind') = 'push_stock'
    qualify row_number() over (partition by row.sku order by row.sent_at desc, fresh.seq desc) = 1
) as new
on fact.sku = new.sku
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
