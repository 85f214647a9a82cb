"""Passes on to John Lewis what a person said will not be sent: short picks, house cancellations, lines given up.

Looks at what was asked, whether that is the last a person said of a difference that is still there, and at how
much of each line is open at John Lewis. One call a line (OR30), recorded before it with the sum cancelled until
then. When its answer never comes, the order is read again: the sum then says that it happened. One that says
nothing after a quarter of an hour, or shows another number of units, is for a person: nothing is sent a second time
by itself.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from store.events import Event
from sync.freshness import is_order_read_since
from sync.intents import Intent, OpenIntent, carry_out, confirmed, refused, still_open, unclear
from sync.ports import LineCancelation
from sync.rules.cancelations import GOES_AGAIN, KIND, UNSEEN, decide
from sync.runs import Run, Scope

SHOWN_AFTER = timedelta(minutes=15)
# those that may go on by themselves and have units left, and whose answer nobody has said anything else after
ASKED = """
select asked.*, said.drift_class, said.answer
from cancelation_ask_facts as asked
join order_facts as placed on placed.order_id = asked.order_id and placed.state = 'SHIPPING'
join order_line_facts as sold on sold.order_line_id = asked.order_line_id
    and sold.cancelled_quantity < coalesce(asked.before_quantity, 0) + asked.quantity
-- the two are recorded at one moment
join drift_answer_facts as said
    on said.drift_subject = asked.order_line_id and said.happened_at = asked.happened_at
    and said.answer in ('cancel_line', 'confirm_rest')
where $order_id in ('', asked.order_id)
    and not exists (
        from intent_facts as intent
        where intent.order_id = asked.order_id and intent.intent_kind = 'cancel_market_line'
            and (intent.payload ->> '$.ask_id') = asked.ask_id::varchar
            and (intent.state <> 'refused' or intent.code not in (select unnest($goes_again::varchar[])))
    )
"""


def pass_on(run: Run, scope: Scope) -> None:
    """Settle what is unclear, then cancel at John Lewis what was asked for."""
    run.record([event for intent in still_open(run, (KIND,)) for event in _settled(run, intent)])
    tally = carry_out(
        run,
        decided(run, scope),
        lambda one: _cancel(run, one),
        still_meant=lambda some: still_meant(run, some),
    )
    run.count("cancelled_there", tally)


def decided(run: Run, scope: Scope) -> tuple[Intent, ...]:
    """What would be cancelled at John Lewis now."""
    asks = _asks(run, scope.key)
    if not asks:
        return ()
    ids = {"orders": sorted({ask["order_id"] for ask in asks})}
    lines = run.rows(
        """
        with shipped as (
            -- in whatever parcel: it may have been put into the sales order of another order
            select sold.order_line_id, sum(there.shipped_quantity) as units
            from order_line_facts as sold
            join sales_line_facts as there on there.order_line_id = sold.order_line_id
            where sold.order_id in (select unnest($orders::varchar[]))
            group by sold.order_line_id
        )

        select line.*, placed.state as order_state, coalesce(shipped.units, 0)::integer as shipped_quantity
        from order_line_facts as line
        join order_facts as placed on placed.order_id = line.order_id
        left join shipped on shipped.order_line_id = line.order_line_id
        where line.order_id in (select unnest($orders::varchar[]))
        """,
        ids,
    )
    intents = run.rows(
        "select * from intent_facts where intent_kind = 'cancel_market_line'"
        " and order_id in (select unnest($orders::varchar[]))",
        ids,
    )
    return decide(asks, {line["order_line_id"]: line for line in lines}, intents, run.now())


def _asks(run: Run, order_id: str = "") -> list[dict[str, Any]]:
    """What is still meant: of the last word on a difference that BlueCherry still shows."""
    asks = run.rows(ASKED, {"order_id": order_id, "goes_again": sorted(GOES_AGAIN)})
    if not asks:
        return []  # to look for differences is dear
    rows = run.rows(
        "select drift_class, subject, short_quantity from drift($now)"
        " where order_id in (select unnest($orders::varchar[]))",
        {"now": run.now(), "orders": sorted({ask["order_id"] for ask in asks})},
    )
    short = {(row["drift_class"], row["subject"]): row["short_quantity"] for row in rows}
    return [
        {**ask, "short_quantity": short[about]}
        for ask in asks
        if (about := (ask["drift_class"], ask["order_line_id"])) in short
    ]


def still_meant(run: Run, intents: Sequence[Intent]) -> list[Intent]:
    """Those that a person's later word has not overtaken since they were decided."""
    asked = {str(ask["ask_id"]) for ask in _asks(run)}
    return [one for one in intents if one.payload["ask_id"] in asked]


def calls_of(intents: Sequence[Intent]) -> dict[str, int]:
    """How many calls they take."""
    return {"OR30 cancel": len(intents)} if intents else {}


def _cancel(run: Run, intent: Intent) -> str:
    what = intent.payload
    run.house.marketplace.cancel_lines(
        [
            LineCancelation(
                what["order_line_id"],
                what["quantity"],
                Decimal(what["amount"]),
                Decimal(what["shipping_amount"]),
                what["reason_code"],
            )
        ]
    )
    return str(what["order_line_id"])


def _settled(run: Run, intent: OpenIntent) -> list[Event]:
    now, what = run.now(), intent.payload
    shown = _cancelled_there(run, intent)
    before, meant = what["before_quantity"], what["before_quantity"] + what["quantity"]
    if shown is not None and shown >= meant:
        return [confirmed(intent, now, what["order_line_id"], "found by looking")]
    if shown is not None and shown != before:
        words = f"John Lewis shows {shown} cancelled, where {before} or {meant} were to be expected"
        return [refused(intent, now, "other_sum", f"{words}: a person looks, and asks again for what is missing")]
    if shown is not None and is_order_read_since(run, intent.order_id, intent.meant_at + SHOWN_AFTER):
        words = "its answer never came, and John Lewis shows nothing of it: a person says whether it is sent again"
        return [refused(intent, now, UNSEEN, words)]
    if intent.state == "unclear":
        return []
    return [unclear(intent, now, "looking", "we were stopped before its answer came")]


def _cancelled_there(run: Run, intent: OpenIntent) -> int | None:
    """Units of the line cancelled there, by a look after the call; None: nobody has looked since."""
    if not is_order_read_since(run, intent.order_id, intent.happened_at):
        return None
    rows: list[dict[str, Any]] = run.rows(
        "select cancelled_quantity from order_line_facts where order_line_id = $id",
        {"id": intent.payload["order_line_id"]},
    )
    return int(rows[0]["cancelled_quantity"]) if rows else None
