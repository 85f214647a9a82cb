-- One row per back-test and policy (side a, b): which weeks, which policy, and whether its chances kept their word.
-- :table
create table if not exists back_test_facts (
    test_id uuid not null,
    side varchar not null,
    policy varchar not null,                    -- in words
    brier_score double,                         -- null: nothing was listed
    is_beyond boolean not null,                 -- more oversells happened than the predictions allow
    actor varchar not null,
    from_on date not null,
    until_on date not null,                     -- not included
    first_at timestamptz,                       -- the first and the last window replayed; null: none
    last_at timestamptz,
    window_count bigint not null,
    offer_count bigint not null,
    left_out_count bigint not null,             -- offers and windows that could not be read, for goods came
    currency varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (test_id, side),
);
-- :fold
merge into back_test_facts as fact
using (
    with told as (
        select subject::uuid as test_id, actor, happened_at, seq, unnest(from_json(body, '{
            "from_on": "DATE", "until_on": "DATE", "first_at": "TIMESTAMPTZ", "last_at": "TIMESTAMPTZ",
            "window_count": "BIGINT", "offer_count": "BIGINT", "left_out_count": "BIGINT", "currency": "VARCHAR"
        }')),
            unnest((body -> 'trials')::json[]) as part,
            generate_subscripts((body -> 'trials')::json[], 1) as place,
        from fresh
        where kind = 'back_test.finished'
    ),

    parsed as (
        select * exclude (part), unnest(from_json(part, '{
            "side": "VARCHAR", "policy": "VARCHAR", "brier_score": "DOUBLE", "is_beyond": "BOOLEAN"
        }')),
        from told
    )

    select * exclude (place) from parsed
    qualify row_number() over (partition by test_id, side order by happened_at desc, seq desc, place desc) = 1
) as new
on fact.test_id = new.test_id and fact.side = new.side
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
