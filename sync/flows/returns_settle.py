"""Settles what became unclear about returns: found where it should be, surely absent, or for a person.

A return authorisation is *absent* only when it was not found by its order after the ERP's visibility delay, twice,
a minute apart; so is its withdrawal. Where the delay is not configured nobody but a person can say so, and then it
is looked for once more. Of a refund nothing is sure but that it shows: one that does not show after a quarter of an
hour is left to a person, and so is one John Lewis took and does not show after a day.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from uuid import UUID

from store.events import Event, ReceivedLinePart, ReturnRead
from sync.flows.stamps import in_order
from sync.flows.turns import LOOKED_FOR_AT_ONCE, asks_of, by_age, in_turn
from sync.freshness import SHOWN_WITHIN, is_order_read_since, is_return_read_since
from sync.intents import Intent, OpenIntent, confirmed, refused, still_open, unclear
from sync.ports import ErpReturn, Page
from sync.rules.returns import UNSEEN
from sync.runs import Run

KINDS = ("create_return", "cancel_return", "receive_return", "refund_line")
BETWEEN_SWEEPS = timedelta(minutes=1)
REFUND_SHOWN_AFTER = timedelta(minutes=15)
TAKEN_SHOWN_AFTER = timedelta(days=1)  # a refund John Lewis took
_TAKEN = """
select meant.intent_id, meant.subject, meant.order_id, meant.payload, meant.happened_at
from intent_facts as meant
join order_line_facts as line on line.order_line_id = (meant.payload ->> 'order_line_id')
where meant.intent_kind = 'refund_line' and meant.state = 'confirmed' and meant.happened_at <= $before
    and line.refunded_amount < (meant.payload ->> 'before_amount')::decimal(18, 6)
        + (meant.payload ->> 'amount')::decimal(18, 6) + (meant.payload ->> 'shipping_amount')::decimal(18, 6)
