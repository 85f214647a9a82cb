"""What the flows need of the ERP, in our words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import polars as pl

from sync.ports.shared import Address, Code, Page


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
    size_bucket: int | None = None  # 1 to 24, of its size range; None: the ERP does not say

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
class WorkOrderLine:
    """What is still expected of a SKU; the ERP names it here without its division."""

    style: str
    color_code: str
    label: str
    dimension: str
    size: str
    warehouse: str
    quantity: int


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """Goods ordered from a maker; `stage` is the ERP's number, `due_on` the beginning of its day."""

    work_order_id: str
    stage: str
    due_on: datetime | None
    updated_at: datetime
    lines: tuple[WorkOrderLine, ...]


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
    tax_amount: Decimal | None = None


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
    discount_amount: Decimal | None = None  # off the whole order
    tax_amount: Decimal | None = None  # its own; lines have theirs
    currency: str = ""  # empty: not told
    ship_to: Address | None = field(default=None, repr=False)  # None: none, more than one, or not told
    ship_to_count: int | None = None  # delivery addresses it has; None: it does not tell addresses
    bill_to: Address | None = field(default=None, repr=False)  # as `ship_to`
    bill_to_count: int | None = None


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
    "is_unread": pl.Boolean,  # a quantity that decides something was given and is no number
}
SIZE_BUCKETS = tuple(f"size{number:02}" for number in range(1, 25))
# Columns of a page whose rows are of one kind of transaction (`rec_type`) in every size of a style and colour, in
# this order; null where the ERP gave none. Of a row without its key all that make the key are null.
WIDE_INVENTORY_COLUMNS: dict[str, Any] = {
    **dict.fromkeys(
        ("division", "style", "color_code", "label", "dimension", "location", "lot", "rec_type"), pl.String
    ),
    **dict.fromkeys(SIZE_BUCKETS, pl.Int64),
    "unread": pl.List(pl.Int64),  # the buckets of which a quantity was given and is no number
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
        """Rows of a batch, frame by frame: each with INVENTORY_COLUMNS, or with WIDE_INVENTORY_COLUMNS.

        A page with rows of both forms comes as a frame of each.
        """
        ...

    def work_orders(self, *, updated_from: datetime | None = None) -> Iterator[Page[WorkOrder]]:
        """What is still expected of makers; of those received nothing is."""
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
