-- One row per SKU name of which something that decides its quantity was written down after a position. What to decide again?
-- `since` is a position in the journal, `since_at` the moment it was reached: sales about then may since have come off
-- what John Lewis shows.
create or replace macro touched_skus(since, since_at, skew_seconds := 120) as table
with keys as (
    select sku_key from stock_facts where seq > since
    union
    select sku_key from sku_facts where seq > since
    union
    select line.sku_key
    from (select unnest(lines) as line from scheduled_order_facts where seq > since)
),

pushes as (
    select intent_id as push_id from intent_facts where intent_kind = 'push_stock' and seq > since
    union
    select push_id from import_facts where seq > since
),

placed as (
    select order_id from order_facts where seq > since
    union
    select order_id from intent_facts where intent_kind = 'create_sales_order' and seq > since
),

entered as (
    select line.order_line_id from sales_line_facts as line where line.seq > since
    union
    select line.order_line_id
    from sales_line_facts as line
    semi join (select ord_num from sales_order_facts where seq > since) as head on head.ord_num = line.ord_num
),

names as (
    -- BlueCherry's stock, and the SKU itself, under the name it has and the one it was sent by
    select ours.sku from sku_facts as ours semi join keys on keys.sku_key = ours.sku_key
    union
    select sent.sku from published_facts as sent semi join keys on keys.sku_key = sent.sku_key
    union
    -- what John Lewis shows, what we sent, and what came of it
    select sku from offer_facts where seq > since
    union
    select sku from comparison_facts where seq > since
    union
    select sku from published_facts where seq > since
    union
    select sent.sku from published_facts as sent semi join pushes on pushes.push_id = sent.push_id
    union
    -- sales
    select sku from order_line_facts where seq > since or placed_at > since_at - to_seconds(2 * skew_seconds)
    union
    select line.sku from order_line_facts as line semi join placed on placed.order_id = line.order_id
    union
    select line.sku from order_line_facts as line semi join entered on entered.order_line_id = line.order_line_id
)

select sku from names;
