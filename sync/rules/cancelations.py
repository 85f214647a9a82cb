"""What of a line is cancelled at John Lewis when a person asked for it: how many units, and for how much money.

Pure. An ask is carried out once, and means a sum: what was cancelled when it was asked, and its units; whatever
has been cancelled since, by anybody, counts. What was refused for a reason, or whose answer never came, waits for
another ask. The money is that of the units: with the last units of a line everything of it that is left, its
shipping too; else units times the unit's price, and the customer keeps paying the shipping of what still comes.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from store.money import to_pence
from sync.intents import NOT_SENT, Intent
from sync.rules.order_past import past_of
from sync.rules.retrying import TRANSIENT

KIND = "cancel_market_line"
UNSEEN = "unseen"  # no answer came and nothing of it shows: a person says whether it is sent again
GOES_AGAIN = frozenset({NOT_SENT, *TRANSIENT})  # codes of refusals after which it is tried again by itself
CANCELLABLE = {"WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING"}


@dataclass(frozen=True, slots=True)
class Amounts:
    """What the customer gets back, in the order's currency."""

    goods: Decimal
    shipping: Decimal


def amounts(line: Mapping[str, Any], quantity: int) -> Amounts:
    """The money of so many units of an order line (a row of `order_line_facts`) that are not sent."""
    shipping_back = line["cancelled_shipping_amount"] or Decimal(0)
    goods_left = line["price_amount"] - (line["cancelled_amount"] - shipping_back)
    if quantity >= line["quantity"] - line["cancelled_quantity"]:
        return Amounts(to_pence(goods_left), to_pence(line["shipping_amount"] - shipping_back))
    return Amounts(to_pence(min(line["unit_price_amount"] * quantity, goods_left)), Decimal(0))


def open_units(line: Mapping[str, Any]) -> int:
    """Units John Lewis still expects of a line: neither cancelled nor shipped."""
    if line["state"] in {"REFUSED", "CANCELED"} or line["order_state"] not in CANCELLABLE:
        return 0
    return max(int(line["quantity"] - line["cancelled_quantity"] - line["shipped_quantity"]), 0)


def decide(
    asks: Sequence[Mapping[str, Any]],
    lines: Mapping[str, Mapping[str, Any]],
    intents: Sequence[Mapping[str, Any]],
    now: datetime,
) -> tuple[Intent, ...]:
    """The cancelations to pass on now, oldest ask first; at most one of a line at a time.

    `asks` are rows of `cancelation_ask_facts`, those still meant, with the `answer` they come from and the
    `short_quantity` of the difference it answered, as it is now; `lines` by their id, rows of `order_line_facts`
    with `order_state` and `shipped_quantity`; `intents` rows of `intent_facts` of this kind.
    """
    by_ask: dict[str, Mapping[str, Any]] = {}
    past = past_of(intents)
    by_line: dict[str, list[tuple[Mapping[str, Any], dict[str, Any]]]] = defaultdict(list)
    for intent in sorted(intents, key=lambda one: (one["meant_at"] or one["happened_at"], one["seq"])):
        payload = json.loads(intent["payload"] or "{}")
        by_ask[str(payload.get("ask_id"))] = intent
        by_line[str(payload.get("order_line_id"))].append((intent, payload))
    found = []
    taken: set[str] = set()
    for ask in sorted(asks, key=lambda one: (one["happened_at"], str(one["ask_id"]))):
        line_id = ask["order_line_id"]
        line = lines.get(line_id)
        last = by_ask.get(str(ask["ask_id"]))
        is_free = last is None or (
            last["state"] == "refused"
            and last["code"] in GOES_AGAIN
            and past.is_free(KIND, last["subject"], at=now)
        )
        if line is None or not is_free or line_id in taken or _is_under_way(line, by_line[line_id]):
            continue
        quantity = _units(ask, line)
        if quantity < 1:
            continue  # overtaken: the customer cancelled it, it was put back, or it has left
        taken.add(line_id)
        money = amounts(line, quantity)
        before = int(line["cancelled_quantity"])
        payload = {
            "ask_id": str(ask["ask_id"]),
            "order_line_id": line_id,
            "quantity": quantity,
            "before_quantity": before,
            "amount": str(money.goods),
            "shipping_amount": str(money.shipping),
            "reason_code": ask["reason_code"],
        }
        found.append(Intent(KIND, f"{line_id}/{before}", payload, ask["order_id"]))
    return tuple(found)


def _units(ask: Mapping[str, Any], line: Mapping[str, Any]) -> int:
    """How many units are left of what was asked: open there, and for the rest to be sent alone, still short."""
    # asked before it was kept: as if nothing had been cancelled then, rather too few units than one too many
    before = ask["before_quantity"] or 0
    quantity: int = min(before + ask["quantity"] - int(line["cancelled_quantity"]), open_units(line))
    return min(quantity, int(ask["short_quantity"])) if ask["answer"] == "confirm_rest" else quantity


def _is_under_way(line: Mapping[str, Any], past: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> bool:
    """A cancelation of the line is not settled, or John Lewis has not shown it yet: its sum is not known."""
    for intent, payload in past:
        if intent["state"] in {"recorded", "unclear"}:
            return True
        shown_by = int(payload.get("before_quantity", 0)) + int(payload.get("quantity", 0))
        if intent["state"] == "confirmed" and line["cancelled_quantity"] < shown_by:
            return True
    return False
