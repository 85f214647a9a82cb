"""The vocabulary of the catalogue and of stock: what can be sold, and what each system says there is.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from store.events.base import Event, Part


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


class FindingPart(Part):
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


class StockBatchAgreed(Event):
    """All offers were decided on a batch, and nothing was to send: what was listed agrees with it."""

    kind: ClassVar[str] = "stock_batch.agreed"
    batch_id: str

    @property
    def subject(self) -> str:
        return self.batch_id


class WorkOrderLinePart(Part):
    """What is still expected of a SKU, which BlueCherry names here without its division."""

    style: str
    color_code: str
    label: str
    dimension: str
    size: str
    warehouse: str
    quantity: int


class WorkOrderRead(Event):
    """Goods are ordered from a maker, or were received."""

    kind: ClassVar[str] = "work_order.read"
    work_order_id: str
    stage: str
    due_on: datetime | None  # the beginning of BlueCherry's day
    changed_at: datetime
    lines: tuple[WorkOrderLinePart, ...]

    @property
    def subject(self) -> str:
        return self.work_order_id


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
    deducts_open_orders: bool  # open sales orders are off the figures of the batch, all of them
    deducts_sales: bool  # the marketplace takes its own sales off the offer
    # held back where no policy says otherwise; none: from before it was written down
    percent: Decimal | None = None
    units: int | None = None
    combine: str | None = None
    risk: str | None = None
    alpha: Decimal | None = None
    oversell_cost_amount: Decimal | None = None
    minimum: int | None = None
    maximum: int | None = None  # none: no cap
    refused_warehouses: tuple[str, ...] = ()  # allowed, but no place to sell from: not counted
    awaited_lots: tuple[
        str, ...
    ] = ()  # held by the settings since the newest FULL batch was read: they still count

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
    """A stock import reached its end at the marketplace, or a person no longer waits for it: the actor, and why."""

    kind: ClassVar[str] = "import.finished"
    import_id: str
    push_id: UUID
    state: str  # complete, failed, unproven (it ended; which lines were refused is not known) or lost (given up)
    success_count: int
    error_count: int
    errors: dict[str, str]
    why: str = ""  # given up

    @property
    def subject(self) -> str:
        return self.import_id
