"""Tells what happened to an order in plain sentences, one for each kind of moment in its time line.

Law: it says only what the moment's own words say; a kind it does not know is shown by its name.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dashboard.format import count, humanised, money, state

Body = Mapping[str, Any]

_INTENTS = {
    "accept_order": "accept the order at John Lewis",
    "create_sales_order": "create the sales order in BlueCherry",
    "refuse_order": "refuse the order at John Lewis",
    "cancel_sales_line": "cancel the customer's units in BlueCherry",
    "cancel_market_line": "cancel units at John Lewis",
    "write_reference": "write our order number back to John Lewis",
    "create_return": "authorise the return in BlueCherry",
    "answer_return": "answer the return at John Lewis",
    "report_return": "tell John Lewis what came back and how",
    "cancel_return": "withdraw the return in BlueCherry",
    "receive_return": "tell John Lewis that the goods came back",
    "refund_line": "refund the customer at John Lewis",
    "push_stock": "send stock quantities to John Lewis",
    "confirm_shipment": "confirm the shipment to John Lewis",
}
_ANSWERS = {
    "cancel_line": "the line is cancelled at John Lewis",
    "confirm_rest": "what is missing is cancelled at John Lewis, the rest is sent",
    "revert": "it is put back in BlueCherry",
    "accept": "it stays as it is",
}
_HANDLED = {
    "assign": "Given away", "snooze": "Put off", "note": "Noted", "accept": "Accepted as it is",
}  # fmt: skip
_LEDGER = {
    "ORDER_AMOUNT": "Sale booked",
    "ORDER_SHIPPING_AMOUNT": "Shipping booked",
    "COMMISSION_FEE": "Commission charged",
    "COMMISSION_VAT": "VAT on commission charged",
    "REFUND_ORDER_AMOUNT": "Refund booked",
    "REFUND_ORDER_SHIPPING_AMOUNT": "Shipping refunded",
    "REFUND_COMMISSION_FEE": "Commission given back",
    "REFUND_COMMISSION_VAT": "VAT on commission given back",
    "SELLER_PENALTY_FEE": "Penalty charged",
}


def _amount(body: Body, name: str) -> str:
    try:
        return money(Decimal(str(body.get(name))), str(body.get("currency") or "GBP"))
    except InvalidOperation:
        return ""


def _shown(body: Body) -> str:
    units = count(body.get("unit_count"), "unit")
    return f"{state(body.get('state')).words}: {units}, {_amount(body, 'total_amount')}"


def _sales_order(body: Body) -> str:
    lines = body.get("lines") or ()
    shipped = sum(int(line.get("shipped_quantity") or 0) for line in lines)
    ordered = sum(int(line.get("ordered_quantity") or 0) for line in lines)
    return (
        f"BlueCherry shows sales order {body.get('ord_num')} at {body.get('warehouse')}: "
        f"{humanised(str(body.get('status') or body.get('raw_status'))).lower()}, {shipped} of {ordered} shipped"
    )


def _units(body: Body, name: str) -> int:
    return sum(int(line.get(name) or 0) for line in body.get("lines") or ())


def _shipment(body: Body) -> str:
    cartons = body.get("cartons") or ()
    tracking = ", ".join(str(one.get("tracking") or "no tracking") for one in cartons)
    word = "voided" if body.get("is_voided") else "posted"
    return f"BlueCherry {word} shipment {body.get('ship_id')} by {body.get('ship_via')}: {tracking}"


def _intent(body: Body) -> str:
    kind = str(body.get("intent_kind"))
    return _INTENTS.get(kind, humanised(kind).lower())


def _because(body: Body) -> str:
    why = body.get("message") or body.get("code") or ""
    return f": {why}" if why else ""


def _said(body: Body) -> str:
    words = body.get("note") or body.get("owner") or ""
    return f". {words}" if words else ""


def _fields(body: Body) -> str:
    names = (str(one.get("field")).replace(".", " ").replace("_", " ") for one in body.get("fields") or ())
    return ", ".join(names)


def _decision(body: Body) -> str:
    if body.get("decision") != "accept":
        return "refuse it"
    refused = body.get("refused_lines")
    return (
        f"accept it without {', '.join(refused)}" if isinstance(refused, list | tuple) and refused else "accept it"
    )


def _called(body: Body) -> str:
    what = f"{body.get('method')} {body.get('resource')}"
    told = {
        "nothing": f"Looked for it: nothing found ({what})",
        "same": f"Read it by name: nothing new ({what})",
        "done": f"Called {what}",
        "no_answer": f"Called {what}: no answer came",
        "refused": f"Called {what}: refused with {body.get('status')}",
        "unreadable": f"Read it by name: the answer could not be read ({what})",
    }.get(str(body.get("found")), f"Called {what}")
    times = int(body.get("count") or 1)
    return f"{told}, {count(times, 'time')}" if times > 1 else told


def _payout(body: Body) -> str:
    done = "Paid out" if body.get("paid_at") else f"In a payout that is {state(body.get('state')).words.lower()}"
    name = body.get("voucher") or body.get("cycle_id")
    return f"{done}: {_amount(body, 'order_amount')} of this order in {name}, {_amount(body, 'amount')} in all"


_SENTENCES: dict[str, Callable[[Body], str]] = {
    "order.placed": lambda body: f"First seen at John Lewis. {_shown(body)}",
    "order.changed": lambda body: f"John Lewis shows it changed. {_shown(body)}",
    "order.held": lambda body: (
        f"Held: {humanised(str(body.get('reason'))).lower()} ({body.get('cause')}). {body.get('detail') or ''}"
    ),
    "order.released": lambda _: "Released: it goes on",
    "order.edited": lambda body: f"Edited by hand ({_fields(body)}): {body.get('why')}",
    "sales_order.read": _sales_order,
    "acceptance.decided": lambda body: (
        f"Decided: {_decision(body)}. "
        f"{body.get('why') or ''}"
    ),
    "return.decided": lambda body: (
        f"Decided of return {body.get('return_id')}: {humanised(str(body.get('decision'))).lower()}. "
        f"{body.get('why') or ''}"
    ),
    "drift.answered": lambda body: (
        f"Answered ({humanised(str(body.get('drift_class'))).lower()}): "
        f"{_ANSWERS.get(str(body.get('answer')), str(body.get('answer')))}. {body.get('why') or ''}"
    ),
    "cancelation.asked": lambda body: (
        f"To be cancelled at John Lewis: {count(body.get('quantity'), 'unit')} of {body.get('order_line_id')}. "
        f"{body.get('why') or ''}"
    ),
    "return.seen": lambda body: (
        f"John Lewis shows return {body.get('rma') or body.get('return_id')}: "
        f"{humanised(str(body.get('state')).lower()).lower()}, {count(_units(body, 'quantity'), 'unit')}"
    ),
    "return.read": lambda body: (
        f"BlueCherry shows return {body.get('ret_num')}: {_units(body, 'received_quantity')} of "
        f"{count(_units(body, 'quantity'), 'unit')} received"
    ),
    "credit_memo.read": lambda body: (
        f"BlueCherry credited it: {body.get('memo_number')}, {_amount(body, 'total_amount')}"
    ),
    "shipment.posted": _shipment,
    "shipment.held": lambda body: (
        f"Shipment held: {humanised(str(body.get('reason'))).lower()} ({body.get('cause')})"
        if body.get("reason")
        else "Shipment released: it goes on"
    ),
    "invoice.read": lambda body: (
        f"BlueCherry invoiced it: {body.get('invoice_number')}, {_amount(body, 'total_amount')}"
    ),
    "intent.recorded": lambda body: f"About to {_intent(body)}",
    "intent.confirmed": lambda body: (
        f"Done: {_intent(body)}" + (f" ({body['reference']})" if body.get("reference") else "")
    ),
    "intent.refused": lambda body: f"Refused: {_intent(body)}{_because(body)}",
    "intent.unclear": lambda body: f"No clear answer: {_intent(body)}{_because(body)}",
    "exception.opened": lambda body: f"Needs a person: {humanised(str(body.get('exception_kind'))).lower()}",
    "exception.changed": lambda body: f"Still wrong: {humanised(str(body.get('exception_kind'))).lower()}",
    "exception.closed": lambda body: f"No longer wrong: {humanised(str(body.get('exception_kind'))).lower()}",
    "creation.missed": lambda body: (
        f"BlueCherry shows neither {body.get('reference')} nor anything under the order's number"
    ),
    "absence.said": lambda body: (
        f"Said to be surely absent: {_INTENTS.get(str(body.get('intent_kind')), '')}. {body.get('why') or ''}"
    ),
    "exception.handled": lambda body: (
        f"{_HANDLED.get(str(body.get('action')), humanised(str(body.get('action'))))}: "
        f"{humanised(str(body.get('exception_kind') or 'exception')).lower()}{_said(body)}"
    ),
    "call.made": _called,
    "payout.seen": _payout,
    "ledger.booked": lambda body: (
        f"{_LEDGER.get(str(body.get('type')), humanised(str(body.get('type')).lower()))}: "
        f"{_amount(body, 'amount')}, "
        f"{state(body.get('payment_state')).words.lower()}"
    ),
}  # fmt: skip

_OF_BLUECHERRY = frozenset({"sales_order", "shipment", "invoice", "credit_memo"})
_ICONS = {
    "order": ":material/shopping_bag:", "sales_order": ":material/inventory_2:",
    "shipment": ":material/local_shipping:",
    "intent": ":material/send:", "exception": ":material/error:", "ledger": ":material/payments:",
    "invoice": ":material/receipt_long:", "return": ":material/assignment_return:",
    "credit_memo": ":material/receipt_long:", "drift": ":material/compare_arrows:",
    "cancelation": ":material/remove_shopping_cart:", "call": ":material/search:",
    "payout": ":material/account_balance:",
}  # fmt: skip


def sentence(kind: str, body: Body) -> str:
    """What happened, for a person."""
    tell = _SENTENCES.get(kind)
    return tell(body).strip() if tell else humanised(kind)


def icon(kind: str) -> str:
    """The sign of a kind of moment."""
    if kind in {"order.held", "shipment.held", "intent.refused", "intent.unclear"}:
        return ":material/warning:"
    return _ICONS.get(kind.partition(".")[0], ":material/circle:")


def source(kind: str, actor: str) -> str:
    """Who says so."""
    room = kind.partition(".")[0]
    if kind == "return.read" or (room in _OF_BLUECHERRY and kind != "shipment.held"):
        return "BlueCherry"
    if kind in {"order.placed", "order.changed", "return.seen"} or room in {"ledger", "payout"}:
        return "John Lewis"
    if kind == "call.made":
        return "BlueCherry" if actor == "erp" else "John Lewis"
    return "Cherrylane" if actor == "worker" else actor
