-- One row per offer: what sells it here (own) and what else draws on its pool (other), as last measured.
-- :table
create table if not exists demand_facts (
    sku varchar primary key,
    own_units bigint not null,
    own_sales bigint not null,
    own_hours double not null,                  -- in which there was something to sell
    own_rate double not null,                   -- sales in a typical hour, drawn towards the category
    own_low_rate double not null,               -- nine times in ten the true rate lies between
    own_high_rate double not null,
    own_certainty double not null,              -- sales the rate is worth
    own_size double not null,                   -- units of a sale, on average
    own_square double not null,                 -- the mean of their square
    other_units bigint not null,
    other_sales bigint not null,
    other_hours double not null,
    other_rate double not null,
    other_low_rate double not null,
    other_high_rate double not null,
    other_certainty double not null,
    other_size double not null,
    other_square double not null,
    withdrawal_count bigint not null,           -- falls far beyond the rate: not in it
    withdrawn_units bigint not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into demand_facts as fact
using (
    select row.* exclude (read_id, measured_at), row.measured_at as happened_at, fresh.seq,
    from fresh
    join demand_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
    where fresh.kind = 'demand.measured'
    qualify row_number() over (
        partition by row.sku order by row.measured_at desc, fresh.seq desc, row.rowid desc
    ) = 1
) as new
on fact.sku = new.sku
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
