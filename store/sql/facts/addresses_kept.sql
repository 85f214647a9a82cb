-- One row per sales order that ever showed the delivery address we sent. When did it last?
-- :table
create table if not exists address_kept_facts (
    ord_num varchar primary key,
    happened_at timestamptz not null,
    seq bigint not null,
);
-- :fold
merge into address_kept_facts as fact
using (
    select subject as ord_num, happened_at, seq,
    from fresh
    where kind = 'sales_order.read' and len(from_json(body, '{"address_changes": ["VARCHAR"]}').address_changes) = 0
    qualify row_number() over (partition by subject order by happened_at desc, seq desc) = 1
) as new
on fact.ord_num = new.ord_num
when matched and (new.happened_at, new.seq) > (fact.happened_at, fact.seq) then update by name
when not matched then insert by name;
