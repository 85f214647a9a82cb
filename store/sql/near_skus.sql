-- One row per asked SKU and SKU of BlueCherry near it, nearest first. What may have been meant? Shown, never used.
create or replace macro near_skus(asked) as table
with wanted as (
    select sku, replace(lower(trim(sku)), ' ', '') as folded, greatest(len(folded) // 2, 1) as half,
    from (select unnest(asked) as sku)
),

known as (
    select sku, replace(lower(sku), ' ', '') as folded from sku_facts where not is_gone
),

-- what is near has one half right: the distances of half a million would take seconds
alike as (
    select wanted.sku as asked_sku, wanted.folded as asked_folded, known.sku, known.folded
    from wanted join known on left(known.folded, wanted.half) = left(wanted.folded, wanted.half)
    union
    select wanted.sku, wanted.folded, known.sku, known.folded
    from wanted join known on right(known.folded, wanted.half) = right(wanted.folded, wanted.half)
),

near as (
    select asked_sku, sku, levenshtein(asked_folded, folded) as distance,
    from alike
    where abs(len(asked_folded) - len(folded)) <= 4
)

select asked_sku, sku, row_number() over (partition by asked_sku order by distance, sku) as position,
from near
-- further apart is another article
where distance <= least(4, greatest(len(asked_sku) // 3, 1))
qualify position <= 3;
