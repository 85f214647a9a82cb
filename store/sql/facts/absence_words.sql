-- One row per unclear creation that a person said is surely not there, with the last word.
-- :table
create table if not exists absence_word_facts (
    intent_id uuid primary key,
    order_id varchar not null,
    why varchar not null,
    actor varchar not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into absence_word_facts as fact
using (
    select subject::uuid as intent_id, order_id, body ->> 'why' as why, actor, happened_at, seq,
    from fresh
    where kind = 'absence.said'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.intent_id = new.intent_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
