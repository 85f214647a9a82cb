"""What each open order needs next: to be accepted, created, held, released, cancelled in part, or given its number.

Pure: reads nothing, calls nothing. A subject with an unclear intent gets no second one. What was refused for a
reason stays refused until a person releases the order; *not sent* and *absent* mean that nothing happened.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from store.events import MisfitPart, OrderHeld, OrderReleased
from sync.intents import Intent
from sync.rules.addresses import Misfit
from sync.rules.likeness import described, spelt_as
from sync.rules.mappings import Goods, Place
from sync.rules.order_known import Known
from sync.rules.order_past import OTHER_CONTENT, Groups, Past, past_of
from sync.rules.order_upkeep import cancelations, references
from sync.rules.order_waits import Wait, failed_before, rests_with_all

CANCEL_AFTER = timedelta(days=14)  # past the dispatch deadline the ERP may give the units free


@dataclass(frozen=True, slots=True)
class Decision:
    """Each order's next step."""

    accept: tuple[Intent, ...] = ()
    create: tuple[Intent, ...] = ()
    take_over: tuple[Intent, ...] = ()
    cancel: tuple[Intent, ...] = ()
    reference: tuple[Intent, ...] = ()
    holds: tuple[OrderHeld, ...] = ()
    releases: tuple[OrderReleased, ...] = ()
    is_trial: bool = False  # BlueCherry took none before: the first is sent alone, the others once it is taken


@dataclass(slots=True)
class _Plan:
    accept: list[Intent] = field(default_factory=list)
    create: list[Intent] = field(default_factory=list)
    take_over: list[Intent] = field(default_factory=list)
    holds: list[OrderHeld] = field(default_factory=list)
    releases: list[OrderReleased] = field(default_factory=list)
    waits: dict[str, Wait] = field(default_factory=dict)  # by order


class _Held(Exception):
    def __init__(self, reason: str, cause: str, detail: str, misfits: Sequence[Misfit] = ()) -> None:
        super().__init__(detail)
        self.reason, self.cause, self.detail, self.misfits = reason, cause, detail, misfits


def decide(known: Known) -> Decision:
    """Every open order's next step; a bad order is held and the others go on."""
    plan = _Plan()
    orders: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in known.lines:
        orders[line["order_id"]].append(line)
    past = past_of(known.intents)
    for order_id, lines in sorted(orders.items(), key=lambda item: (item[1][0]["placed_at"], item[0])):
        try:
            _next_step(known, past, order_id, sorted(lines, key=lambda row: row["line_number"]), plan)
        except _Held as held:
            _hold(known, order_id, held, plan)
        else:
            _release(known, order_id, plan)
    for order_id in sorted(set(known.holds) - set(orders)):
        _release(known, order_id, plan)
    return Decision(
        accept=tuple(plan.accept),
        # what failed more often goes last: a few that always fail never delay the rest
        create=tuple(sorted(plan.create, key=lambda one: past.failures(one.kind, one.subject))),
        take_over=tuple(plan.take_over),
        cancel=cancelations(known, past),
        reference=references(known, past),
        holds=tuple(plan.holds),
        releases=tuple(plan.releases),
        is_trial=known.rest is not None,
    )


def sku_trouble(
    offer_sku: str, skus: Mapping[str, Mapping[str, Any]], near: Mapping[str, Sequence[str]]
) -> tuple[str, str]:
    """Why this SKU cannot be sold: the kind and the words; empty: it can. Byte for byte or not at all."""
    if offer_sku in skus:
        is_active = skus[offer_sku]["is_active"]
        return ("", "") if is_active else ("inactive_sku", f"`{offer_sku}` is not active in BlueCherry.")
    candidates = near.get(offer_sku, ())
    kind = "misspelt_sku" if spelt_as(offer_sku, candidates) else "unknown_sku"
    return kind, f"`{offer_sku}`: {described(offer_sku, candidates)}."


def other_content(ord_nums: str, order_id: str) -> str:
    """What is said of a sales order that has an order's number and not what was sold."""
    return f"BlueCherry has {ord_nums} with the number {order_id}, and not the lines John Lewis sold."


def _next_step(known: Known, past: Past, order_id: str, lines: Sequence[Mapping[str, Any]], plan: _Plan) -> None:
    first = lines[0]
    kept = [line for line in lines if line["order_line_id"] not in known.refused_lines]
    _check_skus(known, kept)
    if first["state"] == "WAITING_ACCEPTANCE":
        _check_refusal(known, past, order_id, "accept_refused", kind="accept_order", subject=order_id)
        if known.accepts and order_id in known.refusing:
            return  # somebody said so, and the refusal is on its way
        if known.accepts and past.is_free_again("accept_order", order_id, known.holds.get(order_id), known.now):
            _check_placing(known, kept)
            _check_stock(known, order_id)
            gone = [line["order_line_id"] for line in lines if line["order_line_id"] in known.refused_lines]
            payload = {"order_line_ids": [line["order_line_id"] for line in kept], "refused_line_ids": gone}
            plan.accept.append(Intent("accept_order", order_id, payload, order_id))
        return
    groups = _groups(known, lines)
    ship_via = _ship_via(known, first)
    _check_address(known, order_id)
    if carriers := past.elsewhere(order_id, groups):
        for carrier in carriers:
            if failed := failed_before(past, carrier["subject"]):
                raise _Held("refused_by_erp", failed.cause, failed.detail)
        return  # sent under another mapping, and not seen yet: its lines may be there
    if order_id in known.other_content:
        if first["is_before_start"]:
            return  # the integration before us kept no line ids: it is there
        # typed by hand, or by somebody else's program
        raise _Held("duplicate_po", order_id, other_content(known.other_content[order_id], order_id))
    _plan_creations(known, past, groups, ship_via, plan)


