-- One row per creation or cancellation in BlueCherry whose answer never came, and per sales order it took and does not
-- show. When was it last looked for, by what, and what is there?
create or replace view unclear_in_erp as
with doubtful as (
    select
        intent_id, intent_kind, subject, order_id, state, message, reference, meant_at,
        payload ->> 'return_id' as return_id, payload ->> 'ord_num' as ord_num, payload ->> 'ret_num' as ret_num,
        if(intent_kind = 'cancel_sales_line', payload ->> 'ord_num', order_id) as looked_up_by,
        (payload ->> 'line_number')::integer as line_number,
        (payload ->> 'before_quantity')::integer + (payload ->> 'quantity')::integer as cancelled_quantity,
        json_extract_string(payload, '$.lines[*].order_line_id') as order_line_ids,
    from intent_facts
    where (
            state in ('recorded', 'unclear')
            and intent_kind in ('create_sales_order', 'create_return', 'cancel_sales_line', 'cancel_return')
        )
        or (
            state = 'confirmed' and intent_kind = 'create_sales_order'
            and not exists (from sales_order_facts as seen where seen.ord_num = intent_facts.reference)
        )
),

-- BlueCherry answered a question about its number after the call
looked as (
    select
        doubtful.intent_id, count(*) as look_count, max(shot.seen_at) as looked_at,
        arg_max(shot.snapshot_id, shot.seen_at) as snapshot_id,
    from doubtful
    join snapshots as shot
        on shot.source = 'erp' and shot.method = 'GET' and shot.status between 200 and 299
        and shot.resource = if(doubtful.intent_kind in ('create_return', 'cancel_return'), 'returnOrder', 'salesOrder')
        and shot.seen_at >= doubtful.meant_at
        -- the whole number, as a filter quotes it
        and regexp_extract(url_decode(replace(shot.path, '+', ' ')), ' eq ''([^&]*)''', 1)
            = replace(doubtful.looked_up_by, '''', '''''')
    group by doubtful.intent_id
),

there as (
    select sent.intent_id, line.ord_num as number,
    from (
        select intent_id, order_id, unnest(order_line_ids) as order_line_id
        from doubtful
        where intent_kind = 'create_sales_order'
    ) as sent
    join sales_line_facts as line on line.order_line_id = sent.order_line_id
    left join order_facts as named on named.order_id = line.order_id
    -- its number may have been emptied or mistyped before it was first read
    where line.order_id = sent.order_id or named.order_id is null
    union
    select doubtful.intent_id, back.ret_num as number,
    from doubtful
    join erp_return_facts as back on back.return_id = doubtful.return_id and back.ord_num = doubtful.ord_num
    where doubtful.intent_kind = 'create_return'
    union
    select doubtful.intent_id, doubtful.ord_num as number,
    from doubtful
    join sales_line_facts as line on line.ord_num = doubtful.ord_num and line.line_number = doubtful.line_number
    where doubtful.intent_kind = 'cancel_sales_line' and line.cancelled_quantity >= doubtful.cancelled_quantity
    union
    select doubtful.intent_id, doubtful.ret_num as number,
    from doubtful
    join erp_return_facts as back on back.ret_num = doubtful.ret_num
    where doubtful.intent_kind = 'cancel_return' and back.is_closed
),

shown as (
    select intent_id, string_agg(number, ', ' order by number) as numbers from there group by intent_id
)

select
    doubtful.intent_id,
    doubtful.intent_kind,
    doubtful.subject,
    doubtful.order_id,
    doubtful.looked_up_by,
    doubtful.state,
    doubtful.message,
    doubtful.reference,                         -- the number BlueCherry gave it; empty: none
    coalesce(shown.numbers, '') as shown,       -- BlueCherry's numbers that show what was meant; empty: none does
    looked.snapshot_id,
    coalesce(said.actor, '') as said_by,
    coalesce(said.why, '') as said_why,
    coalesce(looked.look_count, 0) as look_count,
    doubtful.meant_at,
    looked.looked_at,
    missed.first_at as missed_first_at,  -- asked for by both numbers past the usual delay, all was read, not there
    missed.last_at as missed_last_at,    -- and the last time that was written down
from doubtful
left join looked on looked.intent_id = doubtful.intent_id
left join shown on shown.intent_id = doubtful.intent_id
left join missed_creation_facts as missed on missed.intent_id = doubtful.intent_id
left join absence_word_facts as said on said.intent_id = doubtful.intent_id;
