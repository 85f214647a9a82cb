"""The vocabulary of what happened: frozen models in the past tense, stored as JSON under `kind`.

Members carry the names of the fact columns they are folded into.
An event has two moments: `happened_at` (theirs) and, given by the journal, `recorded_at` (ours).
Its id is the UUIDv5 of the shop and its natural key, so that appending it twice changes nothing.
Kinds are never renamed; members are only added. Personal data never enters an event.
"""

from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

NAMESPACE = UUID("6f1d4c1e-3b4e-5c55-9a53-0d6f2c1f7a10")


class Event(BaseModel):
    """Something that happened. `subject` is the thing, `order_id` the order it belongs to, where it does."""

    model_config = ConfigDict(frozen=True)
    kind: ClassVar[str]

    happened_at: datetime = Field(exclude=True)
    snapshot_id: UUID | None = Field(default=None, exclude=True)
    actor: str = Field(default="worker", exclude=True)

    @property
    def subject(self) -> str:
        raise NotImplementedError

    @property
    def about_order(self) -> str:
        return ""

    @property
    def natural_key(self) -> str:
        """What makes this event itself; by default kind, subject, moment and content."""
        return f"{self.kind}/{self.subject}/{self.happened_at.isoformat()}/{self.content()}"

    def content(self) -> str:
        """A short name of the body."""
        return sha256(self.body().encode()).hexdigest()[:16]

    def body(self) -> str:
        return self.model_dump_json()

    def event_id(self, shop: str) -> UUID:
        return uuid5(NAMESPACE, f"{shop}/{self.natural_key}")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


# -- orders ------------------------------------------------------------------------------------


class RefundPart(_Part):
    """A refund of (part of) a line at the marketplace, by its id; whoever gave it."""

    refund_id: str
    quantity: int
    amount: Decimal
    shipping_amount: Decimal
    reason_code: str
    state: str
    refunded_at: datetime | None


class OrderLinePart(_Part):
    """A line as the marketplace shows it; open units are quantity less cancelled less shipped."""

    order_line_id: str
    line_number: int
    sku: str
    title: str
    state: str
    quantity: int
    cancelled_quantity: int
    refunded_quantity: int
    unit_price_amount: Decimal
    price_amount: Decimal
    shipping_amount: Decimal
    commission_amount: Decimal  # with its VAT
    commission_vat_amount: Decimal
    cancelled_amount: Decimal
    refunded_amount: Decimal
    cancelled_shipping_amount: Decimal = Decimal(0)  # the part of cancelled_amount that is shipping
    refunds: tuple[RefundPart, ...] = ()


class OrderPlaced(Event):
    """The marketplace showed us an order for the first time. `is_adopted`: placed before we took over."""

    kind: ClassVar[str] = "order.placed"
    order_id: str
    commercial_id: str
    state: str
    placed_at: datetime
    changed_at: datetime
    accepted_at: datetime | None
    debited_at: datetime | None
    shipping_deadline_at: datetime | None
    currency: str
    tax_mode: str
    line_count: int
    unit_count: int
    price_amount: Decimal
    shipping_amount: Decimal
    total_amount: Decimal
    commission_amount: Decimal
    shipping_type: str
    seller_reference: str
    has_incident: bool
    has_address: bool
    carrier_code: str
    tracking: str
    is_before_start: bool
    lines: tuple[OrderLinePart, ...]
    shipping_zone: str = ""

    @property
    def natural_key(self) -> str:
        """Placed or changed, the same words are the same event: the overlap of two looks shows them twice."""
        return f"order/{self.order_id}/{self.happened_at.isoformat()}/{self.content()}"

    @property
    def subject(self) -> str:
        return self.order_id

    @property
    def about_order(self) -> str:
        return self.order_id


class OrderChanged(OrderPlaced):
    """The marketplace showed an order we know in another form."""

    kind: ClassVar[str] = "order.changed"


class MisfitPart(_Part):
    """A field of an address the ERP does not take: its name and lengths, never its text."""

    part: str  # ship_to or bill_to
    field: str
    length: int
    fits: int  # 0: missing, or of a form the ERP does not take


class OrderHeld(Event):
    """An order cannot go on; `cause` is what to mend (a SKU, a mapping key), `reason` the kind of trouble."""

    kind: ClassVar[str] = "order.held"
    order_id: str
    reason: str
    cause: str
    detail: str
    misfits: tuple[MisfitPart, ...] = ()

    @property
    def subject(self) -> str:
        return self.order_id

    @property
    def about_order(self) -> str:
        return self.order_id


class OrderReleased(Event):
    """What held an order is mended."""

    kind: ClassVar[str] = "order.released"
    order_id: str

    @property
    def subject(self) -> str:
        return self.order_id

    @property
    def about_order(self) -> str:
        return self.order_id