def _plan_creations(known: Known, past: Past, groups: Groups, ship_via: str, plan: _Plan) -> None:
    """A sales order for each division and warehouse of an order that may go."""
    first = next(iter(groups.values()))[0]
    order_id = first["order_id"]
    left_out: dict[str, list[Mapping[str, Any]]] = {}
    for position, ((division, warehouse), members) in enumerate(sorted(groups.items())):
        subject = f"{order_id}/{division}/{warehouse}"
        _check_refusal(known, past, order_id, "refused_by_erp", kind="create_sales_order", subject=subject)
        is_free, failed = past.is_free("create_sales_order", subject), failed_before(past, subject)
        if failed and not is_free:
            plan.waits[order_id] = failed
        unsent = [line for line in members if line["order_line_id"] not in past.carried]
        if not unsent:
            continue
        if not is_free:
            if not past.last["create_sales_order", subject]["is_pending"]:
                left_out[subject] = unsent
            continue
        if _is_paused(known, past, order_id, subject, plan):
            continue
        bears_shipping = position == 0 and not _shipping_is_charged(past, order_id, subject)
        payload = _payload(known, unsent, division, warehouse, ship_via, bears_shipping=bears_shipping)
        is_sure = _is_nowhere(known, past, subject, unsent)
        payload |= {} if is_sure else {"is_sent": False}
        intent = Intent("create_sales_order", subject, payload, order_id)
        (plan.create if is_sure else plan.take_over).append(intent)
    if order_id in plan.waits:
        raise _Held("refused_by_erp", plan.waits[order_id].cause, plan.waits[order_id].detail)
    for subject, lines in left_out.items():
        raise _left_out(past, subject, lines)


def _is_nowhere(known: Known, past: Past, subject: str, lines: Sequence[Mapping[str, Any]]) -> bool:
    """Nobody but us can have created it: it came after our start, or was looked for and surely absent since.

    Who took a line out of the sales order of another order may have keyed it in under its own number.
    """
    taken_out = [known.taken_out[one] for line in lines if (one := line["order_line_id"]) in known.taken_out]
    trust_from = max([known.trust_from, *taken_out])
    return bool(lines[0]["placed_at"] >= trust_from) or past.was_absent_since(subject, trust_from)


def _left_out(past: Past, subject: str, lines: Sequence[Mapping[str, Any]]) -> "_Held":
    """A mapping came to name, for lines not sent yet, where a sales order of theirs already went without them."""
    number = past.last["create_sales_order", subject]["reference"]
    names = ", ".join(str(line["sku"]) for line in lines)
    words = (
        f"The sales order of {subject} ({number}) was sent without {names}. Put the mapping back, so that they get"
        " one of their own, or cancel them at John Lewis."
    )
    return _Held("missing_in_erp", "left out of its sales order", words)


def _is_paused(known: Known, past: Past, order_id: str, subject: str, plan: _Plan) -> bool:
    """Whether what could be sent waits, for its own failure or with all others; a person's word ends either."""
    waits = [
        one
        for one in (failed_before(past, subject), rests_with_all(known, past, order_id, subject))
        if one is not None and not past.is_freed(known.holds.get(order_id), one.failed)
    ]
    for one in waits:
        if one.is_told:
            plan.waits.setdefault(order_id, one)
    return any(one.until_at > known.now for one in waits)


def _check_stock(known: Known, order_id: str) -> None:
    verdict = known.verdicts.get(order_id)
    if verdict is None:
        return
    if verdict.is_stale:
        raise _Held("stale_stock", "", verdict.words)
    raise _Held("not_fulfilable", verdict.sku, verdict.words)


def _check_skus(known: Known, lines: Sequence[Mapping[str, Any]]) -> None:
    for line in lines:
        kind, words = sku_trouble(line["sku"], known.skus, known.near_skus)
        if kind:
            raise _Held(kind, line["sku"], words)


