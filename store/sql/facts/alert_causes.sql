-- One row per route and cause it was ever told of: what was said last, and since when it is not wrong any more. Back within the hour, it was never gone.
-- :table
create table if not exists alert_cause_facts (
    route varchar not null,
    cause_kind varchar not null,
    cause varchar not null,
    rank integer not null,
    stage integer not null,                     -- of its deadline: 0 far, 1 within four hours, 2 within one, 3 past
    count bigint not null,
    near varchar[],                             -- which of them were within four hours or past; null: told before it was kept
    alert_id uuid not null,
    told_at timestamptz not null,
    cleared_at timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (route, cause_kind, cause),
);
-- :fold
merge into alert_cause_facts as fact
using (
    with said as (
        select
            subject as route, (body ->> 'alert_id')::uuid as alert_id, happened_at as told_at,
            null::timestamptz as cleared_at, happened_at, seq,
            unnest(from_json(body -> 'parts', '[{
                "cause_kind": "VARCHAR", "cause": "VARCHAR", "rank": "INTEGER", "stage": "INTEGER", "count": "BIGINT",
                "near": "VARCHAR[]"
            }]')) as part,
        from fresh
        where kind = 'alert.begun'

        union all

        select
            subject, (body ->> 'alert_id')::uuid, (body ->> 'told_at')::timestamptz,
            if(kind = 'alert.cleared', happened_at, null), happened_at, seq,
            from_json(body -> 'told', '{
                "cause_kind": "VARCHAR", "cause": "VARCHAR", "rank": "INTEGER", "stage": "INTEGER", "count": "BIGINT",
                "near": "VARCHAR[]"
            }'),
        from fresh
        where kind in ('alert.cleared', 'alert.returned')
    )

    select route, unnest(part), alert_id, told_at, cleared_at, happened_at, seq,
    from said
    qualify row_number() over (
        partition by route, part.cause_kind, part.cause order by happened_at desc, seq desc, part.rank, part.count
    ) = 1
) as new
on fact.route = new.route and fact.cause_kind = new.cause_kind and fact.cause = new.cause
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
