"""Which parcels can be confirmed to the marketplace, and what holds the others.

Laws: only what BlueCherry shipped is confirmed, and never more units than are open; a carrier is one the mapping
names and the marketplace lists, there is no fallback; a parcel that may have been confirmed is not planned again.
Where the marketplace takes no parcels (multi-shipment off) an order is confirmed whole or not at all.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from store.events import ShipmentHeld
from sync.intents import Intent
from sync.rules.mappings import Mappings
from sync.rules.order_past import NOTHING_HAPPENED, Past, past_of

KIND = "confirm_shipment"
UNSEEN = "unseen"  # no answer came, and whether it is there cannot be read: a person says whether it goes again
INCOMPLETE = "incomplete"  # a part waits for the rest: no trouble
SUBSTITUTED = "substituted"  # shown as a difference of its sales order


@dataclass(frozen=True, slots=True)
class Known:
    """What the facts say; parcels are those of orders still to be confirmed, and voided ones."""

    parcels: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]]
    intents: Sequence[Mapping[str, Any]]  # every confirm_shipment of these orders
    holds: Mapping[str, Mapping[str, Any]]  # by shipment, those in force
    mappings: Mappings
    carriers: Mapping[str, str]  # the marketplace's codes and their names
    untracked_types: frozenset[str]  # shipping types that do not demand tracking
    multi_shipment: bool
    now: datetime
    retry: frozenset[str] = frozenset()  # orders and shipments a person wants tried again
    substituted: Mapping[str, str] = field(
        default_factory=dict
    )  # lines with another SKU nobody accepted, and which


@dataclass(frozen=True, slots=True)
class Decision:
    """What to confirm, most urgent first, and which holds begin or end."""

    confirm: tuple[Intent, ...] = ()
    holds: tuple[ShipmentHeld, ...] = ()


class _Held(Exception):
    def __init__(self, reason: str, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.cause, self.detail = reason, cause, detail


@dataclass(slots=True)
class _Order:
    """One order's parcels and what is already told of its lines."""

    known: Known
    order_id: str
    parcels: list[Mapping[str, Any]]
    open_units: Counter[str]
    told: set[str]  # subjects confirmed, or perhaps confirmed
    confirmed: set[str]
    past: Past
    refusals: Mapping[str, list[Mapping[str, Any]]]  # by subject, those no later try has lifted
    problems: dict[str, _Held] = field(default_factory=dict)


def decide(known: Known) -> Decision:
    """The next step of every parcel."""
    intents: list[Intent] = []
    problems: dict[str, tuple[str, _Held]] = {}
    for order in _orders(known):
        intents += _parcels(order) if known.multi_shipment else _whole(order)
        for ship_id, held in order.problems.items():
            problems[ship_id] = (order.order_id, held)
    return Decision(tuple(intents), tuple(_holds(known, problems)))


def subject_of(parcel: Mapping[str, Any]) -> str:
    """What names a parcel among our intents."""
    return f"{parcel['ship_id']}/{parcel['carton']}"


def reference_of(parcel: Mapping[str, Any]) -> str:
    """What names a parcel at the marketplace, in the letters it allows."""
    return re.sub(r"[^0-9a-zA-Z_-]", "-", f"{parcel['ship_id']}-{parcel['carton']}")


def rounds(intents: Sequence[Intent]) -> Iterator[list[Intent]]:
    """Lots in which every order is named once, so that a refusal named by its order is not misread."""
    left = list(intents)
    while left:
        seen: set[str] = set()
        lot: list[Intent] = []
        later: list[Intent] = []
        for intent in left:
            (later if intent.order_id in seen else lot).append(intent)
            seen.add(intent.order_id)
        yield lot
        left = later


def _orders(known: Known) -> Iterator[_Order]:
    open_units: dict[str, Counter[str]] = defaultdict(Counter)
    for line in known.lines:
        open_units[line["order_id"]][line["order_line_id"]] = line["quantity"] - line["cancelled_quantity"]
    memory = past_of(known.intents)
    past: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for intent in sorted(known.intents, key=lambda one: one["happened_at"]):
        past[intent["order_id"]].append(intent)
    for order_id, parcels in groupby(known.parcels, key=lambda parcel: str(parcel["order_id"])):
        refusals: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        order = _Order(known, order_id, list(parcels), open_units[order_id], set(), set(), memory, refusals)
        for intent in past[order_id]:
            subject, payload = intent["subject"], json.loads(intent["payload"] or "{}")
            # what stood against it was lifted by a person, or it had not been tried
            refusals[subject] = [one for one in refusals[subject] if not _stands_against(one, payload)]
            if intent["state"] == "refused":
                if intent["code"] not in NOTHING_HAPPENED:
                    refusals[subject].append(intent)
                continue
            if intent["state"] == "confirmed":
                order.confirmed.add(subject)
            if subject not in order.told:
                order.told.add(subject)
                order.open_units.subtract(payload.get("quantities", {}))
        yield order


def _parcels(order: _Order) -> Iterator[Intent]:
    """Each parcel by itself."""
    for parcel in order.parcels:
        subject = subject_of(parcel)
        try:
            if parcel["is_voided"]:
                _check_void(order, parcel, subject)
                continue
            if subject in order.told:
                continue
            quantities = _quantities(order, parcel)
            payload = _payload(order.known, parcel, quantities)
            order.open_units.subtract(quantities)
            if _may_try(order, parcel, subject, payload):
                yield Intent(KIND, subject, payload, order.order_id)
        except _Held as held:
            order.problems.setdefault(parcel["ship_id"], held)


