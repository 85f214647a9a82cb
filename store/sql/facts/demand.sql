-- One row per offer: what sells it here and what else draws on its pool, as last measured.
-- :table
create table if not exists demand_facts (
    sku varchar primary key,
    sku_key varchar not null,
    own_units bigint not null,
    own_lines bigint not null,
    own_hours double not null,
    own_rate double not null,                   -- units an hour
    own_low_rate double not null,
    own_high_rate double not null,
    own_dispersion double not null,
    other_units bigint not null,
    other_hours double not null,
    other_rate double not null,
    other_low_rate double not null,
    other_high_rate double not null,
    other_dispersion double not null,
    withdrawal_count bigint not null,
    withdrawn_units bigint not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into demand_facts as fact
using (
    select
        row.sku, row.sku_key, row.own_units, row.own_lines, row.own_hours, row.own_rate, row.own_low_rate,
        row.own_high_rate, row.own_dispersion, row.other_units, row.other_hours, row.other_rate,
        row.other_low_rate, row.other_high_rate, row.other_dispersion, row.withdrawal_count,
        row.withdrawn_units,
        row.measured_at as happened_at, fresh.seq,
    from fresh
    join demand_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'demand.measured'
    qualify row_number() over (partition by row.sku order by row.measured_at desc, fresh.seq desc) = 1
) as new
on fact.sku = new.sku
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
