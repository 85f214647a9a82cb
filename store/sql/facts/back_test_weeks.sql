-- One row per back-test, policy and week: what it would have come to.
-- :table
create table if not exists back_test_week_facts (
    test_id uuid not null,
    side varchar not null,
    week_on date not null,                  -- its Monday, in London
    window_count bigint not null,
    listed_units bigint not null,           -- summed over the windows
    wanted_units bigint not null,
    sold_units bigint not null,
    lost_units bigint not null,             -- wanted, there, and held back
    oversells bigint not null,              -- offers oversold, counted once a window
    oversold_units bigint not null,
    lost_amount decimal(18, 6) not null,    -- margin of what was missed
    oversold_amount decimal(18, 6) not null,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (test_id, side, week_on),
);
-- :fold
merge into back_test_week_facts as fact
using (
    with told as (
        select
            subject::uuid as test_id,
            happened_at,
            seq,
            unnest((body -> 'weeks')::json[]) as part,
            generate_subscripts((body -> 'weeks')::json[], 1) as place,
        from fresh
        where kind = 'back_test.finished'
    ),

    parsed as (
        select * exclude (part), unnest(from_json(part, '{
            "side": "VARCHAR", "week_on": "DATE", "window_count": "BIGINT", "listed_units": "BIGINT",
            "wanted_units": "BIGINT", "sold_units": "BIGINT", "lost_units": "BIGINT", "oversells": "BIGINT",
            "oversold_units": "BIGINT", "lost_amount": "DECIMAL(18,6)", "oversold_amount": "DECIMAL(18,6)"
        }')),
        from told
    )

    select * exclude (place) from parsed
    qualify row_number() over (
        partition by test_id, side, week_on order by happened_at desc, seq desc, place desc
    ) = 1
) as new
on fact.test_id = new.test_id and fact.side = new.side and fact.week_on = new.week_on
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
