-- One row per step from on hand to what was listed, of every quantity we sent. Why did we list seven?
-- A step takes off (or is a sum, `is_total`); all that are no sums add up to the quantity sent.
create or replace view stock_walk as
with sent as (
    select
        *,
        on_hand - linked - allocated - picked - damaged - held - coalesce(scheduled, 0) as net,
        supply - inflight as left_over,
        greatest(base - buffer, 0) as kept,
    from published_rows
),

thinned as (
    select *, if(coalesce(is_thin, false), 0, kept) as after_thin from sent
),

floored as (
    select *, if(after_thin < coalesce(minimum, 0), 0, after_thin) as after_minimum from thinned
),

capped as (
    select *, if(maximum is null, after_minimum, least(after_minimum, greatest(maximum, 0))) as after_maximum from floored
),

packed as (
    select
        *,
        after_maximum // greatest(coalesce(multiple, 1), 1) * greatest(coalesce(multiple, 1), 1) as after_packs,
    from capped
),

steps as (
    select
        push_id, sku, sent_at, quantity,
        unnest([
            {'position': 1, 'step': 'on_hand', 'units': on_hand, 'is_total': false, 'is_always': true},
            {'position': 2, 'step': 'linked', 'units': -linked, 'is_total': false, 'is_always': true},
            {'position': 3, 'step': 'allocated', 'units': -allocated, 'is_total': false, 'is_always': true},
            {'position': 4, 'step': 'picked', 'units': -picked, 'is_total': false, 'is_always': true},
            {'position': 5, 'step': 'damaged', 'units': -damaged, 'is_total': false, 'is_always': true},
            {'position': 6, 'step': 'held', 'units': -held, 'is_total': false, 'is_always': true},
            {'position': 7, 'step': 'scheduled', 'units': -scheduled, 'is_total': false, 'is_always': false},
            -- sent before the parts were kept: it begins with the supply
            {'position': 8, 'step': 'pooled', 'units': supply - coalesce(net, 0), 'is_total': false, 'is_always': false},
            {'position': 9, 'step': 'supply', 'units': supply, 'is_total': true, 'is_always': true},
            {'position': 10, 'step': 'inflight', 'units': -inflight, 'is_total': false, 'is_always': true},
            {'position': 11, 'step': 'below_zero', 'units': base - left_over, 'is_total': false, 'is_always': false},
            {'position': 12, 'step': 'base', 'units': base, 'is_total': true, 'is_always': true},
            {'position': 13, 'step': 'buffer', 'units': kept - base, 'is_total': false, 'is_always': true},
            {'position': 14, 'step': 'thin', 'units': after_thin - kept, 'is_total': false, 'is_always': false},
            {'position': 15, 'step': 'minimum', 'units': after_minimum - after_thin, 'is_total': false, 'is_always': false},
            {'position': 16, 'step': 'maximum', 'units': after_maximum - after_minimum, 'is_total': false, 'is_always': false},
            {'position': 17, 'step': 'packs', 'units': after_packs - after_maximum, 'is_total': false, 'is_always': false},
            {'position': 18, 'step': 'waits', 'units': quantity - after_packs, 'is_total': false, 'is_always': false},
            {'position': 19, 'step': 'listed', 'units': quantity, 'is_total': true, 'is_always': true}
        ], recursive := true),
    from packed
)

select push_id, sku, position, step, is_total, units::bigint as units, sent_at,
from steps
where units is not null and (is_always or units <> 0);
