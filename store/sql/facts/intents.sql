-- One row per thing we set out to do outside. What was meant comes from intent.recorded, what became of it from the rest.
-- :table
create table if not exists intent_facts (
    intent_id uuid primary key,
    intent_kind varchar not null,
    subject varchar not null,
    order_id varchar not null,
    payload varchar,                            -- JSON
    state varchar not null,                     -- recorded, unclear, confirmed, refused
    reference varchar not null,                 -- what the outside system calls it
    code varchar not null,                      -- its refusal code
    message varchar not null,
    answered varchar not null,                  -- its code for an answer that left it unclear; empty: none
    meant_at timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into intent_facts as fact
using (
    with ours as (
        select
            (body ->> 'intent_id')::uuid as intent_id,
            -- what became of it always stands above what was meant, whatever their clocks say
            max_by(
                {'kind': kind, 'subject': subject, 'order_id': order_id, 'body': body, 'at': happened_at, 'seq': seq},
                (kind <> 'intent.recorded', happened_at, seq)
            ) as latest,
            any_value(body -> 'payload') filter (kind = 'intent.recorded')::varchar as payload,
            min(happened_at) filter (kind = 'intent.recorded') as meant_at,
        from fresh
        where kind in ('intent.recorded', 'intent.confirmed', 'intent.refused', 'intent.unclear')
        group by 1
    )

    select
        intent_id,
        latest.body ->> 'intent_kind' as intent_kind,
        latest.subject as subject,
        latest.order_id as order_id,
        payload,
        latest.kind = 'intent.recorded' as is_meant,
        split_part(latest.kind, '.', 2) as state,
        coalesce(latest.body ->> 'reference', '') as reference,
        coalesce(latest.body ->> 'code', '') as code,
        coalesce(latest.body ->> 'message', '') as message,
        coalesce(latest.body ->> 'answered', '') as answered,
        meant_at,
        latest.at as happened_at,
        latest.seq as seq,
    from ours
) as new
on fact.intent_id = new.intent_id
when matched and not new.is_meant
    and (fact.state = 'recorded' or (new.happened_at, new.seq) > (fact.happened_at, fact.seq))
then update set
    payload = coalesce(fact.payload, new.payload),
    meant_at = coalesce(fact.meant_at, new.meant_at),
    intent_kind = new.intent_kind, subject = new.subject, order_id = new.order_id,
    state = new.state, reference = new.reference, code = new.code, message = new.message,
    answered = new.answered, happened_at = new.happened_at, seq = new.seq
when matched then update set
    payload = coalesce(fact.payload, new.payload),
    meant_at = coalesce(fact.meant_at, new.meant_at)
when not matched then insert (
    intent_id, intent_kind, subject, order_id, payload, state, reference, code, message, answered,
    meant_at, happened_at, seq
) values (
    new.intent_id, new.intent_kind, new.subject, new.order_id, new.payload, new.state, new.reference, new.code,
    new.message, new.answered, new.meant_at, new.happened_at, new.seq
);
