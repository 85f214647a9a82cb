-- One row per line of the marketplace's ledger, in its last state.
-- :table
create table if not exists transaction_facts (
    transaction_id varchar primary key,
    type varchar not null,
    payment_state varchar not null,
    cycle_id varchar not null,
    document_number varchar not null,
    order_id varchar not null,
    order_line_id varchar not null,
    refund_id varchar not null,
    currency varchar not null,
    amount decimal(18, 6) not null,             -- signed from our side
    balance_amount decimal(18, 6),
    tax_rate decimal(18, 6),
    created_at timestamptz not null,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into transaction_facts as fact
using (
    select * exclude (place)
    from (
        select
            row.transaction_id, row.type, row.payment_state, row.cycle_id, row.document_number,
            row.order_id, row.order_line_id, row.refund_id, row.currency, row.amount, row.balance_amount,
            row.tax_rate, row.created_at,
            -- a stamp that is to come counts as in `fresh`
            if(row.updated_at > fresh.recorded_at + interval 1 hour, fresh.recorded_at, row.updated_at) as happened_at,
            fresh.seq, row.rowid as place,
        from fresh
        join transaction_rows as row on row.read_id = (fresh.body ->> 'read_id')::uuid
        where fresh.kind = 'transactions.read'
    )
    qualify row_number() over (partition by transaction_id order by happened_at desc, seq desc, place desc) = 1
) as new
on fact.transaction_id = new.transaction_id
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
