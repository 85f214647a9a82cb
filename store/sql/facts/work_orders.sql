-- One row per line of a work order, as last read; nothing is expected any more of what has no units left.
-- :table
create table if not exists work_order_facts (
    work_order_id varchar not null,
    line_number integer not null,
    stage varchar not null,                     -- BlueCherry's number
    style varchar not null,
    color_code varchar not null,
    label varchar not null,
    dimension varchar not null,
    size varchar not null,
    warehouse varchar not null,
    quantity bigint not null,                   -- still expected
    due_on timestamptz,                         -- the beginning of BlueCherry's day; null: it does not say
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (work_order_id, line_number),
);
-- :fold
merge into work_order_facts as fact
using (
    with lines as (
        select
            happened_at,
            seq,
            subject as work_order_id,
            body ->> 'stage' as stage,
            (body ->> 'due_on')::timestamptz as due_on,
            unnest((body -> 'lines')::json[]) as line,
            generate_subscripts((body -> 'lines')::json[], 1) as line_number,
        from fresh
        where kind = 'work_order.read'
    ),

    parsed as (
        select * exclude (line), unnest(from_json(line, '{
            "style": "VARCHAR", "color_code": "VARCHAR", "label": "VARCHAR", "dimension": "VARCHAR",
            "size": "VARCHAR", "warehouse": "VARCHAR", "quantity": "BIGINT"
        }')),
        from lines
    )

    select * replace (line_number::integer as line_number) from parsed
    qualify row_number() over (
        partition by work_order_id, line_number order by happened_at desc, seq desc
    ) = 1
) as new
on fact.work_order_id = new.work_order_id and fact.line_number = new.line_number
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
