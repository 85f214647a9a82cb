-- One row per return somebody said a word of, with the last word.
-- :table
create table if not exists return_decision_facts (
    return_id varchar primary key,
    order_id varchar not null,
    decision varchar not null,                  -- accept, refuse or not_compliant
    reason_code varchar not null,               -- the marketplace's
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into return_decision_facts as fact
using (
    select subject as return_id, order_id, actor, happened_at, seq, unnest(from_json(body, '{
        "decision": "VARCHAR", "reason_code": "VARCHAR", "why": "VARCHAR"
    }')),
    from fresh
    where kind = 'return.decided'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.return_id = new.return_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
