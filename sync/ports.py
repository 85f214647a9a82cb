"""What the flows need of the two outside systems, in our words. Clients implement it; vendor words stop there.

Every member of an answer is optional except the ids we key on; states from outside are text, kept as they came.
Every reading method yields pages as they arrive, so that what was read is recorded before the next call.
Reads raise Retriable, Deferred or Fatal; writes raise Refused or Unclear besides (see sync.errors).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

import polars as pl

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items as one answer gave them, pointing at the answer's snapshot; `skipped` could not be read."""

    items: tuple[Item, ...]
    snapshot_id: UUID | None
    skipped: tuple[str, ...] = ()
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person lives. Personal: goes to the `personal` table and the ERP, nowhere else."""

    name: str
    line_1: str
    line_2: str
    city: str
    state: str
    postcode: str
    country: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """The personal part of an order."""

    ship_to: Address | None
    bill_to: Address | None
    email: str = ""


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
class Outcome:
    """What became of one item of a write that takes many."""

    subject: str
    is_ok: bool
    reference: str = ""
    message: str = ""


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


@dataclass(frozen=True, slots=True)
class Code:
    """A row of a code table (carrier, shipping type, reason, warehouse, ship-via)."""

    code: str
    label: str
    detail: Mapping[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class SkuRecord:
    """A SKU as the ERP has it. All codes are text: trailing blanks trimmed, leading zeros kept."""

    division: str
    style: str
    color_code: str
    label: str
    dimension: str
    size: str
    style_name: str
    color_name: str
    upc: str
    ean: str
    season: str
    category: str
    is_active: bool
    cost: Decimal | None
    price: Decimal | None
    destinations: tuple[str, ...]
    multiple: int
    updated_at: datetime | None

    @property
    def key(self) -> str:
        return f"{self.division}|{self.style}|{self.color_code}|{self.label}|{self.dimension}|{self.size}"


@dataclass(frozen=True, slots=True)
class StockBatch:
    """A stock batch of the ERP. `kind` is FULL or DELTA, `state` RUNNING, COMPLETE or FAILED."""

    batch_id: str
    kind: str
    state: str
    as_of: datetime
    started_at: datetime | None
    completed_at: datetime | None
    row_count: int | None
    checksum: str
    next_expected_at: datetime | None


@dataclass(frozen=True, slots=True)
class SalesLineDraft:
    """A line to create; `order_line_id` is the marketplace's and comes back with every reading."""

    line_number: int
    order_line_id: str
    sku_key: str
    upc: str
    quantity: int
    unit_price: Decimal
    tax_amount: Decimal


@dataclass(frozen=True, slots=True)
class SalesOrderDraft:
    """A sales order to create: one per (marketplace order, division, warehouse)."""

    order_id: str
    commercial_id: str
    division: str
    warehouse: str
    customer: str
    ship_via: str
    currency: str
    starts_on: datetime
    cancels_on: datetime
    shipping_amount: Decimal
    lines: tuple[SalesLineDraft, ...]
    ship_to: Address
    bill_to: Address
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SalesLine:
    """A line of a sales order as the ERP has it now."""

    line_number: int
    order_line_id: str
    sku_key: str
    ordered_quantity: int
    open_quantity: int
    picked_quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    cancel_kind: str
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class SalesOrder:
    """A sales order as the ERP has it now; `raw_status` is the ERP's code, mapped by the flow."""

    ord_num: str
    order_id: str  # the ERP's po_num
    division: str
    warehouse: str
    customer: str
    ship_via: str
    raw_status: str
    entered_at: datetime
    updated_at: datetime
    updated_by: str
    revision: int
    lines: tuple[SalesLine, ...]
    start_day: tuple[datetime, datetime] | None = None  # the ERP's days, each as a half-open range
    cancel_day: tuple[datetime, datetime] | None = None
    shipping_amount: Decimal | None = None
    ship_to: Address | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Carton:
    """A parcel: its label, tracking number and what is inside (order_line_id → units)."""

    carton: str
    tracking: str
    weight: Decimal | None
    quantities: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment the ERP has posted."""

    ship_id: str
    ord_num: str
    order_id: str
    warehouse: str
    ship_via: str
    scac: str
    shipped_at: datetime
    updated_at: datetime
    is_voided: bool
    cartons: tuple[Carton, ...]


@dataclass(frozen=True, slots=True)
class Invoice:
    """An ERP invoice, for matching to the marketplace's payout."""

    invoice_number: str
    ord_num: str
    order_id: str
    invoiced_on: datetime
    currency: str
    total_amount: Decimal
    tax_amount: Decimal
    shipping_amount: Decimal
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnLineDraft:
    """A line of a return to authorise."""

    line_number: int
    order_line_id: str
    sku_key: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ReturnDraft:
    """A return authorisation to create: one per (marketplace return, sales order)."""

    return_id: str
    order_id: str
    ord_num: str
    tracking: str
    reason_code: str
    lines: tuple[ReturnLineDraft, ...]


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """A line of a return authorisation, and what of it came."""

    line_number: int
    order_line_id: str
    quantity: int
    received_quantity: int


