-- One row per edit a person made to an order before it went to BlueCherry. The texts stand in `personal`.
-- :table
create table if not exists order_edit_facts (
    edit_id uuid primary key,
    order_id varchar not null,
    fields struct(field varchar, before_length integer, after_length integer)[],
    before_ship_via varchar not null,
    ship_via varchar not null,                  -- empty: not changed
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into order_edit_facts as fact
using (
    select subject as order_id, actor, happened_at, seq, unnest(from_json(body, '{
        "edit_id": "UUID", "fields": [{"field": "VARCHAR", "before_length": "INTEGER", "after_length": "INTEGER"}],
        "before_ship_via": "VARCHAR", "ship_via": "VARCHAR", "why": "VARCHAR"
    }')),
    from fresh
    where kind = 'order.edited'
    qualify row_number() over (partition by body ->> 'edit_id' order by happened_at desc, seq desc) = 1
) as new
on fact.edit_id = new.edit_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
