-- One row per run of a flow that ended.
-- :table
create table if not exists run_facts (
    run_id uuid primary key,
    flow varchar not null,
    state varchar not null,                     -- succeeded, deferred, previewed, stopped, failed
    message varchar not null,
    counts varchar not null,                    -- JSON: what it did
    calls varchar not null,                     -- JSON: calls per operation
    started_at timestamptz not null,
    due_at timestamptz,                         -- deferred until
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into run_facts as fact
using (
    select
        unnest(from_json(body, '{
            "run_id": "UUID", "flow": "VARCHAR", "state": "VARCHAR", "message": "VARCHAR", "counts": "VARCHAR",
            "calls": "VARCHAR", "started_at": "TIMESTAMPTZ", "due_at": "TIMESTAMPTZ"
        }')),
        happened_at, seq,
    from fresh
    where kind = 'run.finished'
    qualify row_number() over (partition by body ->> 'run_id' order by happened_at desc, seq desc) = 1
) as new
on fact.run_id = new.run_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
