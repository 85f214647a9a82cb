"""Goods that come back to the pretend ERP: return authorisations, receipts at the returns bench, credit memos.

The law: nothing is received that was not authorised, and never more than came; what was received lies at the
returns bench, where it is not for sale. A second authorisation of the same return is taken like any document:
nothing is refused for having been sent before. A credit memo follows the receipt by some hours.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.sandbox.bluecherry_documents import ErpRefusalError, OrderLine, SalesOrder, read_quantity, rows_of, text
from sync.sandbox.bluecherry_orders import VISIBLE_AFTER_MINUTES, OrderBook
from sync.sandbox.bluecherry_time import local_text, next_working, utc_text

if TYPE_CHECKING:
    from sync.sandbox.world import World

BENCH = "RET"
_CREDITED_AFTER_HOURS = (1.0, 6.0)


@dataclass(slots=True)
class ReturnLine:
    """Units of a sales order line that may come back."""

    line_seq: int
    sold: OrderLine
    qty: int
    received: int = 0

    def as_wire(self) -> dict[str, Any]:
        """A row of the document."""
        return {
            "line_seq": self.line_seq,
            **self.sold.sku_members(),
            "ext_line_id": self.sold.ext_line_id,
            "price": str(self.sold.price),
            "qty": self.qty,
            "qty_received": self.received,
        }


@dataclass(slots=True)
class ReturnOrder:
    """A return authorisation."""

    pkey: int
    ret_num: str
    order: SalesOrder
    ref_num2: str
    aux_ref_num: str
    reason: str
    lines: list[ReturnLine]
    entered_at: datetime
    visible_at: datetime
    last_mod: datetime
    status: str = "10"
    is_closed: bool = False

    def header(self) -> dict[str, Any]:
        """What a reader sees of it first."""
        return {
            "pkey": self.pkey,
            "ret_num": self.ret_num,
            "ret_status": self.status,
            "division": self.order.division,
            "customer": self.order.customer,
            "ord_num": self.order.ord_num,
            "po_num": self.order.po_num,
            "ref_num2": self.ref_num2,
            "aux_ref_num": self.aux_ref_num,
            "reason": self.reason,
            "location": BENCH,
            "closed": "Y" if self.is_closed else "N",
            "entered_at": local_text(self.entered_at),
            "last_mod": local_text(self.last_mod),
        }

    def children(self) -> dict[str, Any]:
        """Its lines."""
        return {"detail": {"rows": [line.as_wire() for line in self.lines]}}


@dataclass(slots=True)
class CreditMemo:
    """What the house owes for goods that came back."""

    pkey: int
    memo_num: str
    returned: ReturnOrder
    rows: list[tuple[OrderLine, int, Decimal]]
    issued_at: datetime
    freight: Decimal

    @property
    def total(self) -> Decimal:
        """Goods at the price of the sales order, and its freight where all of it came back."""
        return sum((price * units for _, units, price in self.rows), Decimal(0)) + self.freight

    def header(self) -> dict[str, Any]:
        """What a reader sees of it first."""
        return {
            "pkey": self.pkey,
            "memo_num": self.memo_num,
            "memo_date": local_text(self.issued_at),
            "ret_num": self.returned.ret_num,
            "ord_num": self.returned.order.ord_num,
            "po_num": self.returned.order.po_num,
            "customer": self.returned.order.customer,
            "curr_code": self.returned.order.curr_code,
            "frgt_amt": str(self.freight),
            "total": str(self.total),
            "last_mod": local_text(self.issued_at),
        }

    def children(self) -> dict[str, Any]:
        """Its lines."""
        return {
            "detail": {
                "rows": [
                    {
                        "ext_line_id": line.ext_line_id,
                        "qty": units,
                        "price": str(price),
                        "amount": str(price * units),
                    }
                    for line, units, price in self.rows
                ]
            }
        }


class ReturnBook:
    """Every return authorisation, what stands at the door without one, and every credit memo."""

    def __init__(self, world: "World", book: OrderBook) -> None:
        self.world = world
        self.book = book
        self.returns: list[ReturnOrder] = []
        self.memos: list[CreditMemo] = []
        self.bench: dict[str, int] = {}  # units at the returns bench, by shop SKU
        self._at_the_door: dict[tuple[str, str], int] = {}
        self._arrived: set[tuple[str, str]] = set()
        self._freight_credited: set[str] = set()

    def create(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Keep one return authorisation, or raise the refusal."""
        order = self.book.by_ord_num.get(text(document, "ord_num"))
        if order is None or order.visible_at > self.world.now:
            raise ErpRefusalError("ORDER_NOT_FOUND", text(document, "ord_num"), status=404, where="ord_num")
        lines: list[ReturnLine] = []
        for number, row in enumerate(rows_of(document, "detail"), start=1):
            sold = order.line(ext_line_id=text(row, "ext_line_id"))
            if sold is None:
                raise ErpRefusalError("ORDER_NOT_FOUND", "no such line", status=404, where="ext_line_id")
            units = read_quantity(row.get("qty"), number)
            if units > sold.shipped:
                raise ErpRefusalError("INVALID_QTY", f"{sold.shipped} were shipped", where="qty", line_seq=number)
            lines.append(ReturnLine(number, sold, units))
        if not lines:
            raise ErpRefusalError("INVALID_QTY", "the return has no line", where="detail")
        now, number = self.world.now, len(self.returns) + 1
        low, high = VISIBLE_AFTER_MINUTES
        # Chance is drawn from the document itself: two callers in a race meet the same fates.
        fate = hashlib.sha256(f"{self.world.seed}:{text(document, 'ref_num2')}:{number}".encode()).digest()[0] / 256
        kept = ReturnOrder(
            pkey=800_000 + number, ret_num=f"R{number:06d}", order=order, ref_num2=text(document, "ref_num2"),
            aux_ref_num=text(document, "aux_ref_num"), reason=text(document, "reason"), lines=lines, entered_at=now,
            visible_at=now + timedelta(minutes=low + (high - low) * fate), last_mod=now,
        )  # fmt: skip
        self.returns.append(kept)
        self.world.schedule(kept.visible_at, lambda: self._became_visible(kept))
        return {"pkey": kept.pkey, "ret_num": kept.ret_num, "ret_status": kept.status, "created": True}

    def cancel(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Expect nothing of an authorisation any more, or raise the refusal."""
        ret_num = text(document, "ret_num")
        kept = next((one for one in self.visible() if one.ret_num == ret_num), None)
        if kept is None:
            raise ErpRefusalError("ORDER_NOT_FOUND", ret_num, status=404, where="ret_num")
        if kept.is_closed or any(line.received for line in kept.lines):
            raise ErpRefusalError("ORDER_LOCKED", "received or closed", status=409, where="ret_num")
        kept.status, kept.is_closed, kept.last_mod = "90", True, self.world.now
        return {"pkey": kept.pkey, "ret_num": ret_num, "ret_status": kept.status}

    def take_in_by_hand(self) -> None:
        """The bench takes a unit in, under an authorisation somebody typed: John Lewis has no return for it."""
        back = {one.order.ord_num for one in self.returns}
        # from the newest on: `refund_without_return` pays an oldest one back
        for order in reversed(list(self.book.visible())):
            line = next((line for line in order.lines if line.shipped), None)
            if line is not None and order.ord_num not in back:
                row = {"ext_line_id": line.ext_line_id, "qty": 1}
                self.create({"ord_num": order.ord_num, "reason": "BY_HAND", "detail": {"rows": [row]}})
                self.arrive("", line.ext_line_id, 1)
                return

    def _became_visible(self, kept: ReturnOrder) -> None:
        kept.last_mod = self.world.now
        self._put_away(kept)

    def arrive(self, return_id: str, line_id: str, units: int) -> None:
        """A parcel is at the door; it waits there for its authorisation. The same parcel comes once."""
        key = (return_id, line_id)
        if key in self._arrived:
            return
        self._arrived.add(key)
        self._at_the_door[key] = units
        for kept in self.visible():
            if kept.ref_num2 == return_id:
                self._put_away(kept)

    def _put_away(self, kept: ReturnOrder) -> None:
        """The warehouse counts what is there against the authorisation, in its working hours."""
        if not any((kept.ref_num2, line.sold.ext_line_id) in self._at_the_door for line in kept.lines):
            return
        at = self.world.now if self.world.live else next_working(self.world.now)
        self.world.schedule(at, lambda: self._receive(kept))

    def _receive(self, kept: ReturnOrder) -> None:
        if kept.is_closed:
            return
        rows: list[tuple[OrderLine, int, Decimal]] = []
        for line in kept.lines:
            units = min(self._at_the_door.pop((kept.ref_num2, line.sold.ext_line_id), 0), line.qty)
            if units:
                line.received += units
                name = line.sold.sku.shop_sku
                self.bench[name] = self.bench.get(name, 0) + units
                rows.append((line.sold, units, line.sold.price))
        if not rows:
            return
        kept.status, kept.is_closed, kept.last_mod = "20", True, self.world.now
        hours = self.world.rng("bluecherry returns").uniform(*_CREDITED_AFTER_HOURS)
        self.world.after(hours * 60, lambda: self._credit(kept, rows))

    def _credit(self, kept: ReturnOrder, rows: list[tuple[OrderLine, int, Decimal]]) -> None:
        number = len(self.memos) + 1
        order = kept.order
        back = sum(line.received for one in self.returns if one.order is order for line in one.lines)
        is_whole = back >= sum(line.shipped for line in order.lines) and order.ord_num not in self._freight_credited
        if is_whole:
            self._freight_credited.add(order.ord_num)
        freight = order.freight if is_whole else Decimal(0)
        self.memos.append(CreditMemo(900_000 + number, f"CM{number:06d}", kept, rows, self.world.now, freight))
        kept.status, kept.last_mod = "60", self.world.now

    def visible(self) -> Iterator[ReturnOrder]:
        """Authorisations readers can see now, oldest first."""
        return (kept for kept in self.returns if kept.visible_at <= self.world.now)

    def state(self) -> list[dict[str, Any]]:
        """The truth, what nobody can see yet included."""
        return [
            {
                "ret_num": kept.ret_num, "po_num": kept.order.po_num, "ord_num": kept.order.ord_num,
                "return_id": kept.ref_num2, "status": kept.status, "is_closed": kept.is_closed,
                "entered_at": utc_text(kept.entered_at),
                "lines": [
                    {"ext_line_id": line.sold.ext_line_id, "qty": line.qty, "qty_received": line.received}
                    for line in kept.lines
                ],
            }
            for kept in self.returns
        ]  # fmt: skip