class SalesLinePart(_Part):
    """A line of a sales order as the ERP has it."""

    line_number: int
    order_line_id: str
    sku_key: str
    ordered_quantity: int
    open_quantity: int
    picked_quantity: int
    shipped_quantity: int
    cancelled_quantity: int
    cancel_kind: str
    unit_price_amount: Decimal | None


class SalesOrderRead(Event):
    """BlueCherry showed a sales order of ours: only now does it count as being in the ERP."""

    kind: ClassVar[str] = "sales_order.read"
    ord_num: str
    order_id: str
    division: str
    warehouse: str
    ship_via: str
    raw_status: str
    status: str
    entered_at: datetime
    changed_at: datetime
    changed_by: str
    revision: int
    lines: tuple[SalesLinePart, ...]
    starts_from_at: datetime | None = None  # BlueCherry's start and cancel days, each from its first moment
    starts_until_at: datetime | None = None  # up to but not including this one
    cancels_from_at: datetime | None = None
    cancels_until_at: datetime | None = None
    shipping_amount: Decimal | None = None
    address_changes: tuple[str, ...] | None = None  # fields that differ from what we sent; none: not compared

    @property
    def subject(self) -> str:
        return self.ord_num

    @property
    def about_order(self) -> str:
        return self.order_id


# -- intents -----------------------------------------------------------------------------------


class IntentRecorded(Event):
    """We are about to do something outside. Written before the call."""

    kind: ClassVar[str] = "intent.recorded"
    intent_id: UUID
    intent_kind: str
    intent_subject: str
    order_id: str = ""
    payload: dict[str, Any]

    @property
    def subject(self) -> str:
        return self.intent_subject

    @property
    def about_order(self) -> str:
        return self.order_id

    @property
    def natural_key(self) -> str:
        return f"intent/{self.intent_id}"


class _IntentSettled(Event):
    intent_id: UUID
    intent_kind: str
    intent_subject: str
    order_id: str = ""
    reference: str = ""
    code: str = ""
    message: str = ""

    @property
    def subject(self) -> str:
        return self.intent_subject

    @property
    def about_order(self) -> str:
        return self.order_id


class IntentConfirmed(_IntentSettled):
    """It happened; `reference` is what the outside system calls it."""

    kind: ClassVar[str] = "intent.confirmed"


class IntentRefused(_IntentSettled):
    """It did not happen, for certain; `code` and `message` are the outside system's."""

    kind: ClassVar[str] = "intent.refused"


class IntentUnclear(_IntentSettled):
    """It may have happened: it is looked up before anything else is done about it."""

    kind: ClassVar[str] = "intent.unclear"


# -- dispatch ----------------------------------------------------------------------------------


class CartonPart(_Part):
    """A parcel: label, tracking number, units per marketplace line."""

    carton: str
    tracking: str
    quantities: dict[str, int]


class ShipmentPosted(Event):
    """BlueCherry posted (or changed, or voided) a shipment of one of our orders."""

    kind: ClassVar[str] = "shipment.posted"
    ship_id: str
    ord_num: str
    order_id: str
    warehouse: str
    ship_via: str
    shipped_at: datetime
    changed_at: datetime
    is_voided: bool
    cartons: tuple[CartonPart, ...]

    @property
    def subject(self) -> str:
        return self.ship_id

    @property
    def about_order(self) -> str:
        return self.order_id


class ShipmentHeld(Event):
    """A shipment cannot be confirmed; `cause` is what to mend. An empty reason lifts the hold."""

    kind: ClassVar[str] = "shipment.held"
    ship_id: str
    order_id: str
    reason: str
    cause: str
    detail: str

    @property
    def subject(self) -> str:
        return self.ship_id

    @property
    def about_order(self) -> str:
        return self.order_id


# -- stock and catalogue -----------------------------------------------------------------------


class CatalogueRead(Event):
    """SKUs that changed were stored as series `sku_rows` under `read_id`."""

    kind: ClassVar[str] = "catalogue.read"
    read_id: UUID
    sku_count: int
    changed_count: int

    @property
    def subject(self) -> str:
        return "catalogue"

    @property
    def natural_key(self) -> str:
        return f"catalogue/{self.read_id}"


class OffersRead(Event):
    """Offers that changed were stored as series `offer_rows` under `read_id`."""

    kind: ClassVar[str] = "offers.read"
    read_id: UUID
    offer_count: int
    changed_count: int

    @property
    def subject(self) -> str:
        return "offers"

    @property
    def natural_key(self) -> str:
        return f"offers/{self.read_id}"


class StockBatchSeen(Event):
    """BlueCherry shows a stock batch, in whatever state it is."""

    kind: ClassVar[str] = "stock_batch.seen"
    batch_id: str
    batch_kind: str
    state: str
    as_of: datetime
    started_at: datetime | None
    completed_at: datetime | None
    row_count: int | None
    next_expected_at: datetime | None

    @property
    def subject(self) -> str:
        return self.batch_id


