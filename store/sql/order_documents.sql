-- One row per invoice and credit memo of an order in BlueCherry. What did it charge, what did it give back?
create or replace view order_documents as
select
    order_id, invoice_number as document, 'invoice' as document_kind, ord_num as about, currency,
    total_amount, shipping_amount, tax_amount, invoiced_at as issued_at,
from invoice_facts

union all

select
    order_id, memo_number, 'credit_memo', ret_num, currency,
    (-total_amount)::decimal(18, 6), (-shipping_amount)::decimal(18, 6), null::decimal(18, 6), issued_at,
from credit_memo_facts;
