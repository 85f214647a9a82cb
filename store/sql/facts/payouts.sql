-- One row per billing cycle of the marketplace, as last shown.
-- :table
create table if not exists payout_facts (
    cycle_id varchar primary key,
    currency varchar not null,
    state varchar not null,
    voucher varchar not null,
    amount decimal(18, 6) not null,
    closed_at timestamptz not null,
    paid_at timestamptz,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into payout_facts as fact
using (
    select subject as cycle_id, happened_at, seq, unnest(from_json(body, '{
        "currency": "VARCHAR", "state": "VARCHAR", "voucher": "VARCHAR", "amount": "DECIMAL(18,6)",
        "closed_at": "TIMESTAMPTZ", "paid_at": "TIMESTAMPTZ"
    }')),
    from fresh
    where kind = 'payout.seen'
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.cycle_id = new.cycle_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
