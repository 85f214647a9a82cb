"""The marketplace's ledger with the seller: lines, billing cycles and payouts.

Law: a line's amount never changes; only its payment state, cycle and document do, and then `updated_at` moves.
The running balance is kept in creation order: each balance is the one before plus credited less debited, so
the newest is what is still owed. A cycle's PAYMENT equals the net of its other lines.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING
from uuid import UUID

from sync.sandbox.deadlines import LONDON, next_cycle_close
from sync.sandbox.john_lewis_model import Change, Line, Order

if TYPE_CHECKING:
    from sync.sandbox.world import World

VAT_PERCENT = Decimal(20)
NOTHING = Decimal(0)
PAYOUT_AFTER_MINUTES = 2 * 24 * 60 + 8 * 60
_INVOICED = ("COMMISSION", "REFUND_COMMISSION", "SUBSCRIPTION", "SELLER_PENALTY")
_WITH_TAX = (
    "INVOICEABLE_ONE_OFF_DEBIT", "INVOICEABLE_ONE_OFF_CREDIT", "ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT",
    "REFUND_ORDER_AMOUNT", "REFUND_ORDER_SHIPPING_AMOUNT", "OPERATOR_PAID_ORDER_SHIPPING_AMOUNT",
    "OPERATOR_PAID_REFUND_ORDER_SHIPPING_AMOUNT", "SELLER_FEE_ON_ORDER", "SELLER_PENALTY_FEE",
)  # fmt: skip
TYPES = frozenset((
    *_WITH_TAX, *(f"{kind}_TAX" for kind in _WITH_TAX),
    "MANUAL_CREDIT", "MANUAL_CREDIT_VAT", "MANUAL_INVOICE", "MANUAL_INVOICE_VAT",
    "COMMISSION_FEE", "COMMISSION_VAT", "REFUND_COMMISSION_FEE", "REFUND_COMMISSION_VAT",
    "SUBSCRIPTION_FEE", "SUBSCRIPTION_VAT",
    "OPERATOR_REMITTED_ORDER_AMOUNT_TAX", "OPERATOR_REMITTED_ORDER_SHIPPING_AMOUNT_TAX",
    "OPERATOR_REMITTED_REFUND_ORDER_AMOUNT_TAX", "OPERATOR_REMITTED_REFUND_ORDER_SHIPPING_AMOUNT_TAX",
    "PAYMENT", "PURCHASE_COMMISSION_FEE", "PURCHASE_SHIPPING_COMMISSION_FEE", "PURCHASE_ORDER_AMOUNT_TAX",
    "PURCHASE_ORDER_SHIPPING_AMOUNT_TAX", "REFUND_PURCHASE_COMMISSION_FEE",
    "REFUND_PURCHASE_SHIPPING_COMMISSION_FEE", "REFUND_PURCHASE_ORDER_AMOUNT_TAX",
    "REFUND_PURCHASE_ORDER_SHIPPING_AMOUNT_TAX", "ORDER_FEE_AMOUNT", "OPERATOR_REMITTED_ORDER_FEE_AMOUNT",
    "REFUND_ORDER_FEE_AMOUNT", "OPERATOR_REMITTED_REFUND_ORDER_FEE_AMOUNT", "PURCHASE_FEE_COMMISSION_FEE",
    "REFUND_PURCHASE_FEE_COMMISSION_FEE", "RESERVE_FUNDING", "RESERVE_SETTLEMENT",
))  # fmt: skip
"""Every kind of ledger line the marketplace's description names; this shop meets few of them."""


def pennies(amount: Decimal) -> Decimal:
    """Half up to two places, as the marketplace rounds."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(slots=True)
class Transaction:
    """One line of the ledger."""

    transaction_id: str
    type: str
    credited: Decimal
    debited: Decimal
    balance: Decimal
    state: str
    created_at: datetime
    updated_at: datetime
    order: Order | None = None
    line_id: str | None = None
    refund_id: str | None = None
    taxed: bool = False
    note: str | None = None
    cycle_id: str | None = None
    document_number: str | None = None
    document_at: datetime | None = None

    @property
    def amount(self) -> Decimal:
        """Signed from the seller's side."""
        return self.credited - self.debited


