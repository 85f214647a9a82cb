"""Passes on to John Lewis what a person said will not be sent: short picks, house cancellations, lines given up.

Looks at what was asked and at how much of each line is open there. One call a line (OR30), recorded before it with
the sum cancelled until then. When its answer never comes, the order is read again: the sum then says whether it
happened. A sum that says neither is for a person: nothing is sent a second time.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from store.events import Event
from sync.freshness import SHOWN_WITHIN, is_order_read_since
from sync.intents import Intent, OpenIntent, carry_out, confirmed, refused, still_open, unclear
from sync.ports import LineCancelation
from sync.rules.cancelations import KIND, decide
from sync.runs import Run, Scope


def pass_on(run: Run, scope: Scope) -> None:
    """Settle what is unclear, then cancel at John Lewis what was asked for."""
    run.record([event for intent in still_open(run, (KIND,)) for event in _settled(run, intent)])
    run.count("cancelled_there", carry_out(run, decided(run, scope), lambda one: _cancel(run, one)))


def decided(run: Run, scope: Scope) -> tuple[Intent, ...]:
    """What would be cancelled at John Lewis now."""
    asks = run.rows(
        """
        select asked.* from cancelation_ask_facts as asked
        join order_facts as placed on placed.order_id = asked.order_id
        where placed.state in ('WAITING_DEBIT', 'WAITING_DEBIT_PAYMENT', 'SHIPPING')
            and $order_id in ('', asked.order_id)
        """,
        {"order_id": scope.key},
    )
    if not asks:
        return ()
    ids = {"orders": sorted({ask["order_id"] for ask in asks})}
    lines = run.rows(
        """
        with shipped as (
            select order_line_id, sum(shipped_quantity) as units
            from sales_line_facts
            where order_id in (select unnest($orders::varchar[]))
            group by order_line_id
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
    if shown == before and is_order_read_since(run, intent.order_id, intent.meant_at + SHOWN_WITHIN):
        return [refused(intent, now, "absent", "looked again: it had not happened")]
    if shown is not None and shown not in {before, meant}:
        words = f"John Lewis shows {shown} cancelled, where {before} or {meant} were to be expected"
        return [refused(intent, now, "other_sum", f"{words}: a person looks, and asks again for what is missing")]
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
