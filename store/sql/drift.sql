-- One row per way a live sales order differs from what we sent. What changed, who did it, what does it mean at John Lewis?
create or replace macro drift(as_of) as table
with whole as (
    from drift_headers(as_of)
    union all by name
    from drift_numbers(as_of)
),

differing as (
    from drift_lines(as_of)
    union all by name
    select '' as order_line_id, '' as sku, 0 as short_quantity, *, from whole
),

marked as (
    select
        differing.*, sales.changed_by, sales.revision, sales.changed_at,
        -- an address is told from the next by its revision: its text is not here; and what was said of units that are
        -- waited for is not said of units the customer believes to have left
        differing.shown || if(differing.drift_class = 'address', ' (' || sales.revision || ')', '')
            || if(
                differing.drift_class in ('quantity', 'cancelled')
                and ends_with(differing.market, ' shown as shipped'),
                ' (shown as shipped)',
                ''
            ) as shown_mark,
    from differing
    join sales_order_facts as sales on sales.ord_num = differing.ord_num
)

select
    -- ids
    marked.order_id, marked.ord_num, marked.drift_class, marked.subject, marked.order_line_id, marked.sku,
    -- side by side
    marked.sent, marked.shown, marked.market, marked.consequence,
    -- what was answered
    coalesce(said.answer, '') as answer,
    coalesce(said.why, '') as answer_why,
    coalesce(said.actor, '') as answered_by,
    said.happened_at as answered_at,
    coalesce(passed_on.state, '') as passed_on,
    not (
        -- as it stands it was accepted; changed once more, it is open again
        coalesce(said.answer = 'accept' and said.shown = marked.shown_mark, false)
        -- cancelled there since John Lewis was last read
        or coalesce(
            marked.drift_class in ('cancelled', 'quantity', 'substitution') and passed_on.done_at >= placed.happened_at,
            false
        )
    ) as is_open,
    marked.shown_mark,
    marked.changed_by,
    marked.revision,
    -- numbers
    marked.short_quantity,
    placed.currency,
    placed.total_amount,
    -- times
    marked.changed_at,
    -- what has left the building has no day to leave it
    case when placed.state = 'SHIPPING' then placed.shipping_deadline_at end as deadline_at,
from marked
join drifting_orders(as_of) as placed on placed.order_id = marked.order_id
left join drift_answer_facts as said
    on said.drift_class = marked.drift_class and said.drift_subject = marked.subject
left join cancelations_passed_on as passed_on on passed_on.order_line_id = marked.order_line_id;
