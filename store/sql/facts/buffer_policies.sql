-- One row per buffer policy ever set: a level, a key, the day it begins. A null member is as the level above says.
-- :table
create table if not exists buffer_policy_facts (
    subject varchar primary key,
    level varchar not null,                     -- global, division, category or sku
    key varchar not null,                       -- empty for global
    from_on date not null,                      -- London's day
    is_removed boolean not null,                -- from that day the level says nothing for the key
    percent decimal(5, 2),
    units bigint,
    combine varchar,                            -- max or sum
    risk varchar,                               -- none, service_level, worst_case or newsvendor
    alpha decimal(9, 6),
    oversell_cost_amount decimal(18, 6),        -- of one unit, in the shop's currency
    minimum bigint,
    maximum bigint,
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into buffer_policy_facts as fact
using (
    select subject, actor, happened_at, seq, unnest(from_json(body, '{
        "level": "VARCHAR", "key": "VARCHAR", "from_on": "DATE", "is_removed": "BOOLEAN", "percent": "DECIMAL(5,2)",
        "units": "BIGINT", "combine": "VARCHAR", "risk": "VARCHAR", "alpha": "DECIMAL(9,6)",
        "oversell_cost_amount": "DECIMAL(18,6)", "minimum": "BIGINT", "maximum": "BIGINT", "why": "VARCHAR"
    }')),
    from fresh
    where kind = 'buffer_policy.set'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.subject = new.subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
