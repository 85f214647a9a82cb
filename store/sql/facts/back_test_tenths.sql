-- One row per back-test, policy and tenth of predicted chance: how often it was said, how often it happened.
-- :table
create table if not exists back_test_tenth_facts (
    test_id uuid not null,
    side varchar not null,
    tenth integer not null,                 -- 0: below 10 %, 9: from 90 %
    case_count bigint not null,
    predicted double not null,              -- sum of the chances
    happened bigint not null,
    squares double not null,                -- sum of squared distances
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (test_id, side, tenth),
);
-- :fold
merge into back_test_tenth_facts as fact
using (
    with told as (
        select
            subject::uuid as test_id,
            happened_at,
            seq,
            unnest((body -> 'tenths')::json[]) as part,
            generate_subscripts((body -> 'tenths')::json[], 1) as place,
        from fresh
        where kind = 'back_test.finished'
    ),

    parsed as (
        select * exclude (part), unnest(from_json(part, '{
            "side": "VARCHAR", "tenth": "INTEGER", "case_count": "BIGINT", "predicted": "DOUBLE",
            "happened": "BIGINT", "squares": "DOUBLE"
        }')),
        from told
    )

    select * exclude (place) from parsed
    qualify row_number() over (
        partition by test_id, side, tenth order by happened_at desc, seq desc, place desc
    ) = 1
) as new
on fact.test_id = new.test_id and fact.side = new.side and fact.tenth = new.tenth
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
