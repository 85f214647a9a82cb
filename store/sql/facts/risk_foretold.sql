-- One row per batch and tenth of the chance of an oversell, against what came while the chances were given for.
-- :table
create table if not exists risk_foretold_facts (
    batch_id varchar not null,
    tenth integer not null,                 -- 0: below 10 %, 9: from 90 %
    case_count bigint not null,             -- offers listed
    predicted double not null,              -- sum of the chances
    happened bigint not null,               -- offers oversold
    squares double not null,                -- sum of squared distances
    began_at timestamptz not null,          -- its numbers were first weighed
    lands_at timestamptz not null,          -- until then the chances were given
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (batch_id, tenth),
);
-- :fold
merge into risk_foretold_facts as fact
using (
    with windows as (
        select
            happened_at,
            seq,
            unnest((body -> 'windows')::json[]) as part,
            generate_subscripts((body -> 'windows')::json[], 1) as window_place,
        from fresh
        where kind = 'risk.proved'
    ),

    told as (
        select
            part ->> 'batch_id' as batch_id,
            (part ->> 'began_at')::timestamptz as began_at,
            (part ->> 'lands_at')::timestamptz as lands_at,
            happened_at,
            seq,
            window_place,
            unnest((part -> 'foretold')::json[]) as tenth_part,
            generate_subscripts((part -> 'foretold')::json[], 1) as place,
        from windows
        where part ->> 'lands_at' is not null
    ),

    parsed as (
        select * exclude (tenth_part), unnest(from_json(tenth_part, '{
            "tenth": "INTEGER", "case_count": "BIGINT", "predicted": "DOUBLE", "happened": "BIGINT",
            "squares": "DOUBLE"
        }')),
        from told
    )

    select * exclude (window_place, place) from parsed
    qualify row_number() over (
        partition by batch_id, tenth order by happened_at desc, seq desc, window_place desc, place desc
    ) = 1
) as new
on fact.batch_id = new.batch_id and fact.tenth = new.tenth
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