def _whole(order: _Order) -> Iterator[Intent]:
    """The order at once, when every open unit of it has left."""
    left = [parcel for parcel in order.parcels if not parcel["is_voided"]]
    if not left or order.told:
        for parcel in order.parcels:
            _note_void(order, parcel)
        return
    wanted = +order.open_units
    shipped: Counter[str] = Counter()
    try:
        for parcel in left:
            quantities = _quantities(order, parcel)
            _payload(order.known, parcel, quantities)  # every parcel of it must be fit to be told
            order.open_units.subtract(quantities)
            shipped.update(quantities)
    except _Held as held:
        order.problems[parcel["ship_id"]] = held
        return
    if shipped != wanted:
        missing = sum((wanted - shipped).values())
        for parcel in left:
            order.problems[parcel["ship_id"]] = _Held(
                INCOMPLETE, order.order_id, f"{missing} units are still to be sent; the order is confirmed whole."
            )
        return
    first = left[0]
    payload = _payload(order.known, first, dict(shipped))
    payload |= {"is_whole": True, "parcels": [subject_of(parcel) for parcel in left]}
    try:
        if _may_try(order, first, subject_of(first), payload):
            yield Intent(KIND, subject_of(first), payload, order.order_id)
    except _Held as held:
        order.problems[first["ship_id"]] = held


def _check_void(order: _Order, parcel: Mapping[str, Any], subject: str) -> None:
    if subject in order.confirmed:
        raise _Held("voided", parcel["ship_id"], "John Lewis was told of it before BlueCherry voided it.")


def _note_void(order: _Order, parcel: Mapping[str, Any]) -> None:
    if parcel["is_voided"]:
        try:
            _check_void(order, parcel, subject_of(parcel))
        except _Held as held:
            order.problems[parcel["ship_id"]] = held


def _quantities(order: _Order, parcel: Mapping[str, Any]) -> dict[str, int]:
    """Units by marketplace line.

    Raises:
        _Held: a line is not the order's, carries another SKU, or more was shipped than is open.

    """
    inside: dict[str, int] = {line: int(units) for line, units in json.loads(parcel["quantities"] or "{}").items()}
    if not inside:
        raise _Held("unknown_line", "nothing inside", f"Parcel {parcel['carton']} lists nothing.")
    for line_id, units in inside.items():
        if line_id not in order.open_units:
            what = line_id or "a line added by hand"
            raise _Held("unknown_line", what, f"Parcel {parcel['carton']} carries {what}, which the order has not.")
        if line_id in order.known.substituted:
            other = order.known.substituted[line_id]
            detail = f"Parcel {parcel['carton']} carries {other} for {line_id}; a person has to answer that first."
            raise _Held(SUBSTITUTED, line_id, detail)
        left = max(order.open_units[line_id], 0)
        if units > left:
            detail = f"Parcel {parcel['carton']} carries {units} of {line_id}; {left} are open."
            raise _Held("over_shipped", line_id, detail)
    return inside


def _payload(known: Known, parcel: Mapping[str, Any], quantities: Mapping[str, int]) -> dict[str, Any]:
    """What is told of a parcel.

    Raises:
        _Held: the tracking number or the carrier is missing.

    """
    carrier, ship_via = "", parcel["ship_via"]
    if parcel["tracking"]:
        carrier = known.mappings.carrier(ship_via) or ""
        if not carrier:
            raise _Held("unmapped_carrier", ship_via, f"Ship-via {ship_via} has no carrier at the marketplace.")
        if carrier not in known.carriers:
            raise _Held(
                "unmapped_carrier", ship_via, f"Ship-via {ship_via} is mapped to {carrier}, which is not listed."
            )
    elif parcel["shipping_type"] not in known.untracked_types:
        raise _Held(
            "missing_tracking",
            ship_via,
            f"Parcel {parcel['carton']} has no tracking number; {parcel['shipping_type']} demands one.",
        )
    return {
        "quantities": dict(quantities),
        "tracking": parcel["tracking"],
        "carrier": carrier,
        "reference": reference_of(parcel),
    }


def _may_try(order: _Order, parcel: Mapping[str, Any], subject: str, payload: Mapping[str, Any]) -> bool:
    """Whether to send it now; what John Lewis refused only when it changed or a person asks, for it does not pass.

    Its hold stays until then.
    """
    refused = [one for one in order.refusals.get(subject, ()) if _stands_against(one, payload)]
    if refused:
        words = refused[-1]["message"] or refused[-1]["code"]
        cause = "no answer came" if refused[-1]["code"] == UNSEEN else words[:120]
        order.problems.setdefault(parcel["ship_id"], _Held("refused_by_marketplace", cause, words))
    is_asked = not order.known.retry.isdisjoint((order.order_id, parcel["ship_id"]))
    return is_asked or (not refused and order.past.is_free(KIND, subject, at=order.known.now))


def _stands_against(refusal: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether a refusal keeps a parcel from being told so: it said no to the same, or it may be there already."""
    return bool(refusal["code"] == UNSEEN or json.loads(refusal["payload"] or "{}") == payload)


def _holds(known: Known, problems: Mapping[str, tuple[str, _Held]]) -> Iterator[ShipmentHeld]:
    """Holds that begin or change, then those that end."""
    for ship_id, (order_id, held) in problems.items():
        now = known.holds.get(ship_id)
        if now is None or (now["reason"], now["cause"], now["detail"]) != (held.reason, held.cause, held.detail):
            yield ShipmentHeld(
                happened_at=known.now, ship_id=ship_id, order_id=order_id,
                reason=held.reason, cause=held.cause, detail=held.detail,
            )  # fmt: skip
    for ship_id, now in known.holds.items():
        if ship_id not in problems:
            yield ShipmentHeld(
                happened_at=known.now, ship_id=ship_id, order_id=now["order_id"], reason="", cause="", detail=""
            )