def _groups(known: Known, lines: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    """The lines by (division, warehouse): BlueCherry keeps both on the sales order."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for line in lines:
        groups[_placing(known, line)].append(line)
    return groups


def _placing(known: Known, line: Mapping[str, Any]) -> tuple[str, str]:
    """The division and warehouse a line is placed on."""
    goods, place = _goods_and_place(known, line)
    division = known.mappings.division(goods, place) or goods.division
    if not division:
        raise _Held(
            "missing_division",
            line["sku"],
            f"`{line['sku']}` has no division in BlueCherry; give it one there, or set the mapping.",
        )
    warehouse = known.mappings.warehouse(replace(goods, division=division), place)
    if warehouse is None:
        raise _Held("missing_warehouse", division, f"Division {division!r} has no warehouse; set the mapping.")
    return division, warehouse


def _check_placing(known: Known, lines: Sequence[Mapping[str, Any]]) -> None:
    """What could not be sent to BlueCherry is not accepted; the address, which may decide, comes after that."""
    for line in lines:
        if not known.mappings.awaits_country(*_goods_and_place(known, line)):
            _placing(known, line)
    _ship_via(known, lines[0])


def _ship_via(known: Known, line: Mapping[str, Any]) -> str:
    found = known.ship_vias.get(line["order_id"]) or known.mappings.ship_via(line["shipping_type"])
    if found is None:
        raise _Held(
            "unknown_ship_via",
            line["shipping_type"],
            f"Shipping type {line['shipping_type']!r} has no BlueCherry ship-via; set the mapping.",
        )
    return found


def _goods_and_place(known: Known, line: Mapping[str, Any]) -> tuple[Goods, Place]:
    sku = known.skus[line["sku"]]
    return (
        Goods(sku["division"], sku["style"], line["sku"]),
        Place(known.countries.get(line["order_id"], ""), line["shipping_zone"]),
    )


def _check_address(known: Known, order_id: str) -> None:
    if not known.has_address.get(order_id):
        raise _Held("no_address", order_id, "John Lewis shows no delivery address yet.")
    wrong = known.misfits.get(order_id, ())
    if wrong:
        reason = "address_too_long" if any(one.fits for one in wrong) else "address_incomplete"
        cause = ", ".join(dict.fromkeys(one.name for one in wrong))
        words = "; ".join(one.words for one in wrong)
        raise _Held(reason, cause, f"{words[:1].upper()}{words[1:]}. Nothing is cut.", wrong)


def _check_refusal(known: Known, past: Past, order_id: str, reason: str, *, kind: str, subject: str) -> None:
    refusal = past.refusal(kind, subject)
    if refusal is None:
        return
    if not past.is_freed(known.holds.get(order_id), refusal):
        if refusal["code"] in OTHER_CONTENT:
            raise _Held("duplicate_po", order_id, refusal["message"])
        raise _Held(reason, refusal["code"], refusal["message"])


def _payload(
    known: Known, lines: Sequence[Mapping[str, Any]], division: str, warehouse: str, ship_via: str,
    *, bears_shipping: bool,
) -> dict[str, Any]:  # fmt: skip
    first = lines[0]
    order_id = first["order_id"]
    cancels_on = (first["shipping_deadline_at"] or known.now) + CANCEL_AFTER
    return {
        "commercial_id": first["commercial_id"],
        "division": division,
        "warehouse": warehouse,
        "customer": known.customer,
        "ship_via": ship_via,
        "ship_via_rule": "" if order_id in known.ship_vias else first["shipping_type"],
        "currency": first["currency"],
        "starts_on": first["placed_at"].isoformat(),
        "cancels_on": cancels_on.isoformat(),
        "shipping_amount": str(first["shipping_amount"] if bears_shipping else Decimal(0)),
        "lines": [
            {
                "line_number": number,
                "order_line_id": line["order_line_id"],
                "sku_key": known.skus[line["sku"]]["sku_key"],
                "upc": known.skus[line["sku"]]["upc"],
                "quantity": line["quantity"] - line["cancelled_quantity"],
                "unit_price": str(line["unit_price_amount"]),
                **_rules_of(known, line, division),
            }
            for number, line in enumerate(lines, start=1)
        ],
    }


def _rules_of(known: Known, line: Mapping[str, Any], division: str) -> dict[str, str]:
    """The rules that chose its division and warehouse: who uses a mapping is what it decided."""
    goods, place = _goods_and_place(known, line)
    return {
        "division_rule": known.mappings.rule("division", goods, place),
        "warehouse_rule": known.mappings.rule("warehouse", replace(goods, division=division), place),
    }


def _hold(known: Known, order_id: str, held: _Held, plan: _Plan) -> None:
    now = known.holds.get(order_id)
    if now is None or (now["reason"], now["cause"], now["detail"]) != (held.reason, held.cause, held.detail):
        plan.holds.append(
            OrderHeld(
                happened_at=known.now,
                order_id=order_id,
                reason=held.reason,
                cause=held.cause,
                detail=held.detail,
                misfits=tuple(MisfitPart(**asdict(one)) for one in held.misfits),
            )
        )


def _release(known: Known, order_id: str, plan: _Plan) -> None:
    now = known.holds.get(order_id)
    if now is not None and now["reason"] is not None:
        # what was refused stays so until a person says otherwise
        plan.releases.append(OrderReleased(happened_at=known.now, order_id=order_id, frees=()))


def _shipping_is_charged(past: Past, order_id: str, subject: str) -> bool:
    """Another sales order of this basket went before and bore the shipping charge."""
    return any(
        kind == "create_sales_order" and other.startswith(f"{order_id}/") and other != subject
        for (kind, other), last in past.last.items()
        if last["state"] in {"confirmed", "recorded", "unclear"}
    )
