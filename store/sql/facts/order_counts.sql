-- One row per London day whose orders were counted on both sides, as counted last.
-- :table
create table if not exists order_count_facts (
    subject varchar primary key,
    day date not null,
    from_at timestamptz not null,
    until_at timestamptz not null,
    is_closed boolean not null,                 -- the day was over, all of it was counted
    there_count integer not null,
    here_count integer not null,
    missing varchar[] not null,                 -- shown there, not known here before
    unreadable varchar[] not null,              -- shown there, cannot be read
    vanished varchar[] not null,                -- known here, not shown there
    outdated varchar[] not null,                -- known here in an older state
    more_count integer not null,                -- differ as well, and are not named
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into order_count_facts as fact
using (
    select
        subject, happened_at, seq,
        -- not counted in older events
        coalesce((body ->> 'more_count')::integer, 0) as more_count,
        unnest(from_json(body, '{
        "day": "DATE", "from_at": "TIMESTAMPTZ", "until_at": "TIMESTAMPTZ", "is_closed": "BOOLEAN",
        "there_count": "INTEGER", "here_count": "INTEGER", "missing": "VARCHAR[]", "unreadable": "VARCHAR[]",
        "vanished": "VARCHAR[]", "outdated": "VARCHAR[]"
    }')),
    from fresh
    where kind = 'orders.counted'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.subject = new.subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
