-- One row per offer. What has BlueCherry, what did we send, what should John Lewis show and what does it, seen when?
create or replace macro stock_audit(as_of) as table
with terms as (
    select
        coalesce(min(clock_skew_seconds), 120) as skew_seconds,
        coalesce(bool_and(deducts_sales), true) as deducts_sales,
    from stock_terms_facts
),

-- the last whole reading that was compared; sales are known up to it
compared as (
    select read_from, read_until from stock_audit_facts order by happened_at desc, seq desc limit 1
),

due as (
    from expected_shown(
        (select read_from from compared), (select read_until from compared),
        skew_seconds := (select skew_seconds from terms),
        deducts_sales := (select deducts_sales from terms)
    )
),

beside as (
    select
        stock.*,
        coalesce(ours.division, '') as division,
        coalesce(ours.category, '') as category,
        coalesce(ours.style, '') as style,
        coalesce(ours.style_name, '') as style_name,
        coalesce(ours.color_name, '') as color_name,
        coalesce(ours.size, '') as size,
        coalesce(ours.problem, 'no such SKU in BlueCherry') as problem,
        due.applied_at,
        due.applied_quantity,
        due.ordered_quantity,
        due.least_quantity as due_least,
        due.most_quantity as due_most,
        coalesce(due.is_maybe_less, false) as is_maybe_less,
        not reading.is_unread
            and coalesce(due.applied_at <= compared.read_from and stock.shown_at <= compared.read_until, false)
            as is_comparable,
        -- the formula allowed more than was sent: increases wait for a new batch or fresh orders
        coalesce(sent.waiting_units > 0, false) as was_waiting,
    from stock_standing(as_of) as stock
    left join sku_facts as ours on ours.sku_key = stock.sku_key
    left join compared on true
    left join due on due.sku = stock.sku
    left join published_facts as sent on sent.sku = stock.sku
    join offer_readings as reading on reading.sku = stock.sku
    where stock.shown_quantity is not null
),

measured as (
    select
        *,
        case
            when not is_comparable then null
            when shown_quantity > due_most then shown_quantity - due_most
            when shown_quantity < due_least then shown_quantity - due_least
            else 0
        end::bigint as gap_quantity,
    from beside
),

judged as (
    select
        *,
        case
            when is_at_risk then 'shows_too_much'
            when gap_quantity <> 0 and is_mismatched then 'mismatch'
            when gap_quantity < 0 and is_maybe_less then 'may_be_sold'
            when gap_quantity <> 0 then 'differs_once'
            when published_quantity is null then 'never_published'
            when is_refused and shown_quantity <> published_quantity then 'refused'
            when not is_comparable and shown_quantity <> published_quantity then 'on_its_way'
            when was_waiting and base > coalesce(most_quantity, published_quantity) then 'waits_to_rise'
            else 'same'
        end as audit_state,
    from measured
)

select
    -- ids
    sku,
    sku_key,
    division,
    category,
    style,
    style_name,
    color_name,
    size,
    audit_state,
    audit_state <> 'same' as is_different,
    is_offered,
    is_mismatched,
    problem,
    -- BlueCherry
    base,
    supply,
    inflight,
    -- sent
    published_quantity,
    is_refused,
    applied_quantity,
    ordered_quantity,
    -- John Lewis
    if(is_comparable, due_least, null) as least_quantity,
    if(is_comparable, due_most, null) as most_quantity,
    shown_quantity,
    standing_quantity,
    gap_quantity,
    -- times
    batch_at,
    published_at,
    applied_at,
    shown_at,
from judged;
