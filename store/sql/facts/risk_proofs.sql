-- One row, or none before the first night: whether the chances of the last days kept their word.
-- :table
create table if not exists risk_proof_facts (
    subject varchar primary key,
    window_count bigint not null,
    case_count bigint not null,
    predicted double not null,              -- oversells expected
    happened bigint not null,
    most_expected bigint not null,          -- passed in one such period of a hundred, were the chances right
    is_beyond boolean not null,
    brier_score double,                     -- null: nothing was listed
    since_at timestamptz not null,          -- of windows that ended in this half-open period
    until_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into risk_proof_facts as fact
using (
    select subject, happened_at, seq, unnest(from_json(body, '{
        "window_count": "BIGINT", "case_count": "BIGINT", "predicted": "DOUBLE", "happened": "BIGINT",
        "most_expected": "BIGINT", "is_beyond": "BOOLEAN", "brier_score": "DOUBLE", "since_at": "TIMESTAMPTZ",
        "until_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'risk.proved'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.subject = new.subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