class FindingPart(_Part):
    """Something odd about a batch: its code (`sync.rules.batch_checks`), how many rows, and a sentence."""

    code: str
    count: int
    detail: str


class StockBatchRead(Event):
    """A complete batch was read and passed its checks; changed rows are series `stock_rows` under `read_id`."""

    kind: ClassVar[str] = "stock_batch.read"
    batch_id: str
    read_id: UUID
    batch_kind: str
    as_of: datetime
    row_count: int
    changed_count: int
    problems: tuple[str, ...] = ()
    findings: tuple[FindingPart, ...] = ()

    @property
    def subject(self) -> str:
        return self.batch_id


class StockBatchRejected(Event):
    """A batch failed its checks and was not used."""

    kind: ClassVar[str] = "stock_batch.rejected"
    batch_id: str
    reason: str
    detail: str

    @property
    def subject(self) -> str:
        return self.batch_id


class StockBatchHeld(StockBatchRejected):
    """A FULL batch is whole, but too odd to be used before a person has said so."""

    kind: ClassVar[str] = "stock_batch.held"
    findings: tuple[FindingPart, ...] = ()


class StockBatchJudged(Event):
    """A person accepted or rejected a held batch, and why."""

    kind: ClassVar[str] = "stock_batch.judged"
    batch_id: str
    verdict: str  # accept or reject
    why: str

    @property
    def subject(self) -> str:
        return self.batch_id


class StockTermsChanged(Event):
    """Under which terms quantities are computed from now on: batch, warehouses, caution for the batch's age."""

    kind: ClassVar[str] = "stock_terms.changed"
    batch_id: str
    batch_at: datetime
    due_at: datetime | None  # when the next batch should be complete
    due_from: str  # who says so: erp, timetable; empty: nobody
    degraded: str  # empty, aged or overaged
    degraded_at: datetime | None
    overaged_at: datetime  # when the batch is, or will be, too old for thin SKUs
    buffer_factor: Decimal
    thin_units: int  # SKUs with a base below it are not listed; 0: none
    is_frozen: bool  # nothing rises
    warehouses: tuple[str, ...]
    clamps_warehouses: bool
    clock_skew_seconds: int
    deducts_open_orders: bool  # the batch itself takes open sales orders off
    deducts_sales: bool  # the marketplace takes its own sales off the offer

    @property
    def subject(self) -> str:
        return "stock"


class BufferPolicySet(Event):
    """From a day on a level and key has this policy; a member left open is as the level above says."""

    kind: ClassVar[str] = "buffer_policy.set"
    level: str
    key: str
    from_on: date
    is_removed: bool = False  # from that day the level says nothing for the key
    percent: Decimal | None = None
    units: int | None = None
    combine: str | None = None
    risk: str | None = None
    alpha: Decimal | None = None
    oversell_cost_amount: Decimal | None = None
    minimum: int | None = None
    maximum: int | None = None
    why: str = ""

    @property
    def subject(self) -> str:
        return f"{self.level}/{self.key}/{self.from_on.isoformat()}"


class OrphansReleased(Event):
    """A person allowed so many offers without a SKU to be set to zero at once."""

    kind: ClassVar[str] = "orphans.released"
    offer_count: int
    why: str

    @property
    def subject(self) -> str:
        return "orphans"


class StockCompared(Event):
    """What the marketplace shows was compared with what it should; what differs is series `comparison_rows`."""

    kind: ClassVar[str] = "stock.compared"
    read_id: UUID
    read_from: datetime  # the reading of the offers began
    read_until: datetime
    orders_at: datetime  # sales are known up to this moment
    compared_count: int
    different_count: int
    skipped_count: int  # never sent, or sent or on its way during the reading

    @property
    def subject(self) -> str:
        return "stock"

    @property
    def natural_key(self) -> str:
        return f"stock.compared/{self.read_id}"


class ImportFinished(Event):
    """A stock import reached its end at the marketplace."""

    kind: ClassVar[str] = "import.finished"
    import_id: str
    push_id: UUID
    state: str
    success_count: int
    error_count: int
    errors: dict[str, str]

    @property
    def subject(self) -> str:
        return self.import_id


# -- money -------------------------------------------------------------------------------------


class TransactionsRead(Event):
    """Ledger rows that are new or changed were stored as series `transaction_rows` under `read_id`."""

    kind: ClassVar[str] = "transactions.read"
    read_id: UUID
    row_count: int
    changed_count: int

    @property
    def subject(self) -> str:
        return "transactions"

    @property
    def natural_key(self) -> str:
        return f"transactions/{self.read_id}"


