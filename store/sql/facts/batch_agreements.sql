-- One row per stock batch of which, once all offers were decided on it, nothing was to send.
-- :table
create table if not exists batch_agreement_facts (
    batch_id varchar primary key,
    happened_at timestamptz not null,           -- the first time
);
-- :fold
merge into batch_agreement_facts as fact
using (
    select subject as batch_id, min(happened_at) as happened_at,
    from fresh
    where kind = 'stock_batch.agreed'
    group by subject
) as new
on fact.batch_id = new.batch_id
when matched then update set happened_at = least(fact.happened_at, new.happened_at)
when not matched then insert by name;
