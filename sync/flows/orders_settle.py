"""Settles what became unclear: found where it should be, surely absent, or looked for again.

Found with another content than was meant (same number, other lines): nothing is sent, a person decides.
A sales order is *absent* only when it was not found by po_num after the ERP's visibility delay, twice, a minute
apart; so is the cancellation of a line. Where the delay is not configured nobody but a person can say so, and then
it is looked for once more. What BlueCherry took, and does not show after that delay, is asked for by its number and
by the order's, twice, and then a person alone can say that it is absent. An acceptance and a reference are absent
when the order was read two minutes after the call and shows nothing of it.

What BlueCherry is asked for is asked in turn (sync.flows.turns), and leaves it time for what is new.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any

from store.events import CreationMissed, Event
from sync.flows.orders_drift import sales_order_events
from sync.flows.turns import LOOKED_FOR_AT_ONCE, asks_of, by_age, in_turn
from sync.freshness import SHOWN_WITHIN, erp_shows_by, is_order_read_since
from sync.intents import OpenIntent, confirmed, refused, still_open, unclear
from sync.rules.order_past import SUPERSEDED
from sync.rules.orders import other_content
from sync.runs import Run

KINDS = ("accept_order", "create_sales_order", "cancel_sales_line", "write_reference")
BETWEEN_SWEEPS = timedelta(minutes=1)
INVISIBLE_AT_ONCE = 20


def settle(run: Run, named: Collection[str] = (), *, at_once: int | None = None, is_erp_there: bool = True) -> None:
    """Look for unclear intents of ours and say what is known now; or for those of the orders `named`, for all.

    `at_once`: how often BlueCherry may be asked, where that is not what the pace allows; it is not asked at all
    where it is not there.
    """
    open_intents = [one for one in still_open(run, KINDS) if not named or one.order_id in named]
    by_facts = [one for one in open_intents if one.kind in {"accept_order", "write_reference"}]
    run.record([event for one in by_facts for event in _settle_by_facts(run, one)])
    if not is_erp_there:
        return
    cancelations, creations = (by_age(open_intents, kind) for kind in ("cancel_sales_line", "create_sales_order"))
    invisible = _invisible(run, named)
    if named:  # a person waits for these
        for some, look in ((cancelations, _settle_cancelation), (creations, _settle_creation)):
            in_turn(run, "", some, len(some), partial(look, run))
        in_turn(run, "", invisible, len(invisible), partial(_ask_for, run))
        return
    most, asks = LOOKED_FOR_AT_ONCE, asks_of(run) if at_once is None else at_once
    half = max(1, asks // 2) if creations else asks
    asked = in_turn(run, "orders.cancelations", cancelations, most, partial(_settle_cancelation, run), asks=half)
    rest = max(1, asks - asked)
    in_turn(run, "orders.settled", creations, most, partial(_settle_creation, run), asks=rest)
    most = min(INVISIBLE_AT_ONCE, max(1, asks // 3))
    in_turn(run, "orders.invisible", invisible, most, partial(_ask_for, run))


def _settle_by_facts(run: Run, intent: OpenIntent) -> list[Event]:
    """These are known by the last look at the order, if it was after the call."""
    now = run.now()
    rows = run.rows("select * from order_facts where order_id = $id", {"id": intent.order_id})
    if not rows:
        return _doubt(intent, now)
    order = rows[0]
    if intent.kind == "accept_order":
        if order["state"] == "REFUSED" or (order["state"] == "CANCELED" and order["accepted_at"] is None):
            return [refused(intent, now, SUPERSEDED, f"looked again: John Lewis shows it as {order['state']}")]
        done = order["state"] not in {"STAGING", "WAITING_ACCEPTANCE"}
    else:
        done = order["seller_reference"] == intent.payload["reference"]
    if done:
        return [confirmed(intent, now, order["seller_reference"] or order["state"], "found by looking")]
    if is_order_read_since(run, intent.order_id, intent.meant_at + SHOWN_WITHIN):
        return [refused(intent, now, "absent", "looked again: it had not happened")]
    return _doubt(intent, now)


def _settle_cancelation(run: Run, intent: OpenIntent) -> bool:
    """Its line's cancelled units say whether it happened; where they do not, twice, a minute apart, it did not."""
    run.record(_cancelation_became(run, intent))
    return True  # BlueCherry was asked