class PayoutSeen(Event):
    """The marketplace shows a billing cycle."""

    kind: ClassVar[str] = "payout.seen"
    cycle_id: str
    closed_at: datetime
    currency: str
    amount: Decimal
    state: str
    voucher: str
    paid_at: datetime | None

    @property
    def subject(self) -> str:
        return self.cycle_id


class InvoiceRead(Event):
    """BlueCherry shows an invoice of one of our orders."""

    kind: ClassVar[str] = "invoice.read"
    invoice_number: str
    ord_num: str
    order_id: str
    invoiced_at: datetime
    currency: str
    total_amount: Decimal
    tax_amount: Decimal
    shipping_amount: Decimal

    @property
    def subject(self) -> str:
        return self.invoice_number

    @property
    def about_order(self) -> str:
        return self.order_id


# -- the house itself --------------------------------------------------------------------------


class MarketplaceDescribed(Event):
    """What the marketplace says of our shop and of what its operator switched on."""

    kind: ClassVar[str] = "marketplace.described"
    topic: str  # account, rules, carriers, shipping_types, reasons, warehouses, ship_vias
    value: Any

    @property
    def subject(self) -> str:
        return self.topic


class MappingSet(Event):
    """A person (or the settings, at first start) said what a code means on the other side; empty: removed."""

    kind: ClassVar[str] = "mapping.set"
    mapping: str
    key: str
    value: str
    why: str = ""
    from_on: date | None = None  # London's day it holds from; none: from the first start on

    @property
    def subject(self) -> str:
        since = f"/{self.from_on.isoformat()}" if self.from_on else ""
        return f"{self.mapping}/{self.key}{since}"


class RunFinished(Event):
    """A flow's run ended: succeeded, deferred (not allowed yet), previewed, stopped (by us) or failed."""

    kind: ClassVar[str] = "run.finished"
    run_id: UUID
    flow: str
    state: str
    started_at: datetime
    counts: dict[str, int]
    message: str
    due_at: datetime | None
    calls: dict[str, int]

    @property
    def subject(self) -> str:
        return self.flow

    @property
    def natural_key(self) -> str:
        return f"run/{self.run_id}"


class CommandTaken(Event):
    """The worker took up a command."""

    kind: ClassVar[str] = "command.taken"
    command_id: UUID
    command: str
    role: str
    role_from: str
    arguments: dict[str, Any]
    is_approver: bool = False

    @property
    def subject(self) -> str:
        return str(self.command_id)

    @property
    def natural_key(self) -> str:
        return f"command.taken/{self.command_id}"


class CommandProgressed(Event):
    """A long command got further."""

    kind: ClassVar[str] = "command.progressed"
    command_id: UUID
    message: str

    @property
    def subject(self) -> str:
        return str(self.command_id)


class CommandFinished(Event):
    """A command ended: done, refused (with why) or failed."""

    kind: ClassVar[str] = "command.finished"
    command_id: UUID
    state: str
    message: str
    answer: dict[str, Any]

    @property
    def subject(self) -> str:
        return str(self.command_id)

    @property
    def natural_key(self) -> str:
        return f"command.finished/{self.command_id}"


class ExceptionOpened(Event):
    """Something is wrong that needs a person (or time)."""

    kind: ClassVar[str] = "exception.opened"
    exception_id: UUID
    exception_kind: str
    exception_subject: str
    order_id: str = Field(default="", exclude=True)
    cause: str
    detail: str
    amount: Decimal | None
    currency: str
    deadline_at: datetime | None
    since_at: datetime

    @property
    def subject(self) -> str:
        return f"{self.exception_kind}/{self.exception_subject}"

    @property
    def about_order(self) -> str:
        return self.order_id


class ExceptionChanged(ExceptionOpened):
    """What is wrong changed its cause, amount or deadline."""

    kind: ClassVar[str] = "exception.changed"


class ExceptionClosed(ExceptionOpened):
    """It is not wrong any more."""

    kind: ClassVar[str] = "exception.closed"


class ExceptionHandled(Event):
    """A person assigned, snoozed, noted or accepted an exception.

    Snoozed until a moment, or until something happens (`until_event`: change, batch or payout), or until whichever
    is first.
    """

    kind: ClassVar[str] = "exception.handled"
    exception_id: UUID
    action: str
    owner: str = ""
    until_at: datetime | None = None
    note: str = ""
    until_event: str = ""

    @property
    def subject(self) -> str:
        return str(self.exception_id)


class PersonalPurged(Event):
    """Personal data of orders placed before a moment was deleted."""

    kind: ClassVar[str] = "personal.purged"
    before_at: datetime
    order_count: int

    @property
    def subject(self) -> str:
        return "personal"


class StoreRestored(Event):
    """The store was put back from a backup: nothing is created outside until all is seen again."""

    kind: ClassVar[str] = "store.restored"
    backup_at: datetime

    @property
    def subject(self) -> str:
        return "store"
