-- One row per batch whose window has ended and tenth of the chance of an oversell: how often it was said and came.
-- :table
create table if not exists risk_outcome_facts (
    batch_id varchar not null,
    tenth integer not null,                 -- 0: below 10 %, 9: from 90 %
    case_count bigint not null,             -- offers listed
    predicted double not null,              -- sum of the chances
    happened bigint not null,               -- offers oversold
    squares double not null,                -- sum of squared distances
    oversold varchar[] not null,            -- SKUs, the worst first; not all where they are many
    batch_at timestamptz not null,
    began_at timestamptz not null,          -- its numbers were first weighed, and then the next one's were
    ended_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (batch_id, tenth),
);
-- :fold
merge into risk_outcome_facts as fact
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
            (part ->> 'batch_at')::timestamptz as batch_at,
            (part ->> 'began_at')::timestamptz as began_at,
            (part ->> 'ended_at')::timestamptz as ended_at,
            happened_at,
            seq,
            window_place,
            unnest((part -> 'tenths')::json[]) as tenth_part,
            generate_subscripts((part -> 'tenths')::json[], 1) as place,
        from windows
    ),

    parsed as (
        select * exclude (tenth_part), unnest(from_json(tenth_part, '{
            "tenth": "INTEGER", "case_count": "BIGINT", "predicted": "DOUBLE", "happened": "BIGINT",
            "squares": "DOUBLE", "oversold": ["VARCHAR"]
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
