-- One row per preview of a buffer policy: the draft, and what it would have changed on the stock of its moment.
-- :table
create table if not exists policy_preview_facts (
    preview_id uuid primary key,
    actor varchar not null,
    level varchar not null,
    key varchar not null,
    from_on date not null,
    is_removal boolean not null,
    percent decimal(18, 6),                     -- null: as the level above says, as all members of the draft
    units bigint,
    combine varchar,
    risk varchar,
    alpha decimal(18, 6),
    oversell_cost_amount decimal(18, 6),
    minimum bigint,
    maximum bigint,
    batch_id varchar not null,
    batch_at timestamptz not null,
    offer_count bigint not null,
    windows_weekly double not null,             -- batches that land in a week
    changed_count bigint not null,
    units_change bigint not null,
    before_oversells double not null,           -- expected a week, as all that follows
    after_oversells double not null,
    before_lost_units double not null,
    after_lost_units double not null,
    before_cost_amount decimal(18, 6) not null,
    after_cost_amount decimal(18, 6) not null,
    currency varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into policy_preview_facts as fact
using (
    select subject::uuid as preview_id, actor, happened_at, seq, unnest(from_json(body, '{
        "level": "VARCHAR", "key": "VARCHAR", "from_on": "DATE", "is_removal": "BOOLEAN",
        "percent": "DECIMAL(18,6)", "units": "BIGINT", "combine": "VARCHAR", "risk": "VARCHAR",
        "alpha": "DECIMAL(18,6)", "oversell_cost_amount": "DECIMAL(18,6)", "minimum": "BIGINT", "maximum": "BIGINT",
        "batch_id": "VARCHAR", "batch_at": "TIMESTAMPTZ", "offer_count": "BIGINT", "windows_weekly": "DOUBLE",
        "changed_count": "BIGINT", "units_change": "BIGINT", "before_oversells": "DOUBLE",
        "after_oversells": "DOUBLE", "before_lost_units": "DOUBLE", "after_lost_units": "DOUBLE",
        "before_cost_amount": "DECIMAL(18,6)", "after_cost_amount": "DECIMAL(18,6)", "currency": "VARCHAR"
    }')),
    from fresh
    where kind = 'policy.previewed'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.preview_id = new.preview_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