@dataclass(frozen=True, slots=True)
class ErpReturn:
    """A return authorisation as the ERP has it. `is_closed`: the warehouse expects no more of it."""

    ret_num: str
    order_id: str
    ord_num: str
    return_id: str  # the marketplace's; empty: none of ours
    raw_status: str
    is_closed: bool
    entered_at: datetime
    updated_at: datetime
    lines: tuple[ReceivedLine, ...]


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A line of a credit memo."""

    order_line_id: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CreditMemo:
    """What the ERP credits for goods that came back, and of the shipping they were charged with."""

    memo_number: str
    ret_num: str
    order_id: str
    issued_on: datetime
    currency: str
    shipping_amount: Decimal
    total_amount: Decimal
    updated_at: datetime
    lines: tuple[CreditLine, ...]


# Columns of a page of inventory, in this order; quantities int64, null where the ERP gave none.
INVENTORY_COLUMNS: dict[str, Any] = {
    "sku_key": pl.String,
    "upc": pl.String,
    "location": pl.String,
    "lot": pl.String,
    "on_hand": pl.Int64,
    "linked": pl.Int64,
    "open_orders": pl.Int64,
    "open_due": pl.Int64,
    "reserved": pl.Int64,
    "demand": pl.Int64,
    "allocated": pl.Int64,
    "picked": pl.Int64,
    "work_orders": pl.Int64,
    "in_transit": pl.Int64,
    "damaged": pl.Int64,
    "held": pl.Int64,
    "reported_ots": pl.Int64,
}


class Erp(Protocol):
    """The ERP that owns stock, products and fulfilment."""

    def ping(self) -> str: ...
    def skus(self, *, updated_from: datetime | None = None) -> Iterator[Page[SkuRecord]]: ...
    def locations(self) -> tuple[Code, ...]:
        """`detail["type"]` is W for a warehouse."""
        ...

    def ship_vias(self) -> tuple[Code, ...]: ...
    def accounts(self) -> tuple[Code, ...]:
        """The chart of accounts; `detail["is_active"]`."""
        ...

    def batches(self, *, completed_from: datetime | None = None) -> Iterator[Page[StockBatch]]:
        """Batches, oldest first; without a moment: the newest only."""
        ...

    def inventory(self, batch_id: str) -> Iterator[tuple[pl.DataFrame, UUID | None]]:
        """Rows of a batch, a frame with INVENTORY_COLUMNS per page."""
        ...

    def create_order(self, draft: SalesOrderDraft, key: str) -> str:
        """Create the sales order; its ord_num. NOT safe to repeat: the ERP accepts duplicates."""
        ...

    def sales_orders(
        self, *, updated_from: datetime | None = None, order_id: str = "", ord_num: str = ""
    ) -> Iterator[Page[SalesOrder]]: ...
    def cancel_line(self, ord_num: str, line_number: int, quantity: int, reason: str) -> None: ...
    def shipments(self, *, updated_from: datetime | None = None) -> Iterator[Page[Shipment]]: ...
    def invoices(self, *, updated_from: datetime | None = None) -> Iterator[Page[Invoice]]: ...
    def create_return(self, draft: ReturnDraft, key: str) -> str:
        """Authorise a return; its ret_num. NOT safe to repeat: the ERP accepts duplicates."""
        ...

    def list_returns(
        self, *, updated_from: datetime | None = None, order_id: str = ""
    ) -> Iterator[Page[ErpReturn]]: ...
    def cancel_return(self, ret_num: str, reason: str) -> None:
        """Expect nothing of a return any more; refused where something of it came."""
        ...

    def list_credit_memos(self, *, updated_from: datetime | None = None) -> Iterator[Page[CreditMemo]]: ...


class Messenger(Protocol):
    """Calls people along routes that are named in the settings."""

    def send(self, route: str, title: str, body: str) -> None:
        """Raises Retriable if the route does not take it; the message names no address."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call and its answer, as the witness is told: no key, no personal data in it."""

    snapshot_id: UUID
    source: str  # "marketplace" or "erp"
    resource: str  # the operation, e.g. "OR11" or "salesOrder"
    method: str
    path: str  # with query; no host
    seen_at: datetime
    status: int  # 0: no answer came
    latency_ms: int
    request_body: bytes
    body: bytes
    dated: str = ""  # what their clock said: the Date header, as it came


class Witness(Protocol):
    """Where the clients leave what was said; must be quick and thread-safe."""

    def __call__(self, exchange: Exchange, /) -> None: ...
