"""What each return needs next: authorised in BlueCherry or withdrawn there, told of as received, refunded by us.

Pure. Who refunds is a policy, never both sides: where John Lewis does, nothing here ever pays; where we do,
BlueCherry's credit memo says for how much, of goods and of shipping, and what John Lewis has refunded already is
not paid again, nor what we paid. Refunds are told by line, so what is due is worked out by line, whichever of its
returns brought it. A refund is never repeated by itself: there is no sure way to know that one did not happen.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from store.money import to_pence
from sync.intents import Intent
from sync.rules.order_past import NOTHING_HAPPENED, Past, past_of
from sync.rules.return_frees import is_freed, shipping_of

UNSEEN = "unseen"  # no answer came and no refund shows: a person says whether it is sent again
ON_THE_WAY = frozenset({"IN_PROGRESS", "RECEIVED"})


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a decision reads. Rows are those of `order_returns` and of the facts of the same names."""

    returns: Sequence[Mapping[str, Any]]
    sales_lines: Mapping[str, Sequence[Mapping[str, Any]]]  # by order line
    lines: Mapping[str, Mapping[str, Any]]  # order_line_facts by id, with `shipping_left_amount`
    intents: Sequence[Mapping[str, Any]]
    is_ours_to_refund: bool
    refund_reason: str
    now: datetime
    frees: Collection[str] = ()  # what was refused and a person wants sent once more, by name (rules.return_frees)
    withdrawn: Sequence[Mapping[str, Any]] = ()  # rows of `returns_withdrawn`
    shipping: Mapping[str, Decimal] = field(default_factory=dict)  # by order: credited and not refunded yet


@dataclass(frozen=True, slots=True)
class Decision:
    """Each return's next step."""

    create: tuple[Intent, ...] = ()
    receive: tuple[Intent, ...] = ()
    refund: tuple[Intent, ...] = ()
    withdraw: tuple[Intent, ...] = ()


def decide(known: Known) -> Decision:
    """Every return's next step; one that cannot go on does not stop the others."""
    past = past_of(known.intents)
    by_return: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in sorted(known.returns, key=lambda one: (one["opened_at"], one["return_id"], one["order_line_id"])):
        if not row["is_before_start"]:
            by_return[row["return_id"]].append(row)
    create: list[Intent] = []
    receive: list[Intent] = []
    refund: list[Intent] = []
    for rows in by_return.values():
        create += [one for one in _authorisations(known, rows) if _is_free(known, past, one)]
        receive += [one for one in _receipt(rows) if _is_free(known, past, one)]
    if known.is_ours_to_refund:
        busy, doubtful = _lines_under_way(known), _lines_in_doubt(known, past)
        refund = [
            one
            for one in _refunds(known, [row for rows in by_return.values() for row in rows])
            if one.payload["order_line_id"] not in busy
            and one.payload["order_line_id"] not in doubtful
            and _is_free(known, past, one)
        ]
        refund = _with_shipping(known, past, refund, busy)
    withdraw = tuple(one for one in _withdrawals(known) if _is_free(known, past, one))
    return Decision(tuple(create), tuple(receive), tuple(refund), withdraw)


def _is_free(known: Known, past: Past, intent: Intent) -> bool:
    """Nothing of the kind is under way or done; what was refused for a reason waits for a person."""
    if is_freed(known.frees, intent.kind, intent.subject, intent.order_id):
        return past.is_free(intent.kind, intent.subject)
    return past.may_go(intent.kind, intent.subject, known.now)


def _authorisations(known: Known, rows: Sequence[Mapping[str, Any]]) -> list[Intent]:
    """One for each sales order the lines of a return were sold by."""
    first = rows[0]
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        sold_by = known.sales_lines.get(row["order_line_id"], ())
        if row["ret_nums"] or row["state"] not in ON_THE_WAY or not sold_by:
            continue
        sold = next((line for line in sold_by if line["shipped_quantity"] >= row["quantity"]), sold_by[0])
        groups[sold["ord_num"]].append(
            {
                "line_number": sold["line_number"], "order_line_id": row["order_line_id"],
                "sku_key": sold["sku_key"], "quantity": row["quantity"],
            }
        )  # fmt: skip
    return [
        Intent(
            "create_return",
            f"{first['return_id']}/{ord_num}",
            {
                "return_id": first["return_id"], "ord_num": ord_num, "tracking": first["tracking"],
                "reason_code": first["reason_code"], "lines": lines,
            },
            first["order_id"],
        )
        for ord_num, lines in sorted(groups.items())
    ]  # fmt: skip


def _receipt(rows: Sequence[Mapping[str, Any]]) -> list[Intent]:
    """John Lewis is told once the warehouse has counted all that comes of a return, if anything came."""
    first = rows[0]
    is_counted = all(row["is_closed"] for row in rows) and sum(row["received_quantity"] for row in rows) > 0
    if first["state"] != "IN_PROGRESS" or not is_counted:
        return []
    return [Intent("receive_return", first["return_id"], {"return_id": first["return_id"]}, first["order_id"])]


def _withdrawals(known: Known) -> list[Intent]:
    """Authorisations of returns that are over at John Lewis, where nothing has come of them."""
    return [
        Intent(
            "cancel_return", f"{row['return_id']}/{row['ret_num']}", {"ret_num": row["ret_num"]}, row["order_id"]
        )
        for row in known.withdrawn
        if not row["received_quantity"] and not row["is_before_start"]
    ]


