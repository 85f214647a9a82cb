"""What the flows need of the marketplace we sell on, in our words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from sync.ports.shared import Code, Outcome, Page, Person


@dataclass(frozen=True, slots=True)
class LineChange:
    """A cancelation or refund of (part of) a line; amounts in the order's currency, positive."""

    change_id: str
    kind: str  # "cancelation" or "refund"
    quantity: int
    amount: Decimal
    shipping_amount: Decimal
    commission_amount: Decimal
    reason_code: str
    state: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class MarketLine:
    """One line of a marketplace order."""

    order_line_id: str
    line_number: int
    offer_sku: str
    title: str
    state: str
    quantity: int
    unit_price: Decimal
    price: Decimal
    shipping_amount: Decimal
    commission_amount: Decimal
    commission_vat: Decimal
    changes: tuple[LineChange, ...] = ()


@dataclass(frozen=True, slots=True)
class MarketOrder:
    """A marketplace order as last read. `person` is None while the marketplace hides the customer."""

    order_id: str
    commercial_id: str
    state: str
    created_at: datetime
    updated_at: datetime
    accepted_at: datetime | None
    debited_at: datetime | None
    shipping_deadline_at: datetime | None
    currency: str
    tax_mode: str
    price: Decimal
    shipping_amount: Decimal
    total_amount: Decimal
    commission_amount: Decimal
    shipping_type: str
    seller_reference: str
    has_incident: bool
    carrier_code: str
    tracking: str
    lines: tuple[MarketLine, ...]
    person: Person | None = field(default=None, repr=False)
    shipping_zone: str = ""
    state_reason: str = ""  # why it is in its state, in the marketplace's words; empty: it does not say


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as the marketplace shows it."""

    sku: str
    offer_id: str
    product_id: str
    title: str
    quantity: int
    price: Decimal | None
    is_active: bool
    inactivity_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportStatus:
    """How far a stock import has come. `state` is ours: waiting, running, complete, failed."""

    import_id: str
    state: str
    raw_state: str
    success_count: int
    error_count: int
    has_error_report: bool


@dataclass(frozen=True, slots=True)
class Tracking:
    """How a parcel can be followed."""

    carrier_code: str
    carrier_name: str
    number: str


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    """One parcel to confirm; `reference` is ours, sent along so that it can be found again."""

    order_id: str
    reference: str
    quantities: Mapping[str, int]  # order_line_id → units
    tracking: Tracking | None


@dataclass(frozen=True, slots=True)
class MarketShipment:
    """A shipment as the marketplace has it."""

    shipment_id: str
    order_id: str
    state: str
    reference: str
    tracking: str
    quantities: Mapping[str, int]
    shipped_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineCancelation:
    """Units of a line to cancel at the marketplace."""

    order_line_id: str
    quantity: int
    amount: Decimal
    shipping_amount: Decimal
    reason_code: str


@dataclass(frozen=True, slots=True)
class LineRefund:
    """Money of a line to give back at the marketplace; `quantity` informs, the amounts rule."""

    order_line_id: str
    quantity: int
    amount: Decimal
    shipping_amount: Decimal
    reason_code: str
    currency: str


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """Units of an order line on their way back."""

    order_line_id: str
    quantity: int
    reason_code: str
    is_compliant: bool | None = None  # what we said of it; None: nothing


@dataclass(frozen=True, slots=True)
class ReturnAnswer:
    """Our word on a return that waits for it; the reason is the marketplace's, of a refusal alone."""

    return_id: str
    is_accepted: bool
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class ReturnReport:
    """What came back and how, a word for every line of a return."""

    return_id: str
    lines: Mapping[str, bool]  # order_line_id → as it should be
    reason_code: str  # of those that are not


@dataclass(frozen=True, slots=True)
class MarketReturn:
    """A return as the marketplace has it: logistics, not money."""

    return_id: str
    order_id: str
    state: str
    reason_code: str
    rma: str
    tracking: str
    created_at: datetime
    updated_at: datetime
    lines: tuple[ReturnedLine, ...]


