"""What an order, a line, a shipment and a change are at John Lewis.

Law: plain records; nothing here decides. The rules that move them are in `john_lewis_orders`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.sandbox.people import Customer

DONE = frozenset({"REFUSED", "CANCELED"})


class Refused(Exception):
    """The marketplace does not do that."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status and the words."""
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(slots=True)
class Change:
    """A cancelation or a refund of (part of) a line."""

    change_id: str
    amount: Decimal
    shipping_amount: Decimal
    quantity: int
    reason_code: str
    created_at: datetime
    commission_fee: Decimal
    commission_vat: Decimal


@dataclass(slots=True)
class Line:
    """One order line."""

    line_id: str
    index: int
    offer_id: int
    offer_sku: str
    product_sku: str
    title: str
    category_code: str
    category_label: str
    quantity: int
    unit_price: Decimal
    shipping_price: Decimal
    commission_rate: Decimal
    commission_fee: Decimal
    commission_vat: Decimal
    created_at: datetime
    updated_at: datetime
    state: str
    reason_code: str | None = None
    debited_at: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    shipped_quantity: int = 0
    cancelations: list[Change] = field(default_factory=list)
    refunds: list[Change] = field(default_factory=list)

    @property
    def price(self) -> Decimal:
        """Goods without shipping."""
        return self.unit_price * self.quantity

    @property
    def cancelled_quantity(self) -> int:
        """Units cancelled so far."""
        return sum(change.quantity for change in self.cancelations)

    @property
    def open_quantity(self) -> int:
        """Units neither shipped nor cancelled."""
        if self.state in DONE:
            return 0
        return self.quantity - self.cancelled_quantity - self.shipped_quantity

    @property
    def changes(self) -> list[Change]:
        """Everything taken back from the line."""
        return [*self.cancelations, *self.refunds]

    @property
    def amount_left(self) -> Decimal:
        """Goods value not yet taken back."""
        return self.price - sum((change.amount for change in self.changes), Decimal(0))

    @property
    def shipping_left(self) -> Decimal:
        """Shipping value not yet taken back."""
        return self.shipping_price - sum((change.shipping_amount for change in self.changes), Decimal(0))


@dataclass(slots=True)
class Shipment:
    """One parcel as the marketplace knows it."""

    shipment_id: str
    order_id: str
    lines: list[dict[str, Any]]
    tracking: dict[str, Any]
    invoice_reference: str | None
    status: str
    created_at: datetime
    updated_at: datetime
    shipped_at: datetime | None
    warehouse: str | None = None


@dataclass(slots=True)
class Order:
    """One order of one customer from our shop."""

    order_id: str
    commercial_id: str
    customer: Customer
    lines: list[Line]
    state: str
    created_at: datetime
    updated_at: datetime
    shipping_type: str
    reference_for_customer: str
    will_pay: bool = True
    reference_for_seller: str | None = None
    accepted_at: datetime | None = None
    debited_at: datetime | None = None
    transaction_number: str | None = None
    shipping_at: datetime | None = None
    shipping_deadline: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    reason_code: str | None = None
    tracking: dict[str, Any] = field(default_factory=dict)
    confirmations: list[dict[str, Any]] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)

    @property
    def has_incident(self) -> bool:
        """Whether the customer complains about a line."""
        return any(line.state == "INCIDENT_OPEN" for line in self.lines)

    @property
    def live_lines(self) -> list[Line]:
        """Lines neither refused nor cancelled."""
        return [line for line in self.lines if line.state not in DONE]
