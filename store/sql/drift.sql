-- One row per way a live sales order differs from what we sent. What changed, who did it, what does it mean at John Lewis?
create or replace macro drift(as_of) as table
with sales as (from drifting_sales(as_of)),

differing as (
    from drift_lines(as_of)
    union all by name
    select '' as order_line_id, '' as sku, 0 as short_quantity, *, from drift_headers(as_of)
)

select
    -- ids
    differing.order_id, differing.ord_num, differing.drift_class, differing.subject,
    differing.order_line_id, differing.sku,
    -- side by side
    differing.sent, differing.shown, differing.market, differing.consequence,
    -- what was answered
    coalesce(said.answer, '') as answer,
    coalesce(said.why, '') as answer_why,
    coalesce(said.actor, '') as answered_by,
    said.happened_at as answered_at,
    coalesce(passed_on.state, '') as passed_on,
    not (
        -- as it stands it was accepted; changed once more, it is open again
        coalesce(said.answer = 'accept' and said.shown = differing.shown_mark, false)
        -- cancelled there since John Lewis was last read
        or coalesce(
            differing.drift_class in ('cancelled', 'quantity', 'substitution') and passed_on.done_at >= sales.placed_at,
            false
        )
    ) as is_open,
    differing.shown_mark,
    sales.changed_by,
    sales.revision,
    -- numbers
    differing.short_quantity,
    sales.currency,
    sales.total_amount,
    -- times
    sales.changed_at,
    -- what has left the building has no day to leave it
    case when sales.market_state = 'SHIPPING' then sales.shipping_deadline_at end as deadline_at,
from (
    select
        differing.*,
        -- an address is told from the next by its revision: its text is not here
        differing.shown || if(differing.drift_class = 'address', ' (' || sales.revision || ')', '') as shown_mark,
    from differing
    join sales on sales.ord_num = differing.ord_num
) as differing
join sales on sales.ord_num = differing.ord_num
left join drift_answer_facts as said
    on said.drift_class = differing.drift_class and said.drift_subject = differing.subject
left join cancelations_passed_on as passed_on on passed_on.order_line_id = differing.order_line_id;
