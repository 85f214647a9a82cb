-- One row per record that an outside system listed and that could not be read, as it stands.
-- :table
create table if not exists unread_facts (
    subject varchar primary key,
    system varchar not null,
    record varchar not null,                    -- what it is: order, shipment, offer …
    record_id varchar not null,                 -- empty: it carries no name
    detail varchar not null,                    -- the members that cannot be read
    is_open boolean not null,
    from_at timestamptz,                        -- it changed after this; none: it was asked for by name or by day
    happened_at timestamptz not null,           -- when it first could not be read, or could again
    seq bigint not null,
);
-- :fold
merge into unread_facts as fact
using (
    select
        subject,
        body ->> 'system' as system,
        body ->> 'record' as record,
        body ->> 'record_id' as record_id,
        coalesce(body ->> 'detail', '') as detail,
        kind = 'record.skipped' as is_open,
        (body ->> 'from_at')::timestamptz as from_at,
        happened_at, seq,
    from fresh
    where kind in ('record.skipped', 'record.read')
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.subject = new.subject
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
