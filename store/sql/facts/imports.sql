-- One row per sending whose stock import reached its end at the marketplace, or was given up by a person.
-- :table
create table if not exists import_facts (
    push_id uuid primary key,                   -- the same file sent again at once is the same import there
    import_id varchar not null,
    state varchar not null,                     -- complete, failed, unproven or lost (given up)
    success_count bigint not null,
    error_count bigint not null,
    errors varchar not null,                    -- JSON: sku to reason
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into import_facts as fact
using (
    select subject as import_id, happened_at, seq, unnest(from_json(body, '{
        "push_id": "UUID", "state": "VARCHAR", "success_count": "BIGINT", "error_count": "BIGINT",
        "errors": "VARCHAR"
    }')),
    from fresh
    where kind = 'import.finished'
    qualify row_number() over (partition by body ->> 'push_id' order by happened_at desc, seq desc) = 1
) as new
on fact.push_id = new.push_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
