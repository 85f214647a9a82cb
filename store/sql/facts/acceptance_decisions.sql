-- One row per order somebody decided to accept or refuse, with the last word.
-- :table
create table if not exists acceptance_decision_facts (
    order_id varchar primary key,
    decision varchar not null,                  -- accept or refuse
    refused_lines varchar[],                    -- of an order that is accepted
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into acceptance_decision_facts as fact
using (
    select subject as order_id, actor, happened_at, seq, unnest(from_json(body, '{
        "decision": "VARCHAR", "why": "VARCHAR", "refused_lines": ["VARCHAR"]
    }')),
    from fresh
    where kind = 'acceptance.decided'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.order_id = new.order_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
