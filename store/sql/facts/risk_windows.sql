-- One row per batch whose numbers' risk was assessed, as last assessed.
-- :table
create table if not exists risk_window_facts (
    batch_id varchar primary key,
    next_from varchar not null,                 -- who says when the next batch is due: erp, timetable or measured
    currency varchar not null,
    is_late boolean not null,                   -- the next batch is later than nine in ten were
    apply_seconds bigint not null,
    sku_count bigint not null,
    at_risk_count bigint not null,
    oversold_units double not null,
    oversell_chance double not null,            -- of at least one oversell
    cost_amount decimal(18, 6) not null,
    batch_at timestamptz not null,
    next_at timestamptz not null,
    lands_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into risk_window_facts as fact
using (
    select subject as batch_id, happened_at, seq, unnest(from_json(body, '{
        "next_from": "VARCHAR", "currency": "VARCHAR", "is_late": "BOOLEAN", "apply_seconds": "BIGINT",
        "sku_count": "BIGINT", "at_risk_count": "BIGINT", "oversold_units": "DOUBLE", "oversell_chance": "DOUBLE",
        "cost_amount": "DECIMAL(18,6)", "batch_at": "TIMESTAMPTZ", "next_at": "TIMESTAMPTZ",
        "lands_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'risk.assessed'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.batch_id = new.batch_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