def _refunds(known: Known, rows: Sequence[Mapping[str, Any]]) -> list[Intent]:
    """What BlueCherry has credited and nobody has refunded: one refund of a line, named by a return it is for."""
    paid = _paid_units(known)
    by_line: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_line[row["order_line_id"]].append(row)
    found = []
    for line_id, returns in by_line.items():
        line = known.lines.get(line_id)
        credited = [min(row["credited_quantity"], row["received_quantity"]) for row in returns]
        ours = sum(paid[row["return_id"], line_id] for row in returns)
        units = sum(credited) - max(ours, sum(row["refunded_quantity"] for row in returns))
        if line is None or units < 1:
            continue
        left = line["price_amount"] + line["shipping_amount"] - line["cancelled_amount"] - line["refunded_amount"]
        amount = to_pence(min(line["unit_price_amount"] * units, left))
        if amount <= 0:
            continue
        row = next(
            (row for row, count in zip(returns, credited, strict=True) if count > row["refunded_quantity"]),
            returns[-1],
        )
        payload = {
            "return_id": row["return_id"], "order_line_id": line_id, "quantity": units, "amount": str(amount),
            "shipping_amount": str(Decimal(0)), "reason_code": known.refund_reason,
            "currency": line["currency"], "before_amount": str(line["refunded_amount"]),
        }  # fmt: skip
        found.append(Intent("refund_line", _refund_of(row["return_id"], line), payload, row["order_id"]))
    return found


def _refund_of(return_id: str, line: Mapping[str, Any]) -> str:
    """A refund's subject: the sum before makes each of a line a refund of its own."""
    return f"{return_id}/{line['order_line_id']}/{to_pence(line['refunded_amount'])}"


def _paid_units(known: Known) -> Counter[tuple[str, str]]:
    """Units we have refunded, by return and order line, whatever John Lewis's refunds were counted for since."""
    paid: Counter[tuple[str, str]] = Counter()
    for intent in known.intents:
        if intent["intent_kind"] == "refund_line" and intent["state"] == "confirmed":
            what = json.loads(intent["payload"] or "{}")
            paid[str(what.get("return_id")), str(what.get("order_line_id"))] += what.get("quantity", 0)
    return paid


def _with_shipping(
    known: Known,
    past: Past,
    refunds: Sequence[Intent],
    busy: Collection[str],
) -> list[Intent]:
    """The refunds, with the shipping BlueCherry has credited on the lines that bore it."""
    found = {intent.payload["order_line_id"]: intent for intent in refunds}
    for order_id, credited in sorted(known.shipping.items()):
        lines = sorted(
            (line for line in known.lines.values() if line["order_id"] == order_id),
            key=lambda one: (one["line_number"], one["order_line_id"]),
        )
        if any(line["order_line_id"] in busy for line in lines) or _is_in_doubt(known, order_id):
            continue  # what is under way, or nobody is sure of, may be that very shipping
        of_return = next((row["return_id"] for row in known.returns if row["order_id"] == order_id), order_id)
        due = credited
        for line in lines:
            amount = to_pence(min(due, line["shipping_left_amount"]))
            if amount <= 0:
                continue
            due -= amount
            line_id = line["order_line_id"]
            if line_id in found:
                payload = {**found[line_id].payload, "shipping_amount": str(amount)}
                found[line_id] = replace(found[line_id], payload=payload)
                continue
            payload = {
                "return_id": of_return, "order_line_id": line_id, "quantity": 0, "amount": str(Decimal(0)),
                "shipping_amount": str(amount), "reason_code": known.refund_reason, "currency": line["currency"],
                "before_amount": str(line["refunded_amount"]),
            }  # fmt: skip
            intent = Intent("refund_line", f"{_refund_of(of_return, line)}/shipping", payload, order_id)
            if _is_free(known, past, intent):
                found[line_id] = intent
    return list(found.values())


def _is_in_doubt(known: Known, order_id: str) -> bool:
    """A refund of the order ended without anybody being sure, and no person has said that it is sent again."""
    return shipping_of(order_id) not in known.frees and any(
        last["order_id"] == order_id
        and last["state"] == "refused"
        and last["code"] not in NOTHING_HAPPENED
        and not is_freed(known.frees, "refund_line", last["subject"], order_id)
        for last in _last_refunds(known).values()
    )


def _lines_in_doubt(known: Known, past: Past) -> set[str]:
    """Lines whose last refund of goods was refused for a reason, or is doubtful, and that no person frees."""
    return {
        line_id
        for (line_id, is_shipping), last in _last_refunds(known).items()
        if not is_shipping
        and past.refusal("refund_line", last["subject"]) is not None
        and not is_freed(known.frees, "refund_line", last["subject"], last["order_id"])
    }


def _last_refunds(known: Known) -> dict[tuple[str, bool], Mapping[str, Any]]:
    """The last refund we meant of each line, goods and shipping alone apart."""
    found = {}
    for intent in sorted(known.intents, key=lambda one: (one["meant_at"] or one["happened_at"], one["seq"])):
        if intent["intent_kind"] == "refund_line":
            line_id = str(json.loads(intent["payload"] or "{}").get("order_line_id"))
            found[line_id, intent["subject"].endswith("/shipping")] = intent
    return found


def _lines_under_way(known: Known) -> set[str]:
    """Lines with a refund of ours that is not settled, or that John Lewis does not show yet."""
    busy = set()
    for intent in known.intents:
        if intent["intent_kind"] != "refund_line":
            continue
        payload = json.loads(intent["payload"] or "{}")
        line = known.lines.get(str(payload.get("order_line_id")))
        names = ("before_amount", "amount", "shipping_amount")
        shown_by = sum((Decimal(payload.get(name, "0")) for name in names), Decimal(0))
        is_shown = line is not None and line["refunded_amount"] >= shown_by
        if intent["state"] in {"recorded", "unclear"} or (intent["state"] == "confirmed" and not is_shown):
            busy.add(str(payload.get("order_line_id")))
    return busy
