-- One row per outside system: how far its clock was from ours when that last changed.
-- :table
create table if not exists clock_facts (
    system varchar primary key,
    ahead_seconds double not null,              -- theirs less ours
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into clock_facts as fact
using (
    select subject as system, (body ->> 'ahead_seconds')::double as ahead_seconds, happened_at, seq,
    from fresh
    where kind = 'clock.compared'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.system = new.system
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