def _cancelation_became(run: Run, intent: OpenIntent) -> list[Event]:
    now = run.now()
    what = intent.payload
    is_readable = True
    for page in run.house.erp.sales_orders(ord_num=what["ord_num"]):
        run.record(sales_order_events(run, page.items, page.snapshot_id))
        is_readable = is_readable and not page.skipped
    rows = run.rows(
        "select cancelled_quantity from sales_line_facts where ord_num = $ord and line_number = $line",
        {"ord": what["ord_num"], "line": what["line_number"]},
    )
    if rows and rows[0]["cancelled_quantity"] >= what["before_quantity"] + what["quantity"]:
        return [confirmed(intent, now, what["ord_num"], "found by looking")]
    if intent.said_absent and is_readable:
        return [refused(intent, now, "absent", f"looked again: it had not happened ({intent.said_absent})")]
    minutes = run.house.settings.erp_visibility_minutes
    is_time = minutes is not None and now >= intent.meant_at + timedelta(minutes=minutes)
    is_soon = intent.code == "absent_once" and now - intent.happened_at < BETWEEN_SWEEPS
    if not is_time or is_soon or not is_readable:
        return _doubt(intent, now)
    if intent.code != "absent_once":
        return [unclear(intent, now, "absent_once", "it had not happened; looked for once more in a minute")]
    return [refused(intent, now, "absent", "not found in two sweeps after the visibility delay")]


def _settle_creation(run: Run, intent: OpenIntent) -> bool:
    """Whether BlueCherry was asked for it; what was read already, and what may still appear, it is not asked."""
    now = run.now()
    minutes = run.house.settings.erp_visibility_minutes
    is_time = bool(intent.said_absent) or (
        minutes is not None and now >= intent.meant_at + timedelta(minutes=minutes)
    )
    is_soon = not intent.said_absent and intent.code == "absent_once" and now - intent.happened_at < BETWEEN_SWEEPS
    ord_num = _found(run, intent)
    asks = is_time and not is_soon and not (ord_num and _is_as_meant(run, intent, ord_num))
    run.record(_creation_became(run, intent, is_looked_for=asks and _look_for(run, intent)))
    return asks


def _creation_became(run: Run, intent: OpenIntent, *, is_looked_for: bool) -> list[Event]:
    now = run.now()
    if ord_num := _found(run, intent):
        if _is_as_meant(run, intent, ord_num):
            return [confirmed(intent, now, ord_num, "found by its lines")]
        return [refused(intent, now, "other_content", other_content(ord_num, intent.order_id))]
    if is_looked_for and (ord_nums := _others(run, intent)):
        return [refused(intent, now, "other_content", other_content(ord_nums, intent.order_id))]
    if not is_looked_for:
        return _doubt(intent, now)
    if not intent.said_absent and intent.code != "absent_once":
        return [unclear(intent, now, "absent_once", "not found by its po_num; looked for once more in a minute")]
    sure = intent.said_absent or "in two sweeps after the visibility delay"
    names = f"its po_num, nor as {intent.reference}" if intent.reference else "its po_num"
    return [refused(intent, now, "absent", f"not found by {names}, and surely absent ({sure})")]


def _look_for(run: Run, intent: OpenIntent) -> bool:
    """Ask the ERP for it; whether every record could be read (an unreadable one may be the very one)."""
    return _ask_whole(run, intent.order_id, intent.reference)


def _ask_whole(run: Run, order_id: str = "", ord_num: str = "") -> bool:
    """Ask the ERP by po_num and by its own number, as far as they are given; whether every record could be read.

    Whatever account it is under is recorded: what somebody typed under another one must not go out twice.
    """
    erp = run.house.erp
    by_order = erp.sales_orders(order_id=order_id) if order_id else ()
    by_number = erp.sales_orders(ord_num=ord_num) if ord_num else ()
    is_readable = True
    for page in chain(by_order, by_number):
        run.record(sales_order_events(run, page.items, page.snapshot_id))
        is_readable = is_readable and not page.skipped
    return is_readable


