"""The vocabulary of orders: as they are sold, held and copied, judged while they wait, and counted.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from store.events.base import Event, Part


class RefundPart(Part):
    """A refund of (part of) a line at the marketplace, by its id; whoever gave it."""

    refund_id: str
    quantity: int
    amount: Decimal
    shipping_amount: Decimal
    reason_code: str
    state: str
    refunded_at: datetime | None


class OrderLinePart(Part):
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
    state_reason: str = ""
    cancelled_at: datetime | None = None  # when the last of its lines was cancelled, as far as that is told

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


class MisfitPart(Part):
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
    # what of it that was refused may be tried again, by kind of intent or kind/code; None: all of it
    frees: tuple[str, ...] | None = None

    @property
    def subject(self) -> str:
        return self.order_id

    @property
    def about_order(self) -> str:
        return self.order_id


class SalesLinePart(Part):
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
    discount_amount: Decimal | None = None  # off the whole order
    tax_amount: Decimal | None = None  # its own
    line_tax_amount: Decimal | None = None  # of its lines together
    currency: str | None = None
    customer: str | None = None  # the account it is under
    address_changes: tuple[str, ...] | None = None  # fields unlike what we sent, or none, several
    billing_changes: tuple[str, ...] | None = None  # as `address_changes`, of the billing address

    @property
    def subject(self) -> str:
        return self.ord_num

    @property
    def about_order(self) -> str:
        return self.order_id


class ScheduledLinePart(Part):
    """A line of a scheduled order: all that is wanted of it, and what of that is neither picked nor shipped."""

    sku_key: str
    wanted_quantity: int
    open_quantity: int


class ScheduledOrderRead(Event):
    """BlueCherry showed a sales order of another customer that ships on a later day than it was entered."""

    kind: ClassVar[str] = "scheduled_order.read"
    ord_num: str
    customer: str
    warehouse: str
    entered_at: datetime
    changed_at: datetime
    starts_at: datetime | None  # the beginning of BlueCherry's day; none: on no day any more
    cancels_at: datetime | None  # from here on it is not shipped any more
    open_quantity: int  # of all its lines
    lines: tuple[ScheduledLinePart, ...]

    @property
    def subject(self) -> str:
        return self.ord_num


class AcceptanceDecided(Event):
    """An order is to be accepted whatever its stock, but for the lines named, or refused; carried out once."""

    kind: ClassVar[str] = "acceptance.decided"
    order_id: str
    decision: str  # accept or refuse
    why: str
    refused_lines: tuple[str, ...] = ()  # of an order that is accepted

    @property
    def subject(self) -> str:
        return self.order_id

    @property
    def about_order(self) -> str:
        return self.order_id


class OrdersCounted(Event):
    """Orders placed on a London day, counted on both sides; where the counts differ, by name."""

    kind: ClassVar[str] = "orders.counted"
    day: date
    from_at: datetime  # counted from here,
    until_at: datetime  # up to but not including this moment
    is_closed: bool  # the day was over: all of it was counted, and every order of it was read again
    there_count: int
    here_count: int  # what we had before we read the day again
    missing: tuple[str, ...] = ()  # the marketplace shows them, we did not have them; read now
    unreadable: tuple[str, ...] = ()  # the marketplace shows them, and they cannot be read
    vanished: tuple[str, ...] = ()  # we have them, the marketplace does not show them any more
    outdated: tuple[str, ...] = ()  # we had them in an older state than we should have; read now
    more_count: int = 0  # differ as well, and are not named above: an event carries only so many

    @property
    def subject(self) -> str:
        return self.day.isoformat()
