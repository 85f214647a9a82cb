-- One row per moment a number of one offer changed: in a batch, in what we sent, in what John Lewis shows. How did it go?
create or replace macro stock_history(of_sku, since, as_of) as table
with ours as (
    select sku_key from sku_facts where sku = of_sku order by is_gone, not is_active, sku_key limit 1
),

places as (
    select distinct value as location from mapping_facts where mapping = 'warehouse' and value <> ''
),

nets as (
    select
        row.location,
        row.as_of as moment_at,
        row.on_hand - row.linked - row.allocated - row.picked - row.damaged - row.held as net,
    from stock_rows as row
    join ours on ours.sku_key = row.sku_key
    join places on places.location = row.location
    join batch_reading_facts as reading on reading.read_id = row.read_id
    where row.as_of <= as_of
),

steps as (
    select moment_at, net - lag(net, 1, 0) over (partition by location order by moment_at) as change,
    from nets
),

moments as (
    select moment_at, sum(change) as change, from steps group by moment_at
),

in_batches as (
    select 'batch' as side, moment_at, sum(change) over (order by moment_at)::bigint as quantity,
    from moments
),

sent as (
    select 'published' as side, row.sent_at as moment_at, row.quantity,
    from published_rows as row
    join intent_facts as intent on intent.intent_id = row.push_id and intent.state <> 'refused'
    where row.sku = of_sku and row.sent_at <= as_of
),

shown as (
    select 'marketplace' as side, row.seen_at as moment_at, if(row.is_gone, 0, row.quantity) as quantity,
    from offer_rows as row
    where row.sku = of_sku and row.seen_at <= as_of
),

all_sides as (
    from in_batches
    union all by name from sent
    union all by name from shown
)

-- what stood when the time asked for began is shown at its beginning
select side, quantity, greatest(moment_at, since) as moment_at,
from all_sides
qualify moment_at >= since or row_number() over (partition by side, moment_at < since order by moment_at desc) = 1;
