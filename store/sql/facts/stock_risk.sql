-- One row per offer: how likely it is sold more often than it is there before the next batch lands.
-- :table
create table if not exists stock_risk_facts (
    sku varchar primary key,
    batch_id varchar not null,
    buffer_rule varchar not null,
    advised_rule varchar not null,
    base bigint not null,
    quantity bigint not null,
    buffer bigint not null,
    advised_buffer bigint not null,
    own_mean double not null,
    other_mean double not null,
    window_hours double not null,
    left_hours double not null,
    oversell_chance double not null,
    own_chance double not null,
    worst_chance double not null,
    stock_out_chance double not null,
    oversold_units double not null,
    lost_units double not null,
    buffer_cover double,
    window_cover double,
    cost_amount decimal(18, 6) not null,
    margin_amount decimal(18, 6),
    is_at_risk boolean not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into stock_risk_facts as fact
using (
    select
        row.sku, row.batch_id, row.buffer_rule, row.advised_rule, row.base, row.quantity, row.buffer,
        row.advised_buffer, row.own_mean, row.other_mean, row.window_hours, row.left_hours,
        row.oversell_chance, row.own_chance, row.worst_chance, row.stock_out_chance, row.oversold_units,
        row.lost_units, row.buffer_cover, row.window_cover, row.cost_amount, row.margin_amount,
        row.is_at_risk,
        row.assessed_at as happened_at, fresh.seq,
    from fresh
    join stock_risk_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'risk.assessed'
    qualify row_number() over (partition by row.sku order by row.assessed_at desc, fresh.seq desc) = 1
) as new
on fact.sku = new.sku
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