def _found(run: Run, intent: OpenIntent) -> str:
    """The sales order that carries one of the intent's lines; empty: none that we have read.

    Under its order's number, or under none of ours: somebody emptied or changed it before it was first read.
    """
    rows = run.rows(
        """
        select line.ord_num
        from sales_line_facts as line
        join sales_order_facts as sales on sales.ord_num = line.ord_num
        where line.order_line_id in (select unnest($lines::varchar[])) and (
            line.order_id = $order_id or (
                (line.happened_at, line.seq) >= (sales.happened_at, sales.seq)
                and line.order_id not in (select order_id from order_facts)
            )
        )
        order by line.order_id <> $order_id, line.ord_num limit 1
        """,
        {"order_id": intent.order_id, "lines": [line["order_line_id"] for line in intent.payload["lines"]]},
    )
    return str(rows[0]["ord_num"]) if rows else ""


def _is_as_meant(run: Run, intent: OpenIntent, ord_num: str) -> bool:
    """Whether a sales order has every line that was meant, of the SKU and as many units as were meant."""
    rows = run.rows(
        "select order_line_id, sku_key, ordered_quantity from sales_line_facts where ord_num = $ord_num",
        {"ord_num": ord_num},
    )
    there = {row["order_line_id"]: (row["sku_key"], row["ordered_quantity"]) for row in rows}
    return all(
        there.get(line["order_line_id"]) == (line["sku_key"], line["quantity"]) for line in intent.payload["lines"]
    )


def _others(run: Run, intent: OpenIntent) -> str:
    """The live sales orders of the order's number that have none of its lines; empty: none."""
    rows = run.rows("select ord_nums from orders_other_content where order_id = $id", {"id": intent.order_id})
    return str(rows[0]["ord_nums"]) if rows else ""


def _doubt(intent: OpenIntent, now: datetime) -> list[Event]:
    """A killed call shows as unclear from now on; what already does is left as it is."""
    if intent.state == "unclear":
        return []
    return [unclear(intent, now, "looking", "we were stopped before its answer came")]


def _invisible(run: Run, named: Collection[str]) -> dict[str, dict[str, Any]]:
    """What was created and is still not read back after the visibility delay, by moment and number."""
    minutes = run.house.settings.erp_visibility_minutes or 0
    rows = run.rows(
        """
        select
            intent.intent_id, intent.intent_kind, intent.subject, intent.order_id, intent.reference,
            intent.meant_at, missed.first_at, missed.last_at,
        from intent_facts as intent
        left join missed_creation_facts as missed on missed.intent_id = intent.intent_id
        where intent.intent_kind = 'create_sales_order' and intent.state = 'confirmed'
            and intent.meant_at <= $before
            and not exists (from sales_order_facts as seen where seen.ord_num = intent.reference)
        """,
        {"before": run.now() - timedelta(minutes=minutes)},
    )
    return {
        f"{row['meant_at'].isoformat()} {row['reference']}": row
        for row in rows
        if not named or row["order_id"] in named
    }


def _ask_for(run: Run, row: Mapping[str, Any]) -> None:
    """It has a number, so it is asked for by name; until it is surely absent by the order's, too."""
    now, first_at = run.now(), row["first_at"]
    is_due = now >= erp_shows_by(run.house, row["meant_at"])
    is_soon = first_at is not None and now - first_at < BETWEEN_SWEEPS
    is_sure = first_at is not None and row["last_at"] - first_at >= BETWEEN_SWEEPS
    if not is_due or is_soon or is_sure:
        _ask_whole(run, ord_num=row["reference"])
        return
    if _ask_whole(run, row["order_id"], row["reference"]) and not _is_shown(run, row["reference"]):
        run.record(
            [
                CreationMissed(
                    happened_at=now,
                    intent_id=row["intent_id"],
                    intent_kind=row["intent_kind"],
                    intent_subject=row["subject"],
                    order_id=row["order_id"],
                    reference=row["reference"],
                )
            ]
        )


def _is_shown(run: Run, ord_num: str) -> bool:
    return bool(run.rows("from sales_order_facts where ord_num = $ord_num", {"ord_num": ord_num}))
