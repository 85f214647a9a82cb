"""The pretend ERP's books: invoices of what was shipped, journals that are posted later, periods that close.

The law: a journal balances to the penny and its period is open, or it is refused; once taken it is never
changed. A second journal with the same ``batch_ref`` is one more journal, unless the switch says otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.sandbox.bluecherry_documents import (
    ErpRefusalError,
    OrderLine,
    SalesOrder,
    money,
    rows_of,
    text,
)
from sync.sandbox.bluecherry_orders import OrderBook
from sync.sandbox.bluecherry_parcels import Shipment
from sync.sandbox.bluecherry_time import local_text, read_date, server_day, utc_text

if TYPE_CHECKING:
    from sync.sandbox.world import World

COMPANY = "NORTHMOOR"
CLOSES_ON_DAY = 8
"""A month is closed at the start of this day of the next month."""

CHART = {
    "1010": "Bank, pounds sterling",
    "1200": "Trade receivable, John Lewis Marketplace",
    "1210": "Marketplace clearing",
    "1220": "Marketplace reserve",
    "1230": "Marketplace disputed amounts",
    "1300": "Recoverable input VAT",
    "2100": "Accrued marketplace fees",
    "2200": "Output VAT",
    "4000": "Sales",
    "4010": "Shipping income",
    "4100": "Refunds and allowances",
    "6100": "Marketplace commission",
    "6110": "Marketplace subscription",
    "6120": "Marketplace penalties",
    "6130": "Marketplace other fees",
    "6900": "Rounding differences",
    "9990": "Suspense",
}
_PENNY = Decimal("0.01")


@dataclass(slots=True)
class Invoice:
    """What one shipment was invoiced at; posts revenue and VAT by itself."""

    pkey: int
    inv_num: str
    invoiced_at: datetime
    shipment: Shipment
    units: list[tuple[OrderLine, int, Decimal]]
    freight: Decimal
    discount: Decimal  # of what is taken off the whole sales order

    def header(self) -> dict[str, Any]:
        order: SalesOrder = self.shipment.pick.order
        tax = sum((_share(line.tax, units, line.qty) for line, units, _ in self.units), Decimal(0))
        goods = sum((price * units for _, units, price in self.units), Decimal(0))
        return {
            "pkey": self.pkey,
            "inv_num": self.inv_num,
            "inv_date": local_text(self.invoiced_at),
            "ord_num": order.ord_num,
            "pick_num": self.shipment.pick.pick_num,
            "po_num": order.po_num,
            "customer": order.customer,
            "division": order.division,
            "curr_code": order.curr_code,
            "frgt_amt": str(self.freight.quantize(_PENNY)),
            "tax_amt": str(tax),
            "disc_amt": str(self.discount),
            "total": str((goods + self.freight - self.discount).quantize(_PENNY)),
            "status": "POSTED",
            "last_mod": local_text(self.invoiced_at),
        }

    def children(self) -> dict[str, Any]:
        rows = [
            {
                "line_seq": line.line_seq,
                "ext_line_id": line.ext_line_id,
                **line.sku_members(),
                "qty": units,
                "price": str(price),
                "disc_amt": "0.00",
                "tax_amt": str(_share(line.tax, units, line.qty)),
                "amount": str((price * units).quantize(_PENNY)),
            }
            for line, units, price in self.units
        ]
        return {"detail": {"rows": rows}}


@dataclass(slots=True)
class Journal:
    """A journal as it was sent, and when it is posted."""

    pkey: int
    gl_batch: str
    document: dict[str, Any]
    received_at: datetime
    visible_at: datetime
    posted_at: datetime

    def as_wire(self, now: datetime) -> dict[str, Any]:
        is_posted = now >= self.posted_at
        return {
            **{name: value for name, value in self.document.items() if name != "lines"},
            "pkey": self.pkey,
            "gl_batch": self.gl_batch,
            "status": "POSTED" if is_posted else "PENDING",
            "last_mod": local_text(self.posted_at if is_posted else self.received_at),
        }

    def children(self) -> dict[str, Any]:
        return {"lines": {"rows": rows_of(self.document, "lines")}}


class Books:
    """Invoices, journals and the period calendar."""

    def __init__(self, world: "World", book: OrderBook) -> None:
        self.world = world
        self.book = book
        self.invoices: list[Invoice] = []
        self.journals: list[Journal] = []
        self.refuse_duplicates = False
        self._closed_by_hand: set[str] = set()
        self._freight_invoiced: set[str] = set()
        self._discounted: dict[str, Decimal] = {}  # so far, by sales order

    # -- invoices ----------------------------------------------------------------------------

    def expect_invoice(self, shipment: Shipment) -> None:
        """A shipment is invoiced some hours after it left."""
        hours = self.world.rng("bluecherry invoices").uniform(1, 7)
        self.world.schedule(self.world.now + timedelta(hours=hours), lambda: self._invoice(shipment))

    def _invoice(self, shipment: Shipment) -> None:
        if shipment.voided:
            return
        order = shipment.pick.order
        # Shipping is charged once for an order, with its first invoice.
        freight = Decimal(0) if order.ord_num in self._freight_invoiced else order.freight
        self._freight_invoiced.add(order.ord_num)
        units = [(line, count, line.price) for line, count in shipment.pick.units]
        for line, count, _ in units:
            line.invoiced += count
        number = f"INV{len(self.invoices) + 1:07d}"
        discount = self._discount(order)
        self.invoices.append(
            Invoice(self.book.next_pkey(), number, self.world.now, shipment, units, freight, discount)
        )
        self.book.settle_status(order)
        order.touch(self.world.now)

    def _discount(self, order: SalesOrder) -> Decimal:
        """What is taken off now: of the order's discount the share of all goods invoiced so far, less what was."""
        wanted = sum((line.price * (line.qty - line.cancelled) for line in order.lines), Decimal(0))
        invoiced = sum((line.price * line.invoiced for line in order.lines), Decimal(0))
        given = self._discounted.get(order.ord_num, Decimal("0.00"))
        due = (order.discount * invoiced / wanted).quantize(_PENNY) if wanted else given
        self._discounted[order.ord_num] = due
        return due - given

    # -- periods -----------------------------------------------------------------------------

    def is_closed(self, period: str) -> bool:
        closes = _first_of_next(date.fromisoformat(f"{period}-01")) + timedelta(days=CLOSES_ON_DAY - 1)
        return period in self._closed_by_hand or server_day(self.world.now) >= closes

    def close_period(self) -> str:
        """Close the oldest period still open, now."""
        period = next(name for name in self._recent_periods() if not self.is_closed(name))
        self._closed_by_hand.add(period)
        return period

    def _recent_periods(self) -> Iterator[str]:
        today = server_day(self.world.now)
        month = date(today.year - 1, today.month, 1)
        for _ in range(24):
            yield f"{month:%Y-%m}"
            month = _first_of_next(month)

    def periods(self) -> list[dict[str, Any]]:
        return [
            {"pkey": number, "period": name, "status": "CLOSED" if self.is_closed(name) else "OPEN"}
            for number, name in enumerate(self._recent_periods(), start=1)
        ]

    # -- journals ----------------------------------------------------------------------------

    def post(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Take a journal for posting, or raise the refusal."""
        self._check(document)
        rng = self.world.rng("bluecherry journals")
        now = self.world.now
        journal = Journal(
            pkey=self.book.next_pkey(),
            gl_batch=f"GL{len(self.journals) + 1:06d}",
            document=dict(document),
            received_at=now,
            visible_at=now + timedelta(minutes=rng.uniform(1, 10)),
            posted_at=now + timedelta(minutes=rng.uniform(5, 25)),
        )
        self.journals.append(journal)
        return {"pkey": journal.pkey, "gl_batch": journal.gl_batch, "status": "PENDING", "errors": []}

    def _check(self, document: Mapping[str, Any]) -> None:
        for name in ("company", "batch_ref", "period", "post_date", "curr_code"):
            if not text(document, name):
                raise ErpRefusalError("UNBALANCED_JOURNAL", f"{name} is required", where=name)
        if text(document, "curr_code") != "GBP":
            raise ErpRefusalError("CURRENCY_MISMATCH", text(document, "curr_code"), where="curr_code")
        period = text(document, "period")
        first = read_date(f"{period}-01")
        is_period = first is not None and f"{first:%Y-%m}" == period
        if not is_period or read_date(text(document, "post_date")) is None:
            raise ErpRefusalError("INVALID_DATE", f"{period}, {text(document, 'post_date')}", where="period")
        if self.is_closed(period):
            raise ErpRefusalError("CLOSED_PERIOD", f"period {period} is closed", where="period")
        batch_ref = text(document, "batch_ref")
        if self.refuse_duplicates and any(
            text(known.document, "batch_ref") == batch_ref for known in self.journals
        ):
            raise ErpRefusalError("DUPLICATE_JOURNAL_REF", batch_ref, status=409, where="batch_ref")
        lines = rows_of(document, "lines")
        debited = credited = Decimal(0)
        for number, line in enumerate(lines, start=1):
            if text(line, "account") not in CHART:
                raise ErpRefusalError("UNKNOWN_ACCOUNT", text(line, "account"), where="account", line_seq=number)
            debit, credit = money(line, "debit"), money(line, "credit")
            is_sound = min(debit, credit) == 0 < max(debit, credit) and (debit + credit) % _PENNY == 0
            if not is_sound:
                raise ErpRefusalError("UNBALANCED_JOURNAL", "debit or credit", where="debit", line_seq=number)
            debited, credited = debited + debit, credited + credit
        if len(lines) < 2 or debited != credited:
            raise ErpRefusalError("UNBALANCED_JOURNAL", f"debits {debited}, credits {credited}", where="lines")

    def visible_journals(self) -> Iterator[Journal]:
        return (journal for journal in self.journals if journal.visible_at <= self.world.now)

    def state(self) -> list[dict[str, Any]]:
        return [
            {
                **journal.as_wire(self.world.now),
                **journal.children(),
                "received_at": utc_text(journal.received_at),
            }
            for journal in self.journals
        ]


def _share(amount: Decimal, units: int, of_units: int) -> Decimal:
    return (amount * units / of_units).quantize(_PENNY)


def _first_of_next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
