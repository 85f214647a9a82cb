-- One row per thing that is wrong with what we list. Where could we sell what is not there?
create or replace macro conditions_stock(as_of) as table
with listed as (
    select
        sent.sku, sent.quantity, sent.supply, sent.base, sent.push_id, sent.happened_at as sent_at,
    from published_facts as sent
),

mismatched as (
    select
        'stock_mismatch' as kind, audit.sku as subject, '' as order_id, '' as cause,
        'Expected ' || audit.expected_quantity || ' (' || audit.applied_quantity || ' applied '
            || strftime(audit.applied_at, '%d %b %H:%M') || ' UTC, less ' || audit.ordered_quantity
            || ' ordered, plus ' || audit.restored_quantity || ' restored), John Lewis shows '
            || audit.shown_quantity || ' (read ' || strftime(audit.happened_at, '%d %b %H:%M') || ' UTC) and showed '
            || audit.before_shown_quantity || ' (read ' || strftime(audit.before_seen_at, '%d %b %H:%M') || ' UTC).'
            as detail,
        -- sales move both alike: it is the difference that is another's doing
        (audit.shown_quantity - audit.expected_quantity)::varchar as grounds,
        audit.first_seen_at as since_at,
    from comparison_facts as audit
    join offer_facts as offer on offer.sku = audit.sku and not offer.is_gone
    where audit.read_count >= 2
),

oversold as (
    select
        'oversell' as kind, sku as subject, '' as order_id,
        if(supply < 0, 'supply below zero', 'more than the base') as cause,
        'Published ' || quantity || ', the base is ' || base || ', the supply ' || supply || '.' as detail,
        detail as grounds,
        sent_at as since_at,
    from listed
    where quantity > base or (supply < 0 and quantity > 0)
),

beyond as (
    select
        'oversells_beyond' as kind, 'risk' as subject, '' as order_id, '' as cause,
        happened || ' oversold in the ' || window_count || ' batches since ' || strftime(since_at, '%d %b')
            || '; ' || printf('%.1f', predicted) || ' were expected, and more than ' || most_expected
            || ' come in one such week of a hundred: ' || array_to_string(oversold[:10], ', ') || '.' as detail,
        happened || ' of ' || most_expected as grounds, proved_at as since_at,
    from risk_proof(as_of)
    where is_beyond
),

places as (
    select unnest(cast(value::json as json[])) as place from marketplace_facts where topic = 'warehouses'
),

-- goods that are not in the building, or lie where BlueCherry has no warehouse
refused_places as (
    select
        unnest(cast(coalesce(refused_warehouses, '[]')::json as varchar[])) as location, happened_at as told_at,
        json_array_length(warehouses) = 0 as is_nothing_left,
    from stock_terms_facts
),

not_counted as (
    select
        'warehouse_not_counted' as kind, refused_places.location as subject, '' as order_id,
        if(any_value(is_nothing_left), 'none is left', refused_places.location) as cause,
        refused_places.location || coalesce(' (' || nullif(any_value(places.place ->> 'label'), '') || ')', '')
            || ' is allowed by the settings or a mapping, but is '
            || coalesce(
                'of type ' || nullif(any_value(places.place -> 'detail' ->> 'type'), '')
                    || ' in BlueCherry, and only type W is a warehouse',
                if(
                    trim(upper(refused_places.location)) in ('POE', 'FOB', ''), 'no place in the building',
                    'none of BlueCherry''s locations'
                )
            )
            || ': nothing that lies there is listed.' as detail,
        detail as grounds, any_value(refused_places.told_at) as since_at,
    from refused_places
    left join places on places.place ->> 'code' = refused_places.location
    group by refused_places.location
),

awaited as (
    select
        'held_lot_awaited' as kind, lot as subject, '' as order_id, lot as cause,
        'What lies in lot ' || lot || ' is listed until BlueCherry''s next FULL stock batch is read: the newest was read'
            || ' before the setting HELD_LOTS named it, and the stock is kept without its lots.' as detail,
        lot as grounds, told_at as since_at,
    from (
        select unnest(cast(coalesce(awaited_lots, '[]')::json as varchar[])) as lot, happened_at as told_at,
        from stock_terms_facts
    )
),