@dataclass(slots=True)
class Cycle:
    """One billing cycle and its payout."""

    cycle_id: str
    created_at: datetime
    net: Decimal
    voucher: str
    state: str
    rows: list[Transaction] = field(default_factory=list)
    paid_at: datetime | None = None
    reference: str | None = None


class Ledger:
    """What the marketplace owes the shop, line by line."""

    def __init__(self, world: "World") -> None:
        """Owe nothing yet."""
        self.world = world
        self.rows: list[Transaction] = []
        self.cycles: list[Cycle] = []
        self._by_order: dict[str, list[Transaction]] = {}
        self._uncycled: list[Transaction] = []
        self._balance = NOTHING
        self._ids = world.rng("ids")

    def begin(self) -> None:
        """Set the calendar of cycles going."""
        self.world.schedule(next_cycle_close(self.world.now), self._close_cycle)

    def new_id(self) -> str:
        """A UUID from the world's own chance."""
        return str(UUID(int=self._ids.getrandbits(128), version=4))

    def book(
        self,
        kind: str,
        amount: Decimal,
        state: str,
        *,
        order: Order | None = None,
        line_id: str | None = None,
        refund_id: str | None = None,
        note: str | None = None,
    ) -> Transaction:
        """Append one line."""
        now = self.world.now
        self._balance += amount
        row = Transaction(
            self.new_id(), kind, max(amount, NOTHING), max(-amount, NOTHING), self._balance, state, now, now,
            order=order, line_id=line_id, refund_id=refund_id, taxed=kind.endswith(("_VAT", "_TAX")), note=note,
        )  # fmt: skip
        self.rows.append(row)
        if kind != "PAYMENT":
            self._uncycled.append(row)
        if order is not None:
            self._by_order.setdefault(order.order_id, []).append(row)
        return row

    def of_order(self, order_id: str) -> list[Transaction]:
        """Every line of one order."""
        return self._by_order.get(order_id, [])

    def book_sale(self, order: Order) -> None:
        """The customer has paid: goods and shipping for us, less commission and the VAT on it."""
        for line in order.live_lines:
            left, shipping = line.amount_left, line.shipping_left
            cancelled_fee = sum((change.commission_fee for change in line.cancelations), NOTHING)
            cancelled_vat = sum((change.commission_vat for change in line.cancelations), NOTHING)
            amounts = (
                ("ORDER_AMOUNT", left),
                ("ORDER_SHIPPING_AMOUNT", shipping),
                ("COMMISSION_FEE", cancelled_fee - line.commission_fee),
                ("COMMISSION_VAT", cancelled_vat - line.commission_vat),
            )
            for kind, amount in amounts:
                if amount or kind == "ORDER_AMOUNT":
                    self.book(kind, amount, "PENDING", order=order, line_id=line.line_id)

    def commission_back(self, line: Line, amount: Decimal, shipping: Decimal) -> tuple[Decimal, Decimal]:
        """Fee and VAT that go back with an amount; with the last of a line, exactly what is left of them."""
        fee_left = line.commission_fee - sum((change.commission_fee for change in line.changes), NOTHING)
        vat_left = line.commission_vat - sum((change.commission_vat for change in line.changes), NOTHING)
        if amount == line.amount_left and shipping == line.shipping_left:
            return fee_left, vat_left
        fee = min(pennies((amount + shipping) * line.commission_rate), fee_left)
        return fee, min(pennies(fee * VAT_PERCENT / 100), vat_left)

    def take_back(self, order: Order, line: Line, change: Change, *, refund: bool) -> None:
        """A refund or a cancelation after the debit: the sale's lines stay, new ones go against them."""
        sale = next((row for row in self.of_order(order.order_id) if row.line_id == line.line_id), None)
        state = "PENDING" if sale is not None and sale.state == "PENDING" else "PAYABLE"
        refund_id = change.change_id if refund else None
        amounts = (
            ("REFUND_ORDER_AMOUNT", -change.amount),
            ("REFUND_ORDER_SHIPPING_AMOUNT", -change.shipping_amount),
            ("REFUND_COMMISSION_FEE", change.commission_fee),
            ("REFUND_COMMISSION_VAT", change.commission_vat),
        )
        for kind, amount in amounts:
            if amount or kind == "REFUND_ORDER_AMOUNT":
                self.book(kind, amount, state, order=order, line_id=line.line_id, refund_id=refund_id)

    def release(self, order: Order) -> None:
        """The customer has the goods: what is not in dispute becomes payable."""
        disputed = {line.line_id for line in order.lines if line.state == "INCIDENT_OPEN"}
        self._move(
            (row for row in self.of_order(order.order_id) if row.line_id not in disputed), "PENDING", "PAYABLE"
        )

    def _move(self, rows: Iterable[Transaction], before: str, after: str) -> None:
        for row in rows:
            if row.state == before:
                row.state, row.updated_at = after, self.world.now

    def penalise(self, order: Order, note: str) -> None:
        """A fixed fee for a late dispatch."""
        self.charge("SELLER_PENALTY_FEE", Decimal("-5.00"), note, order=order)

    def charge(self, kind: str, amount: Decimal, note: str, *, order: Order | None = None) -> None:
        """Something outside an order's own money: the amount and the VAT on it, signed from the seller's side."""
        suffix = "_TAX" if kind == "SELLER_PENALTY_FEE" else "_VAT"
        tax = kind if kind != "SUBSCRIPTION_FEE" else "SUBSCRIPTION"
        self.book(kind, amount, "PAYABLE", order=order, note=note)
        self.book(tax + suffix, pennies(amount * VAT_PERCENT / 100), "PAYABLE", order=order, note=note)

    def _close_cycle(self) -> None:
        """On the 1st, 11th and 21st all that is payable is gathered, if there is anything to pay out."""
        now = self.world.now
        if now.astimezone(LONDON).day == 1:
            self.charge("SUBSCRIPTION_FEE", Decimal("-25.00"), "Monthly subscription")
        if now.astimezone(LONDON).day == 11:
            self.charge("MANUAL_CREDIT", Decimal("12.50"), "Goodwill credit")
        rows = [row for row in self._uncycled if row.state == "PAYABLE"]
        net = sum((row.amount for row in rows), NOTHING)
        self.world.schedule(next_cycle_close(now), self._close_cycle)
        if net <= 0:
            return  # nothing to pay: it waits for the next cycle
        number = len(self.cycles) + 1
        cycle = Cycle(self.new_id(), now, net, f"JLV-{number:05d}", "TO_PAY", rows)
        self.cycles.append(cycle)
        taken = {row.transaction_id for row in rows}
        self._uncycled = [row for row in self._uncycled if row.transaction_id not in taken]
        for row in rows:
            row.cycle_id, row.updated_at = cycle.cycle_id, now
            if row.type.startswith(_INVOICED):
                row.document_number, row.document_at = f"JLI-4107-{number:05d}", now
            elif row.type.startswith("MANUAL_CREDIT"):
                row.document_number, row.document_at = f"JLC-4107-{number:05d}", now
        self.world.after(PAYOUT_AFTER_MINUTES, lambda: self._pay(cycle))

    def _pay(self, cycle: Cycle) -> None:
        """The money is sent: every line of the cycle is paid, and one line takes the balance down."""
        cycle.state, cycle.paid_at = "PAID", self.world.now
        cycle.reference = f"BACS-{cycle.voucher[4:]}"
        self._move(cycle.rows, "PAYABLE", "PAID")
        payment = self.book("PAYMENT", -cycle.net, "PAID")
        payment.cycle_id = cycle.cycle_id

    def balances(self) -> dict[str, Decimal]:
        """Sums for the account page: pending, payable and paid so far."""
        sums = {"PENDING": NOTHING, "PAYABLE": NOTHING}
        for row in self.rows:
            if row.state in sums and row.type != "PAYMENT":
                sums[row.state] += row.amount
        paid = sum((cycle.net for cycle in self.cycles if cycle.state == "PAID"), NOTHING)
        return {"pending": sums["PENDING"], "payable": sums["PAYABLE"], "paid": paid}
