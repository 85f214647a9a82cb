"""Orders and shipments at John Lewis: the marketplace's own state machine.

Law: a state moves only in `Orders`, every move touches `updated_at`, and what the marketplace would not do is a
`Refused` with the status it would answer. Ledger lines follow the moves; they are written by the ledger alone.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sync.sandbox.deadlines import shipping_deadline
from sync.sandbox.john_lewis_model import DONE, Change, Line, Order, Refused, Shipment
from sync.sandbox.john_lewis_shipping import (
    MANDATORY_TRACKING,
    Part,
    ShipmentDraft,
    checked_tracking,
    needs_tracking,
    parts_of,
)

if TYPE_CHECKING:
    from sync.sandbox.john_lewis_money import Ledger
    from sync.sandbox.world import World

ACCEPTANCE_WINDOW = timedelta(hours=24)
STAGED_MINUTES = (10.0, 60.0)
LIVE_PACE = 0.25
"""Whoever watches does not wait for a customer's bank."""
LEAD_TIME_DAYS = 2
SHIPPING_TYPES = {"STD-UK": "Standard delivery", "EXP-UK": "Express delivery", "LTR-UK": "Letter"}


class Orders:
    """All orders and shipments, and every move between their states."""

    def __init__(self, world: "World", ledger: "Ledger") -> None:
        """Nothing ordered yet."""
        self.world = world
        self.ledger = ledger
        self.orders: dict[str, Order] = {}
        self.shipments: dict[str, Shipment] = {}
        self.on_waiting: list[Callable[[Order], None]] = []
        self.on_placed: list[Callable[[Order], None]] = []
        self.on_shipping: list[Callable[[Order], None]] = []
        self.on_shipped: list[Callable[[Order], None]] = []
        self.on_received: list[Callable[[Order], None]] = []

    def get(self, order_id: str) -> Order:
        """The order, or a 404."""
        order = self.orders.get(order_id)
        if order is None:
            raise Refused(404, f"ORDER_NOT_FOUND: order {order_id} not found")
        return order

    def add(self, order: Order) -> None:
        """A customer has ordered."""
        self.orders[order.order_id] = order
        if order.state == "STAGING":
            self.world.after(self.world.rng("staging").uniform(*STAGED_MINUTES), lambda: self.release(order))
        else:
            self._await_acceptance(order)
        self._tell(self.on_placed, order)

    def release(self, order: Order) -> None:
        """The operator has looked at a staged order and lets it go on to the seller."""
        if order.state == "STAGING":
            self._await_acceptance(order)

    def _await_acceptance(self, order: Order) -> None:
        """It waits for the seller, or goes on by itself where acceptance is automatic."""
        if self.world.switches["acceptance_automatic"]:
            self._await_debit(order)
            return
        self._move_lines(order, "WAITING_ACCEPTANCE")
        self._move(order, "WAITING_ACCEPTANCE")
        self.world.after(ACCEPTANCE_WINDOW.total_seconds() / 60, lambda: self._refuse_late(order))
        self._tell(self.on_waiting, order)

    def accept(self, order_id: str, decisions: list[tuple[str, bool]]) -> None:
        """OR21: every line accepted or refused, once."""
        order = self.get(order_id)
        if order.state != "WAITING_ACCEPTANCE":
            raise Refused(400, f"ORDER_INVALID_STATE: order {order_id} is {order.state}, not WAITING_ACCEPTANCE")
        known = {line.line_id: line for line in order.lines}
        seen: dict[str, bool] = {}
        for line_id, accepted in decisions:
            if line_id not in known:
                raise Refused(400, f"ORDER_LINE_NOT_FOUND: {line_id}")
            if line_id in seen:
                raise Refused(400, f"ORDER_LINE_DUPLICATE_ID: {line_id}")
            seen[line_id] = accepted
        if missing := sorted(set(known) - set(seen)):
            raise Refused(400, f"ORDER_LINE_ACCEPTANCE_DECISION_MISSING: {', '.join(missing)}")
        if len(set(seen.values())) > 1 and not self.world.switches["partial_acceptance"]:
            raise Refused(400, f"ORDER_PARTIAL_ACCEPTANCE_DISABLED: order {order_id} is taken whole or not at all")
        order.accepted_at = self.world.now
        for line_id, accepted in seen.items():
            if not accepted:
                self._move_line(known[line_id], "REFUSED", "REFUSED-BY-SHOP")
        if any(seen.values()):
            self._await_debit(order)
        else:
            self._move(order, "REFUSED", "REFUSED-BY-SHOP")

    def set_tracking(self, order_id: str, tracking: Mapping[str, str]) -> None:
        """OR23: carrier and number for the whole order."""
        order = self.get(order_id)
        if order.state not in ("SHIPPING", "SHIPPED"):
            raise Refused(400, f"Order {order_id} is {order.state}: tracking cannot be set")
        order.tracking = checked_tracking(tracking, "carrier_url")
        order.updated_at = self.world.now

    def ship(self, order_id: str) -> None:
        """OR24: the whole order has left."""
        order = self.get(order_id)
        if order.state != "SHIPPING":
            raise Refused(400, f"Order {order_id} is not in the SHIPPING state")
        if order.shipping_type in MANDATORY_TRACKING and not order.tracking.get("tracking_number"):
            raise needs_tracking(order)
        lines: list[Part] = [(line, line.open_quantity, None) for line in order.lines if line.open_quantity]
        self._dispatch(order, lines, order.tracking, "OR24")

    def create_shipment(self, draft: ShipmentDraft) -> Shipment:
        """ST01, one shipment: refuses what it cannot take whole."""
        order = self.get(draft.order_id)
        if order.state != "SHIPPING":
            raise Refused(400, f"Order {order.order_id} is not in the SHIPPING state")
        tracking: dict[str, str] = {}
        if draft.tracking:
            tracking = checked_tracking(draft.tracking, "tracking_url")
        elif draft.shipped and order.shipping_type in MANDATORY_TRACKING:
            raise needs_tracking(order)
        parts = parts_of(order, draft.lines)
        now = self.world.now
        rows = [
            {"order_line_id": line.line_id, "offer_sku": line.offer_sku, "quantity": units,
             "package_reference": package}
            for line, units, package in parts
        ]  # fmt: skip
        shipment = Shipment(
            self.ledger.new_id(), order.order_id, rows, tracking, draft.invoice_reference,
            "SHIPPED" if draft.shipped else "SHIPPING", now, now, now if draft.shipped else None, draft.warehouse,
        )  # fmt: skip
        self.shipments[shipment.shipment_id] = shipment
        order.shipments.append(shipment)
        if draft.shipped:
            self._dispatch(order, parts, tracking, shipment.shipment_id)
        return shipment

    def _dispatch(self, order: Order, lines: Sequence[Part], tracking: Mapping[str, str], by: str) -> None:
        """Units have left; a line, then the order, is shipped when nothing of it is open."""
        now = self.world.now
        for line, units, _ in lines:
            line.shipped_quantity += units
            line.updated_at = now
            if line.open_quantity == 0:
                line.shipped_at = now
                self._move_line(line, "SHIPPED")
        order.tracking = order.tracking or {**tracking}
        order.confirmations.append({
            "by": by, "at": now, "carrier_code": tracking.get("carrier_code"),
            "tracking_number": tracking.get("tracking_number"),
            "lines": {line.line_id: units for line, units, _ in lines},
        })  # fmt: skip
        order.updated_at = now
        self._settle_shipped(order)

    def _settle_shipped(self, order: Order) -> None:
        """An order with nothing left to ship is shipped, or cancelled if nothing ever left."""
        if any(line.open_quantity for line in order.lines):
            return
        if order.live_lines:
            order.shipped_at = self.world.now
            self._move(order, "SHIPPED")
            self._tell(self.on_shipped, order)
        else:
            self._move(order, "CANCELED", order.reason_code)
            self.ledger.release(order)

    def cancel(self, line_id: str, amount: Decimal, shipping: Decimal, quantity: int, reason: str) -> Change:
        """OR30 or the customer: part or all of a line will not be sent."""
        order, line = self.check_cancel(line_id, amount, shipping, quantity)
        change = self._change(line, amount, shipping, quantity, reason)
        line.cancelations.append(change)
        line.updated_at = order.updated_at = self.world.now
        if line.cancelled_quantity == line.quantity:
            self._move_line(line, "CANCELED", reason)
        elif line.open_quantity == 0:
            line.shipped_at = self.world.now
            self._move_line(line, "SHIPPED")
        if order.debited_at is not None:
            self.ledger.take_back(order, line, change, refund=False)
        order.reason_code = reason if not order.live_lines else None
        if order.state == "SHIPPING" or not order.live_lines:
            self._settle_shipped(order)
        return change

    def check_cancel(self, line_id: str, amount: Decimal, shipping: Decimal, quantity: int) -> tuple[Order, Line]:
        """Refuse a cancelation that cannot be done, before anything is done."""
        order, line = self.line(line_id)
        if order.state not in ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING"):
            raise Refused(400, f"Order {order.order_id} is {order.state}: it cannot be cancelled")
        if line.state in DONE or not 0 < quantity <= line.open_quantity:
            raise Refused(400, f"Line {line_id} has {line.open_quantity} to cancel, not {quantity}")
        self._check_amounts(line, amount, shipping)
        return order, line

    @staticmethod
    def _check_amounts(line: Line, amount: Decimal, shipping: Decimal) -> None:
        if not (0 <= amount <= line.amount_left and 0 <= shipping <= line.shipping_left):
            raise Refused(400, f"Line {line.line_id} has {line.amount_left} + {line.shipping_left} left")

    def refund(self, line_id: str, amount: Decimal, shipping: Decimal, quantity: int, reason: str) -> Change:
        """Give money back for goods already sent."""
        order, line = self.check_refund(line_id, amount, shipping)
        change = self._change(line, amount, shipping, quantity, reason)
        line.refunds.append(change)
        line.updated_at = order.updated_at = self.world.now
        self.ledger.take_back(order, line, change, refund=True)
        if line.amount_left == 0:
            self._move_line(line, "REFUNDED", reason)
        return change

    def check_refund(self, line_id: str, amount: Decimal, shipping: Decimal) -> tuple[Order, Line]:
        """Refuse a refund that cannot be given, before anything is done."""
        order, line = self.line(line_id)
        if order.debited_at is None or line.shipped_quantity == 0:
            raise Refused(400, f"Line {line_id} was not shipped: nothing to refund")
        self._check_amounts(line, amount, shipping)
        return order, line

    def _change(self, line: Line, amount: Decimal, shipping: Decimal, quantity: int, reason: str) -> Change:
        """Amounts checked, and the commission that goes back with them."""
        self._check_amounts(line, amount, shipping)
        fee, vat = self.ledger.commission_back(line, amount, shipping)
        return Change(self.ledger.new_id(), amount, shipping, quantity, reason, self.world.now, fee, vat)

    def line(self, line_id: str) -> tuple[Order, Line]:
        """An order line with its order, or a 404."""
        order = self.orders.get(line_id.rpartition("-")[0])
        for line in order.lines if order else ():
            if order is not None and line.line_id == line_id:
                return order, line
        raise Refused(404, f"Order line {line_id} not found")

    def _await_debit(self, order: Order) -> None:
        """Accepted: the customer's money is asked for, and comes or does not."""
        rng = self.world.rng("debit")
        self._move_lines(order, "WAITING_DEBIT")
        self._move(order, "WAITING_DEBIT")
        pace = LIVE_PACE if self.world.live else 1.0
        asked = rng.uniform(1, 6) * pace
        answered = asked + (rng.uniform(1, 12) * pace if order.will_pay else rng.uniform(20, 90))
        self.world.after(asked, lambda: self._ask_payment(order))
        self.world.after(answered, lambda: self._answer_payment(order))

    def settle_payment(self, order: Order) -> None:
        """An accepted order's money is asked for and answered at once."""
        self._ask_payment(order)
        self._answer_payment(order)

    def _ask_payment(self, order: Order) -> None:
        """The payment system has picked the debit up."""
        if order.state == "WAITING_DEBIT":
            self._move_lines(order, "WAITING_DEBIT_PAYMENT")
            self._move(order, "WAITING_DEBIT_PAYMENT")

    def _answer_payment(self, order: Order) -> None:
        """Paid: to be shipped by a deadline. Not paid: over."""
        if order.state != "WAITING_DEBIT_PAYMENT":
            return
        now = self.world.now
        if not order.will_pay:
            self._move_lines(order, "CANCELED", "PAYMENT-REFUSED")
            self._move(order, "CANCELED", "PAYMENT-REFUSED")
            return
        order.debited_at = order.shipping_at = now
        order.transaction_number = f"PSP-{order.commercial_id[3:]}"
        order.shipping_deadline = shipping_deadline(now, LEAD_TIME_DAYS)
        for line in order.live_lines:
            line.debited_at = now
        self._move_lines(order, "SHIPPING")
        self._move(order, "SHIPPING")
        self.ledger.book_sale(order)
        self._tell(self.on_shipping, order)

    def _refuse_late(self, order: Order) -> None:
        """Nobody accepted within the window."""
        if order.state == "WAITING_ACCEPTANCE":
            self._move_lines(order, "REFUSED", "AUTO-REFUSED")
            self._move(order, "REFUSED", "AUTO-REFUSED")

    def receive(self, order: Order) -> None:
        """The parcel is with the customer."""
        if order.state != "SHIPPED":
            return
        order.received_at = self.world.now
        for line in order.lines:
            if line.state == "SHIPPED":
                line.received_at = self.world.now
                self._move_line(line, "RECEIVED")
        self._move(order, "RECEIVED")
        self.ledger.release(order)
        self._tell(self.on_received, order)

    def close(self, order: Order) -> None:
        """Long enough after: nothing more happens but late refunds."""
        if order.state == "RECEIVED" and not order.has_incident:
            for line in order.lines:
                if line.state == "RECEIVED":
                    self._move_line(line, "CLOSED")
            self._move(order, "CLOSED")

    def open_incident(self, line_id: str, reason: str) -> None:
        """The customer complains: the money of the line waits."""
        order, line = self.line(line_id)
        if line.state in ("SHIPPED", "RECEIVED"):
            self._move_line(line, "INCIDENT_OPEN", reason)
            order.updated_at = self.world.now

    def close_incident(self, line_id: str) -> None:
        """The complaint is settled."""
        order, line = self.line(line_id)
        if line.state == "INCIDENT_OPEN":
            self._move_line(line, "RECEIVED" if order.received_at else "SHIPPED")
            line.received_at = line.received_at or order.received_at
            order.updated_at = self.world.now
            if order.received_at:
                self.ledger.release(order)

    def _move_lines(self, order: Order, state: str, reason: str | None = None) -> None:
        for line in order.live_lines:
            self._move_line(line, state, reason)

    def _move_line(self, line: Line, state: str, reason: str | None = None) -> None:
        line.state, line.reason_code, line.updated_at = state, reason, self.world.now

    def _move(self, order: Order, state: str, reason: str | None = None) -> None:
        order.state, order.reason_code, order.updated_at = state, reason, self.world.now

    @staticmethod
    def _tell(listeners: list[Callable[[Order], None]], order: Order) -> None:
        for listener in listeners:
            listener(order)
