-- One row per difference between a sales order and what we sent that a person ever answered, with the last answer.
-- :table
create table if not exists drift_answer_facts (
    drift_class varchar not null,
    drift_subject varchar not null,             -- an order line, or a sales order
    order_id varchar not null,
    answer varchar not null,                    -- cancel_line, confirm_rest, revert, accept
    shown varchar not null,                     -- what BlueCherry showed then
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
    primary key (drift_class, drift_subject),
);
-- :fold
merge into drift_answer_facts as fact
using (
    select order_id, actor, happened_at, seq, unnest(from_json(body, '{
        "drift_class": "VARCHAR", "drift_subject": "VARCHAR", "answer": "VARCHAR", "shown": "VARCHAR", "why": "VARCHAR"
    }')),
    from fresh
    where kind = 'drift.answered'
    qualify row_number() over (
        partition by body ->> 'drift_class', body ->> 'drift_subject' order by happened_at desc, seq desc
    ) = 1
) as new
on fact.drift_class = new.drift_class and fact.drift_subject = new.drift_subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