"""


def settle(run: Run, *, is_erp_there: bool = True) -> None:
    """Look for unclear intents of ours and say what is known now; BlueCherry, if it is there, is asked in turn."""
    open_intents = still_open(run, KINDS)
    for intent in open_intents:
        if intent.kind == "receive_return":
            run.record(_receipt(run, intent))
        elif intent.kind == "refund_line":
            run.record(_refund(run, intent))
    run.record(_never_shown(run))
    if not is_erp_there:
        return
    asked_for = by_age(open_intents, "create_return", "cancel_return")
    most = min(LOOKED_FOR_AT_ONCE, asks_of(run))
    in_turn(run, "returns.settled", asked_for, most, lambda one: run.record(_in_erp(run, one)))


def _in_erp(run: Run, intent: OpenIntent) -> list[Event]:
    return _authorisation(run, intent) if intent.kind == "create_return" else _withdrawal(run, intent)


def record_returns(run: Run, page: Page[ErpReturn]) -> int:
    """Record what the ERP has of ours."""
    return run.record(in_order(run, [_read(one, page.snapshot_id) for one in page.items if one.order_id]))


def _read(one: ErpReturn, snapshot_id: UUID | None) -> ReturnRead:
    return ReturnRead(
        happened_at=one.updated_at,
        snapshot_id=snapshot_id,
        ret_num=one.ret_num,
        order_id=one.order_id,
        ord_num=one.ord_num,
        return_id=one.return_id,
        raw_status=one.raw_status,
        is_closed=one.is_closed,
        entered_at=one.entered_at,
        changed_at=one.updated_at,
        lines=tuple(
            ReceivedLinePart(
                line_number=line.line_number,
                order_line_id=line.order_line_id,
                quantity=line.quantity,
                received_quantity=line.received_quantity,
            )
            for line in one.lines
        ),
    )


def _authorisation(run: Run, intent: OpenIntent) -> list[Event]:
    what, is_readable = intent.payload, _look(run, intent)
    rows = run.rows(
        "select min(ret_num) as ret_num from erp_return_facts where return_id = $id and ord_num = $ord_num",
        {"id": what["return_id"], "ord_num": what["ord_num"]},
    )
    if rows and rows[0]["ret_num"]:
        return [confirmed(intent, run.now(), str(rows[0]["ret_num"]), "found by its return id")]
    return _not_shown(run, intent, "not found by its order", is_readable=is_readable)


def _withdrawal(run: Run, intent: OpenIntent) -> list[Event]:
    ret_num, is_readable = intent.payload["ret_num"], _look(run, intent)
    rows = run.rows("select is_closed from erp_return_facts where ret_num = $ret_num", {"ret_num": ret_num})
    if rows and rows[0]["is_closed"]:
        return [confirmed(intent, run.now(), ret_num, "found by looking")]
    return _not_shown(run, intent, "it is still open", is_readable=is_readable)


def _look(run: Run, intent: OpenIntent) -> bool:
    """Ask the ERP by the order; whether every record could be read (an unreadable one may be the very one).

    And by the number of the sales order it comes back to, where the units left in another order's.
    """
    sql = "select order_id from sales_order_facts where ord_num = $ord_num and order_id not in ('', $order_id)"
    others = run.rows(sql, {"ord_num": intent.payload.get("ord_num", ""), "order_id": intent.order_id})
    is_readable = True
    asked = (intent.order_id, *(row["order_id"] for row in others))
    for page in chain.from_iterable(run.house.erp.list_returns(order_id=one) for one in asked):
        record_returns(run, page)
        is_readable = is_readable and not page.skipped
    return is_readable


def _not_shown(run: Run, intent: OpenIntent, words: str, *, is_readable: bool) -> list[Event]:
    """It did not happen: a person says so, or two looks after the visibility delay; until then it is in doubt."""
    now, minutes = run.now(), run.house.settings.erp_visibility_minutes
    if intent.said_absent and is_readable:
        return [refused(intent, now, "absent", f"{words}, and surely absent ({intent.said_absent})")]
    is_time = minutes is not None and now >= intent.meant_at + timedelta(minutes=minutes)
    is_soon = intent.code == "absent_once" and now - intent.happened_at < BETWEEN_SWEEPS
    if not is_time or is_soon or not is_readable:
        return _doubt(intent, now)
    if intent.code != "absent_once":
        return [unclear(intent, now, "absent_once", f"{words}; looked for once more in a minute")]
    return [refused(intent, now, "absent", f"{words} in two sweeps after the visibility delay")]


def _receipt(run: Run, intent: OpenIntent) -> list[Event]:
    now = run.now()
    rows = run.rows("select state from market_return_facts where return_id = $id", {"id": intent.subject})
    state = rows[0]["state"] if rows else ""
    if state not in {"", "IN_PROGRESS"}:
        return [confirmed(intent, now, intent.subject, "found by looking")]
    if state and is_return_read_since(run, intent.subject, intent.meant_at + SHOWN_WITHIN):
        return [refused(intent, now, "absent", "looked again: it had not happened")]
    return _doubt(intent, now)


def _refund(run: Run, intent: OpenIntent) -> list[Event]:
    now, what = run.now(), intent.payload
    if not is_order_read_since(run, intent.order_id, intent.happened_at):
        return _doubt(intent, now)
    rows = run.rows(
        "select refunded_amount from order_line_facts where order_line_id = $id", {"id": what["order_line_id"]}
    )
    before, meant = Decimal(what["before_amount"]), Decimal(what["amount"]) + Decimal(what["shipping_amount"])
    shown = rows[0]["refunded_amount"] if rows else before
    if shown == before + meant:
        return [confirmed(intent, now, "", "found by looking")]
    if shown != before:
        words = (
            f"John Lewis shows {shown:.2f} refunded, where {before:.2f} or {before + meant:.2f} were to be expected"
        )
        return [refused(intent, now, "other_sum", f"{words}: a person looks, and nothing is sent again by itself")]
    if not is_order_read_since(run, intent.order_id, intent.meant_at + REFUND_SHOWN_AFTER):
        return _doubt(intent, now)
    words = "its answer never came, and John Lewis shows no refund: a person says whether it is sent again"
    return [refused(intent, now, UNSEEN, words)]


def _never_shown(run: Run) -> list[Event]:
    """Refunds John Lewis took, and that its order does not show though it was read since: a person's, each."""
    now = run.now()
    words = "John Lewis took it and does not show it a day later: a person says whether it is sent again"
    return [
        refused(Intent("refund_line", row["subject"], {}, row["order_id"], row["intent_id"]), now, UNSEEN, words)
        for row in run.rows(_TAKEN, {"before": now - TAKEN_SHOWN_AFTER})
        if is_order_read_since(run, row["order_id"], row["happened_at"] + TAKEN_SHOWN_AFTER)
    ]


def _doubt(intent: OpenIntent, now: datetime) -> list[Event]:
    """A killed call shows as unclear from now on; what already does is left as it is."""
    if intent.state == "unclear":
        return []
    return [unclear(intent, now, "looking", "we were stopped before its answer came")]
