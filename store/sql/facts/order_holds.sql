-- One row per order that was ever held, with what holds it now.
-- :table
create table if not exists order_hold_facts (
    order_id varchar primary key,
    reason varchar,                             -- null: released
    cause varchar,                              -- what to mend
    detail varchar,
    misfits struct(part varchar, field varchar, "length" integer, fits integer)[],  -- of its addresses, lengths only
    frees varchar[],                            -- released: which refusals with it, by kind or kind/code; null: all
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into order_hold_facts as fact
using (
    select subject as order_id, happened_at, seq, unnest(from_json(body, '{
        "reason": "VARCHAR", "cause": "VARCHAR", "detail": "VARCHAR",
        "misfits": [{"part": "VARCHAR", "field": "VARCHAR", "length": "INTEGER", "fits": "INTEGER"}],
        "frees": ["VARCHAR"]
    }')),
    from fresh
    where kind in ('order.held', 'order.released')
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.order_id = new.order_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
