-- One row per side (own, other): how it trades, as last measured.
-- :table
create table if not exists trade_facts (
    side varchar primary key,
    factors double[] not null,                  -- 168, Monday 00:00 London first; 1 is an average hour
    pace_swing double not null,                 -- squared coefficients of variation
    day_swing double not null,
    hour_swing double not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into trade_facts as fact
using (
    with parts as (
        select
            happened_at, seq,
            unnest((body -> 'trades')::json[]) as part,
            generate_subscripts((body -> 'trades')::json[], 1) as place,
        from fresh
        where kind = 'demand.measured'
    ),

    parsed as (
        select * exclude (part), unnest(from_json(part, '{
            "side": "VARCHAR", "factors": ["DOUBLE"], "pace_swing": "DOUBLE", "day_swing": "DOUBLE",
            "hour_swing": "DOUBLE"
        }')),
        from parts
    )

    select * exclude (place) from parsed
    qualify row_number() over (partition by side order by happened_at desc, seq desc, place desc) = 1
) as new
on fact.side = new.side
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
