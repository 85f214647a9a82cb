-- One row per thing that was ever wrong, as it stands.
-- :table
create table if not exists exception_facts (
    exception_id uuid primary key,
    is_open boolean not null,
    exception_kind varchar not null,
    exception_subject varchar not null,
    order_id varchar not null,
    cause varchar not null,
    detail varchar not null,
    grounds varchar,                            -- the values it follows from; null: opened before they were kept
    currency varchar not null,
    amount decimal(18, 6),
    deadline_at timestamptz,
    since_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into exception_facts as fact
using (
    select
        kind <> 'exception.closed' as is_open,
        order_id,
        unnest(from_json(body, '{
            "exception_id": "UUID", "exception_kind": "VARCHAR", "exception_subject": "VARCHAR",
            "cause": "VARCHAR", "detail": "VARCHAR", "grounds": "VARCHAR", "currency": "VARCHAR", "amount": "DECIMAL(18,6)",
            "deadline_at": "TIMESTAMPTZ", "since_at": "TIMESTAMPTZ"
        }')),
        happened_at, seq,
    from fresh
    where kind in ('exception.opened', 'exception.changed', 'exception.closed')
    qualify row_number() over (partition by body ->> 'exception_id' order by happened_at desc, seq desc) = 1
) as new
on fact.exception_id = new.exception_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