names as (
    select sku, count(*) filter (where is_active and is_listed and not is_gone) as live_count,
    from sku_facts
    group by sku
),

orphans as (
    select offer.sku, offer.quantity, offer.is_active, offer.happened_at, coalesce(names.live_count, 0) as live_count,
    from offer_facts as offer
    left join names on names.sku = offer.sku
    where not offer.is_gone and coalesce(names.live_count, 0) <> 1 and exists (from sku_facts)
),

orphaned as (
    select
        'offer_without_sku' as kind, sku as subject, '' as order_id, '' as cause,
        'The offer ' || sku || ' shows ' || quantity || '.' as detail, quantity::varchar as grounds,
        happened_at as since_at,
    from orphans
    where live_count = 0 and (is_active or quantity > 0)
),

-- as the inventory flow counts them: more than two in a hundred within a day wait for a person, whose word begins anew
losing as (
    select orphans.sku, orphans.happened_at,
    from orphans
    left join published_facts as sent on sent.sku = orphans.sku
    where orphans.quantity > 0 and coalesce(sent.quantity, orphans.quantity) > 0
),

released as (
    select
        coalesce(max(offer_count), 0) as offer_count,
        coalesce(max(happened_at), as_of - interval 24 hours) as since_at,
    from orphan_release_facts
    where happened_at >= as_of - interval 24 hours
),

zeroed as (
    select count(distinct row.sku) as offer_count,
    from published_rows as row
    cross join released
    where row.sent_at > released.since_at and row.sku_key = '' and row.quantity = 0 and row.before_quantity > 0
        and row.sku not in (select sku from losing)
),

orphans_held as (
    select
        'orphans_held' as kind, 'offers' as subject, '' as order_id, count(*)::varchar as cause,
        count(*) || ' offers have no active SKU and would lose their stock'
            || if(any_value(zeroed.offer_count) > 0, ', after ' || any_value(zeroed.offer_count) || ' within a day.',
                ' at once.') as detail,
        min(losing.happened_at) as since_at,
    from losing
    cross join released
    cross join zeroed
    having count(*) > 0 and count(*) + any_value(zeroed.offer_count) > greatest(
        1, (select count(*) from offer_facts where not is_gone) * 2 // 100, any_value(released.offer_count)
    )
),

import_refusals as (
    select done.happened_at, done.push_id, unnest(map_entries(cast(done.errors::json as map(varchar, varchar)))) as entry
    from import_facts as done
    where done.error_count > 0 and done.push_id in (select push_id from published_facts)
),

refused as (
    select
        'import_errors' as kind, failed.entry.key as subject, '' as order_id, failed.entry.value as cause,
        'John Lewis refused the quantity of ' || failed.entry.key || '.' as detail,
        failed.happened_at as since_at,
    from import_refusals as failed
    join published_facts as sent on sent.sku = failed.entry.key and sent.push_id = failed.push_id
),

-- nobody says which: of the file, until each of its SKUs was read as it was sent, or is in a newer file
unnamed as (
    select
        'import_errors' as kind, 'import/' || import_id as subject, '' as order_id, 'it does not say which' as cause,
        'John Lewis refused ' || any_value(error_count) || ' lines of stock import ' || import_id
            || ' and names none or too few; ' || count(*) || ' SKUs of it may not show what was sent: '
            || array_to_string(list_sort(list(sku))[:10], ', ') || '.' as detail,
        any_value(ended_at) as since_at,
    from unproven_skus
    where state = 'unproven'
    group by import_id, push_id
),

last_import as (
    select import_id, state, errors, happened_at from import_facts order by happened_at desc, seq desc limit 1
),

import_failed as (
    select
        'import_failed' as kind, 'stock' as subject, '' as order_id, '' as cause,
        'Stock import ' || import_id || ' failed as a whole.' as detail,
        happened_at as since_at,
    from last_import
    where state = 'failed'
),

