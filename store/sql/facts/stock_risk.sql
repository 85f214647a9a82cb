-- One row per offer: how likely it is sold more often than it is there before the next batch lands.
-- :table
create table if not exists stock_risk_facts (
    sku varchar primary key,
    buffer_rule varchar not null,
    advised_rule varchar not null,
    base bigint not null,
    quantity bigint not null,
    buffer bigint not null,
    advised_buffer bigint not null,
    own_mean double not null,
    other_mean double not null,
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
    select row.* exclude (read_id, assessed_at), row.assessed_at as happened_at, fresh.seq,
    from fresh
    join stock_risk_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'risk.assessed'
    qualify row_number() over (
        partition by row.sku order by row.assessed_at desc, fresh.seq desc, row.rowid desc
    ) = 1
) as new
on fact.sku = new.sku
-- all but the key: to write it anew, even the same, moves the row in its index
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update set
    buffer_rule = new.buffer_rule, advised_rule = new.advised_rule, base = new.base, quantity = new.quantity,
    buffer = new.buffer, advised_buffer = new.advised_buffer, own_mean = new.own_mean, other_mean = new.other_mean,
    oversell_chance = new.oversell_chance, own_chance = new.own_chance, worst_chance = new.worst_chance,
    stock_out_chance = new.stock_out_chance, oversold_units = new.oversold_units, lost_units = new.lost_units,
    buffer_cover = new.buffer_cover, window_cover = new.window_cover, cost_amount = new.cost_amount,
    margin_amount = new.margin_amount, is_at_risk = new.is_at_risk, happened_at = new.happened_at, seq = new.seq
when not matched then insert by name;
