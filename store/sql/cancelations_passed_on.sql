-- One row per order line of which a person asked a cancelation at John Lewis. What came of what was asked last?
create or replace view cancelations_passed_on as
select
    asked.order_line_id,
    arg_max(
        coalesce(
            intent.state,
            -- as many are cancelled there already, by anybody: nothing of it is carried out
            if(sold.cancelled_quantity < coalesce(asked.before_quantity, 0) + asked.quantity, 'waiting', 'overtaken')
        ),
        (asked.happened_at, coalesce(intent.happened_at, asked.happened_at))
    ) as state,
    max(intent.happened_at) filter (where intent.state = 'confirmed') as done_at,
from cancelation_ask_facts as asked
join order_line_facts as sold on sold.order_line_id = asked.order_line_id
left join intent_facts as intent
    on intent.intent_kind = 'cancel_market_line' and intent.order_id = asked.order_id
    and starts_with(intent.subject, asked.order_line_id || '/')
    and intent.meant_at >= asked.happened_at
group by asked.order_line_id;
