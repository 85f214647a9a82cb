-- One row per thing that is wrong with what we list. Where could we sell what is not there?
create or replace macro conditions_stock(as_of, batch_hours) as table
with newest_batch as (
    select batch_id, as_of as batch_at, completed_at, next_expected_at
    from stock_batch_facts
    where state = 'COMPLETE'
    order by stock_batch_facts.as_of desc
    limit 1
),

late as (
    select
        'batch_late' as kind, 'stock' as subject, '' as order_id, '' as cause,
        'The last complete batch is ' || batch_id || '.' as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        least(
            coalesce(next_expected_at + interval 30 minutes, batch_at + to_hours(batch_hours::integer)),
            batch_at + to_hours(batch_hours::integer)
        ) as since_at,
    from newest_batch
    where since_at <= as_of
),

rejected as (
    select
        'batch_rejected' as kind, batch_id as subject, '' as order_id, reason as cause, coalesce(detail, '') as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        happened_at as since_at,
    from batch_reading_facts
    where reason is not null
        and happened_at > coalesce(
            (select max(read.happened_at) from batch_reading_facts as read where read.reason is null), '-infinity'
        )
),

-- an unchanged offer is not stored again, so the run tells when offers were last looked at
looked as (
    select max(started_at) as looked_at
    from run_facts
    where started_at > as_of - interval 2 days and calls like '%"OF21"%' and state in ('succeeded', 'deferred')
),

listed as (
    select
        sent.sku, sent.quantity, sent.before_quantity, sent.supply, sent.base, sent.batch_id, sent.push_id,
        sent.happened_at as sent_at, offer.quantity as shown_quantity, offer.happened_at as shown_at,
        done.happened_at as done_at, done.state as import_state,
    from published_facts as sent
    left join offer_facts as offer on offer.sku = sent.sku and not offer.is_gone
    left join import_facts as done on done.push_id = sent.push_id
),

mismatched as (
    select
        'stock_mismatch' as kind, sku as subject, '' as order_id, '' as cause,
        'John Lewis shows ' || shown_quantity || ', we published ' || quantity || '.' as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        greatest(done_at, shown_at) as since_at,
    from listed
    where shown_quantity > quantity and import_state = 'complete' and done_at <= as_of - interval 15 minutes
        and done_at < (select looked_at from looked)
),

oversold as (
    select
        'oversell' as kind, sku as subject, '' as order_id,
        if(supply < 0, 'supply below zero', 'more than the base') as cause,
        'Published ' || quantity || ', the base is ' || base || ', the supply ' || supply || '.' as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        sent_at as since_at,
    from listed
    where quantity > base or (supply < 0 and quantity > 0)
),

orphaned as (
    select
        'offer_without_sku' as kind, offer.sku as subject, '' as order_id, '' as cause,
        'The offer ' || offer.sku || ' shows ' || offer.quantity || '.' as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        offer.happened_at as since_at,
    from offer_facts as offer
    where not offer.is_gone and (offer.is_active or offer.quantity > 0)
        and exists (from sku_facts)
        and not exists (
            from sku_facts as ours
            where ours.sku = offer.sku and ours.is_active and ours.is_listed and not ours.is_gone
        )
),

import_refusals as (
    select done.happened_at, done.push_id, unnest(map_entries(cast(done.errors::json as map(varchar, varchar)))) as entry
    from import_facts as done
    where done.error_count > 0 and done.happened_at > as_of - interval 7 days
),

refused as (
    select
        'import_errors' as kind, failed.entry.key as subject, '' as order_id, failed.entry.value as cause,
        'John Lewis refused the quantity of ' || failed.entry.key || '.' as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        failed.happened_at as since_at,
    from import_refusals as failed
    join published_facts as sent on sent.sku = failed.entry.key and sent.push_id = failed.push_id
),

problems as (
    select *, unnest(string_split(problem, ',')) as one_problem
    from sku_facts
    where problem not in ('', 'inactive') and is_listed and is_active and not is_gone
),

misidentified as (
    select
        case
            when one_problem in ('no_upc', 'no_upc_or_ean') then 'missing_upc'
            when one_problem in ('duplicate_upc', 'bad_check_digit') then one_problem
            else 'unfit_sku'
        end as kind,
        sku_key as subject, '' as order_id,
        case kind
            when 'missing_upc' then ''
            when 'unfit_sku' then one_problem
            else if(upc = '', ean, upc)
        end as cause,
        'SKU ' || sku || ', UPC ' || if(upc = '', 'none', upc) || ', EAN ' || if(ean = '', 'none', ean) || '.' as detail,
        null::decimal(18, 6) as amount, '' as currency, null::timestamptz as deadline_at,
        happened_at as since_at,
    from problems
    where one_problem <> 'no_ean'  -- an EAN is wished for, a UPC is needed
)

from late
union all by name from rejected
union all by name from mismatched
union all by name from oversold
union all by name from orphaned
union all by name from refused
union all by name from misidentified;