-- one file is open at a time: while it does not end nothing is sent, no decrease either
import_stuck as (
    select
        'import_stuck' as kind, push.reference as subject, '' as order_id, '' as cause,
        'Stock import ' || push.reference || ' was taken ' || strftime(push.happened_at, '%d %b %H:%M')
            || ' UTC and has not ended; no quantity is sent until it does.' as detail,
        push.happened_at as since_at,
    from intent_facts as push
    anti join import_facts as done on done.push_id = push.intent_id
    where push.intent_kind = 'push_stock' and push.state = 'confirmed'
        and push.happened_at <= as_of - interval 30 minutes
),

-- offers are read every hour at least: what John Lewis shows was compared with what we sent, or nobody knows it does
compared as (
    select
        max(read_until) as compared_at,
        coalesce(compared_at, (select min(happened_at) from import_facts where state = 'complete')) as waits_since,
    from stock_audit_facts
    where compared_count > 0
),

uncompared as (
    select
        'stock_uncompared' as kind, 'offers' as subject, '' as order_id, '' as cause,
        'What John Lewis shows was '
            || if(compared_at is null, 'never compared with what should stand there, though quantities took effect ',
                'last compared with what should stand there ')
            || strftime(waits_since, '%d %b %H:%M') || ' UTC.' as detail,
        '' as grounds,
        waits_since as since_at,
    from compared
    where waits_since <= as_of - interval 6 hours
),

batch_moments as (
    select list(reading.as_of order by reading.as_of) as moments, max(reading.as_of) as newest_at,
    from batch_reading_facts as reading
    where reading.read_id is not null
),

-- deducted although two complete batches came since it should have been in BlueCherry: double or missed, look at it
stuck as (
    select
        'inflight_stuck' as kind, line.order_line_id as subject, line.order_id, line.standing as cause,
        line.inflight_quantity || ' of ' || line.sku || ' are held back for it.' as detail, detail as grounds,
        list_filter(batch_moments.moments, lambda moment: moment > line.paid_at)[2] as since_at,
    from batch_moments, inflight_lines(
        coalesce((select max(reading.as_of) from batch_reading_facts as reading where reading.read_id is not null), as_of),
        skew_seconds := coalesce((select min(clock_skew_seconds) from stock_terms_facts), 120),
        deducts_open_orders := coalesce((select bool_and(deducts_open_orders) from stock_terms_facts), true)
    ) as line
    where line.inflight_quantity > 0 and line.standing <> 'inside'
        and line.order_state <> 'STAGING' and not starts_with(line.order_state, 'WAITING')
        and list_filter(batch_moments.moments, lambda moment: moment > line.paid_at)[2] is not null
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
            when one_problem = 'no_ean' then 'missing_ean'
            when one_problem in ('duplicate_upc', 'bad_check_digit') then one_problem
            else 'unfit_sku'
        end as kind,
        sku_key as subject, '' as order_id,
        case kind
            when 'missing_upc' then ''
            when 'missing_ean' then ''
            when 'unfit_sku' then one_problem
            else if(upc = '', ean, upc)
        end as cause,
        'SKU ' || sku || ', UPC ' || if(upc = '', 'none', upc) || ', EAN ' || if(ean = '', 'none', ean) || '.' as detail,
        detail as grounds,
        happened_at as since_at,
    from problems
),

wrong as (
    from mismatched
    union all by name from oversold
    union all by name from beyond
    union all by name from not_counted
    union all by name from awaited
    union all by name from orphaned
    union all by name from orphans_held
    union all by name from refused
    union all by name from unnamed
    union all by name from import_failed
    union all by name from import_stuck
    union all by name from uncompared
    union all by name from stuck
    union all by name from misidentified
)

select
    kind, subject, order_id, cause, detail, null::decimal(18, 6) as amount, '' as currency, grounds,
    null::timestamptz as deadline_at, since_at,
from wrong;