@dataclass(frozen=True, slots=True)
class TransactionLine:
    """One row of the marketplace's ledger; amount signed from our side."""

    transaction_id: str
    type: str
    amount: Decimal
    balance: Decimal | None
    currency: str
    payment_state: str
    created_at: datetime
    updated_at: datetime
    cycle_id: str
    document_number: str
    order_id: str
    order_line_id: str
    refund_id: str
    tax_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class BillingCycle:
    """A payout: the header of what the marketplace paid or will pay."""

    cycle_id: str
    created_at: datetime
    currency: str
    amount: Decimal
    state: str
    voucher: str
    paid_at: datetime | None
    totals: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Account:
    """Our shop at the marketplace."""

    shop_id: str
    shop_name: str
    state: str
    model: str
    currency: str
    balances: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class MarketRules:
    """What the operator switched on; behaviour follows these, never an assumption."""

    tenant: str
    timezone: str
    acceptance: str  # AUTOMATIC, NOT_AUTOMATIC, BOTH
    multi_shipment: bool
    tax_mode: str
    address_before_acceptance: bool
    is_marketplace: bool
    returns: bool


class Marketplace(Protocol):
    """The marketplace we sell on."""

    def ping(self) -> str:
        """The marketplace's version."""
        ...

    def account(self) -> Account: ...
    def rules(self) -> MarketRules: ...
    def carriers(self) -> tuple[Code, ...]: ...
    def shipping_types(self) -> tuple[Code, ...]:
        """`detail["mandatory_tracking"]` says whether tracking is demanded."""
        ...

    def reasons(self) -> tuple[Code, ...]:
        """`detail["type"]`, `detail["is_ours"]`."""
        ...

    def orders(
        self,
        *,
        updated_from: datetime | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        order_ids: Sequence[str] = (),
    ) -> Iterator[Page[MarketOrder]]: ...
    def accept(self, order_id: str, line_ids: Sequence[str], refused_ids: Sequence[str] = ()) -> UUID | None:
        """Accept these lines and refuse those, which are all there are; the snapshot of the answer."""
        ...

    def refuse(self, order_id: str, line_ids: Sequence[str]) -> UUID | None:
        """Refuse every line; the snapshot of the answer."""
        ...

    def write_references(self, references: Mapping[str, str]) -> tuple[Outcome, ...]:
        """Write our order numbers (order id → number), at most 100; unmentioned orders are unclear."""
        ...

    def ship_whole(self, order_id: str, tracking: Tracking | None) -> UUID | None:
        """Set tracking and confirm the whole order (multi-shipment off)."""
        ...

    def create_shipments(self, drafts: Sequence[ShipmentDraft]) -> tuple[Outcome, ...]:
        """Create and confirm parcels (multi-shipment on); subject = reference, unmentioned drafts are unclear."""
        ...

    def shipments(self, order_ids: Sequence[str]) -> Iterator[Page[MarketShipment]]: ...
    def cancel_lines(self, cancelations: Sequence[LineCancelation]) -> UUID | None: ...
    def list_returns(self, *, updated_from: datetime) -> Iterator[Page[MarketReturn]]: ...
    def answer_returns(self, answers: Sequence[ReturnAnswer]) -> tuple[Outcome, ...]:
        """Accept or refuse returns, at most 100; unmentioned returns are unclear."""
        ...

    def report_returns(self, reports: Sequence[ReturnReport]) -> tuple[Outcome, ...]:
        """Say which lines of returns are not as they should be, at most 100; unmentioned returns are unclear."""
        ...

    def receive_returns(self, return_ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Say that the goods of returns are here, at most 100; unmentioned returns are unclear."""
        ...

    def refund_line(self, refund: LineRefund) -> str:
        """Give money back; the refund's id. NOT safe to repeat: every call pays once more."""
        ...

    def offers(self) -> Iterator[Page[Offer]]: ...
    def import_stock(self, quantities: Mapping[str, int]) -> str:
        """Send quantities (sku → units); the import's id. Takes effect later: ask `import_status`."""
        ...

    def import_status(self, import_id: str) -> ImportStatus: ...
    def import_errors(self, import_id: str) -> Mapping[str, str]:
        """The reason of each refused SKU."""
        ...

    def transactions(self, *, updated_from: datetime) -> Iterator[Page[TransactionLine]]: ...
    def billing_cycles(self, *, created_from: datetime) -> Iterator[Page[BillingCycle]]: ...
