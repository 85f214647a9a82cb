-- One row per line of the marketplace's ledger. Which order, line and payout does it belong to?
create or replace view ledger as
select
    line.transaction_id,
    line.type,
    line.payment_state,
    line.cycle_id,
    coalesce(payout.voucher, '') as voucher,
    line.document_number,
    line.order_id,
    line.order_line_id,
    coalesce(sold.sku, '') as sku,
    case
        when line.type = 'PAYMENT' then if(payout.cycle_id is null, 'unmatched', 'payout')
        when line.order_line_id <> '' then if(sold.order_line_id is null, 'unmatched', 'order_line')
        when line.order_id <> '' then if(placed.order_id is null, 'unmatched', 'order')
        else 'account'
    end as matched_to,
    line.currency,
    line.amount,
    line.balance_amount,
    line.tax_rate,
    line.created_at,
    line.happened_at as updated_at,
from transaction_facts as line
left join order_line_facts as sold on sold.order_line_id = line.order_line_id and line.order_line_id <> ''
left join order_facts as placed on placed.order_id = line.order_id and line.order_id <> ''
left join payout_facts as payout on payout.cycle_id = line.cycle_id and line.cycle_id <> '';
