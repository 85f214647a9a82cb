-- One row per cancelation a person asked to be passed on to John Lewis.
-- :table
create table if not exists cancelation_ask_facts (
    ask_id uuid primary key,
    order_id varchar not null,
    order_line_id varchar not null,
    quantity integer not null,
    before_quantity integer,                    -- cancelled there when it was asked; null: asked before that was kept
    reason_code varchar not null,               -- one of John Lewis's
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into cancelation_ask_facts as fact
using (
    select (body ->> 'ask_id')::uuid as ask_id, order_id, actor, happened_at, seq, unnest(from_json(body, '{
        "order_line_id": "VARCHAR", "quantity": "INTEGER", "before_quantity": "INTEGER", "reason_code": "VARCHAR", "why": "VARCHAR"
    }')),
    from fresh
    where kind = 'cancelation.asked'
    qualify row_number() over (partition by body ->> 'ask_id' order by happened_at desc, seq desc) = 1
) as new
on fact.ask_id = new.ask_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
