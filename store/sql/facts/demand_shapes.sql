-- One row per side (own, other) and hour of the week in London: how busy it is; 1 is an average hour.
-- :table
create table if not exists demand_shape_facts (
    side varchar not null,
    hour_of_week integer not null,              -- 0: Monday 00:00
    factor double not null,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (side, hour_of_week),
);
-- :fold
merge into demand_shape_facts as fact
using (
    with newest as (
        select body, happened_at, seq,
        from fresh
        where kind = 'demand.measured'
        order by happened_at desc, seq desc
        limit 1
    ),

    sides as (
        select 'own' as side, from_json(body -> 'own_shape', '["DOUBLE"]') as factors, happened_at, seq, from newest
        union all
        select 'other' as side, from_json(body -> 'other_shape', '["DOUBLE"]') as factors, happened_at, seq, from newest
    )

    select
        side,
        unnest(range(len(factors)))::integer as hour_of_week,
        unnest(factors) as factor,
        happened_at,
        seq,
    from sides
) as new
on fact.side = new.side and fact.hour_of_week = new.hour_of_week
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
