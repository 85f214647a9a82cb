"""The pretend ERP's sales order book: created at once, seen only later, edited by people in between.

The law: stock is promised at the moment a document is taken, or kept apart until the day it is to start; readers
see the order minutes later. But for the switch, nothing is refused for having been sent before: a second order with
the same ``po_num`` is an order.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.sandbox.bluecherry_documents import (
    STATUS_NAMES,
    ErpRefusalError,
    OrderLine,
    SalesOrder,
    SkuIndex,
    check_header,
    money,
    read_addresses,
    read_dates,
    read_lines,
    read_quantity,
    text,
)
from sync.sandbox.bluecherry_stock import StockLedger
from sync.sandbox.bluecherry_time import day_begins, server_day, utc_text

if TYPE_CHECKING:
    from sync.sandbox.world import World

VISIBLE_AFTER_MINUTES = (1.0, 10.0)


class OrderBook:
    """Every sales order of the marketplace's account, and what could not be filled when it came."""

    def __init__(self, world: "World", stock: StockLedger) -> None:
        self.world = world
        self.stock = stock
        self.skus = SkuIndex(world.skus)
        self.orders: list[SalesOrder] = []
        self.by_ord_num: dict[str, SalesOrder] = {}
        self.by_po_num: dict[str, list[SalesOrder]] = {}
        self.oversold: list[dict[str, Any]] = []
        self.line_ids: set[str] = set()  # of the marketplace, whose stock is promised here
        self.refuse_duplicates = False
        self.is_stuck = False  # what is taken gets a number, and goes no further than an error queue
        self.stuck: list[SalesOrder] = []
        self.on_visible: Callable[[SalesOrder], None] = lambda _order: None
        self._pkey = 700_000
        self._next_number = 400_001

    def next_pkey(self) -> int:
        self._pkey += 1
        return self._pkey

    # -- taking documents --------------------------------------------------------------------

    def create(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Keep one document and promise its stock, or raise the refusal."""
        check_header(document)
        division, location = text(document, "division"), text(document, "location")
        po_num = text(document, "po_num")
        start_on, end_on = read_dates(document, server_day(self.world.now))
        addresses = read_addresses(document)
        lines = read_lines(document, division, self.skus, self._pkey)
        self._pkey += len(lines)
        if self.refuse_duplicates:
            self._refuse_second(division, location, text(document, "customer"), po_num)
        # Chance is drawn from the document itself: two callers in a race meet the same fates.
        rng_minutes = _fraction(f"{self.world.seed}:{po_num}:{division}:{location}:{len(self.orders)}")
        low, high = VISIBLE_AFTER_MINUTES
        order = SalesOrder(
            pkey=self.next_pkey(),
            ord_num=f"{self._next_number:07d}",
            ord_type=text(document, "ord_type"),
            division=division,
            customer=text(document, "customer"),
            po_num=po_num,
            ref_num2=text(document, "ref_num2"),
            location=location,
            shipper=text(document, "shipper"),
            start_on=start_on,
            end_on=end_on,
            curr_code=text(document, "curr_code"),
            freight=money(document, "frgt_amt"),
            tax=money(document, "tax_amt"),
            discount=money(document, "disc_amt"),
            notes=text(document, "notes"),
            addresses=addresses,
            lines=lines,
            entered_at=self.world.now,
            visible_at=self.world.now + timedelta(minutes=low + (high - low) * rng_minutes),
            last_mod=self.world.now,
        )
        self._next_number += 1
        order.touch(self.world.now)
        if self.is_stuck:
            self.stuck.append(order)
        else:
            self._enter(order)
        return {
            "pkey": order.pkey,
            "ord_num": order.ord_num,
            "ord_status": order.status,
            "created": True,
            "duplicate": False,
            "warnings": [],
        }

    def post_stuck(self) -> None:
        """Somebody empties the error queue: what was taken long ago is there at once."""
        stuck, self.stuck = self.stuck, []
        for order in stuck:
            order.entered_at = order.visible_at = self.world.now
            order.touch(self.world.now)
            self._enter(order)

    def _enter(self, order: SalesOrder) -> None:
        self.orders.append(order)
        self.by_ord_num[order.ord_num] = order
        self.by_po_num.setdefault(order.po_num, []).append(order)
        self.line_ids.update(line.ext_line_id for line in order.lines)
        begins_at = day_begins(order.start_on)
        order.is_due = begins_at <= self.world.now
        for line in order.lines:
            self._promise(order, line)
        if not order.is_due:
            self.world.schedule(begins_at, lambda: self._fall_due(order))
        self.world.schedule(max(order.visible_at, begins_at), lambda: self.on_visible(order))

    def _fall_due(self, order: SalesOrder) -> None:
        """Its day begins: what was kept apart for it is promised like everything else."""
        for line in order.lines:
            self.stock.position(line.sku, order.location).prebook -= line.open
        order.is_due = True

    def _refuse_second(self, division: str, location: str, customer: str, po_num: str) -> None:
        for order in self.by_po_num.get(po_num, []):
            if (order.division, order.location, order.customer) == (division, location, customer):
                raise ErpRefusalError("DUPLICATE_PO", f"po_num {po_num}", status=409, where="po_num")

    def _promise(self, order: SalesOrder, line: OrderLine) -> None:
        position = self.stock.position(line.sku, order.location)
        short = min(line.qty, line.qty - position.free())
        position.open_orders += line.qty
        if not order.is_due:
            position.prebook += line.qty
        elif short > 0:
            self.oversold.append(
                {
                    "at": utc_text(self.world.now),
                    "ord_num": order.ord_num,
                    "po_num": order.po_num,
                    "ext_line_id": line.ext_line_id,
                    "sku": line.sku.shop_sku,
                    "location": order.location,
                    "qty": line.qty,
                    "short": short,
                }
            )

    # -- cancelling --------------------------------------------------------------------------

    def cancel(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Cancel open units of one line, or of every line where none is named."""
        order = self.by_ord_num.get(text(document, "ord_num"))
        if order is None or order.visible_at > self.world.now:
            raise ErpRefusalError("ORDER_NOT_FOUND", text(document, "ord_num"), status=404, where="ord_num")
        kind = text(document, "cancel_kind") or "CUSTOMER"
        line_seq, ext_line_id = document.get("line_seq"), document.get("ext_line_id")
        if line_seq is None and ext_line_id is None:
            lines = [line for line in order.lines if line.open > 0]
        else:
            found = order.line(line_seq=line_seq, ext_line_id=ext_line_id)
            if found is None:
                raise ErpRefusalError("ORDER_NOT_FOUND", "no such line", status=404, where="line_seq")
            lines = [found]
        wanted = document.get("qty")
        units = sum(line.open for line in lines) if wanted is None else read_quantity(wanted)
        if units < 1 or units > sum(line.open for line in lines):
            raise ErpRefusalError(
                "ORDER_LOCKED", "fewer units are open: picked, shipped or cancelled", status=409, where="qty"
            )
        left = units
        for line in lines:
            taken = min(left, line.open)
            self.cancel_units(order, line, taken, kind)
            left -= taken
        self.settle_status(order)
        order.touch(self.world.now)
        return {
            "pkey": order.pkey,
            "ord_num": order.ord_num,
            "ord_status": order.status,
            "qty_cancelled": units,
        }

    def cancel_units(self, order: SalesOrder, line: OrderLine, units: int, kind: str) -> None:
        """Release open units of a line."""
        if units:
            line.cancelled += units
            line.cancel_kind = kind
            position = self.stock.position(line.sku, order.location)
            position.open_orders -= units
            position.prebook -= 0 if order.is_due else units

    def settle_status(self, order: SalesOrder) -> None:
        """The status that follows from what became of the lines."""
        shipped = sum(line.shipped for line in order.lines)
        picked = sum(line.picked for line in order.lines)
        still_open = sum(line.open for line in order.lines)
        if shipped and not picked and not still_open:
            order.status = "60" if all(line.invoiced >= line.shipped for line in order.lines) else "50"
        elif shipped:
            order.status = "40"
        elif picked:
            order.status = "30"
        elif not still_open:
            order.status = "90"
        elif order.status in {"30", "40"}:
            order.status = "20"

    # -- looking -----------------------------------------------------------------------------

    def visible(self, po_num: str | None = None) -> Iterator[SalesOrder]:
        """Orders readers can see now, oldest first; `po_num` narrows by index."""
        for order in self.orders if po_num is None else self.by_po_num.get(po_num, []):
            if order.visible_at <= self.world.now:
                yield order

    def state(self) -> list[dict[str, Any]]:
        """The truth, orders nobody can see yet included."""
        return [
            {
                "ord_num": order.ord_num,
                "po_num": order.po_num,
                "ref_num2": order.ref_num2,
                "status": STATUS_NAMES[order.status],
                "ord_status": order.status,
                "division": order.division,
                "warehouse": order.location,
                "shipper": order.shipper,
                "entered_at": utc_text(order.entered_at),
                "visible": order.visible_at <= self.world.now,
                "hand_edits": list(order.hand_edits),
                "lines": [
                    {
                        "ext_line_id": line.ext_line_id,
                        "sku": line.sku.shop_sku,
                        "qty": line.qty,
                        "qty_open": line.open,
                        "qty_picked": line.picked,
                        "qty_shipped": line.shipped,
                        "qty_cancelled": line.cancelled,
                        "cancel_kind": line.cancel_kind or None,
                        "price": str(line.price.quantize(Decimal("0.01"))),
                    }
                    for line in order.lines
                ],
            }
            for order in self.orders
        ]


def _fraction(seed: str) -> float:
    """A number in [0, 1) that belongs to this text."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6], "big") / 2**48
