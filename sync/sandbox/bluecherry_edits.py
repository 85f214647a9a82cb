"""People at the pretend ERP: now and then somebody changes a sales order by hand.

The law: only orders nobody has picked yet are edited, every edit raises ``edit_seq`` and names a user, and
the promised stock follows the change.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sync.sandbox.bluecherry_documents import OrderLine, SalesOrder
from sync.sandbox.bluecherry_orders import OrderBook

if TYPE_CHECKING:
    from sync.sandbox.world import World

USUAL_RATE = 0.012
BUSY_RATE = 0.25
_USERS = ("CSDESK1", "CSDESK2", "WHLEAD")


class HandEdits:
    """Edits a few of the open orders, seldom by itself and at once when asked."""

    def __init__(self, world: "World", book: OrderBook) -> None:
        self.world = world
        self.book = book
        self.rate = USUAL_RATE
        self._kinds: tuple[tuple[str, int, Callable[[SalesOrder], bool]], ...] = (
            ("quantity_down", 3, self._quantity_down),
            ("line_removed", 2, self._line_removed),
            ("cancelled", 2, self._cancelled),
            ("ship_via_changed", 3, self._ship_via_changed),
            ("account_changed", 1, self._account_changed),
            ("address_changed", 2, self._address_changed),
            ("billing_changed", 1, self._billing_changed),
            ("tax_changed", 1, self._tax_changed),
            ("warehouse_changed", 1, self._warehouse_changed),
            ("price_changed", 1, self._price_changed),
            ("dates_changed", 1, self._dates_changed),
            ("discount_given", 1, self._discount_given),
            ("sku_substituted", 1, self._sku_substituted),
            ("line_added", 1, self._line_added),
            ("currency_changed", 0, self._currency_changed),  # by no accident: only when asked
        )

    def consider(self, order: SalesOrder) -> None:
        """A new order became visible: perhaps somebody edits it within the next hours."""
        rng = self.world.rng("bluecherry edits")
        if rng.random() < self.rate:
            later = self.world.now + timedelta(minutes=rng.uniform(5, 240))
            self.world.schedule(later, lambda: self._edit_unless_stopped(order))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What somebody may do to an order by hand."""
        return tuple(name for name, _, _ in self._kinds)

    def edit_newest(self, kind: str) -> bool:
        """Make one kind of change to the newest order nobody has edited yet; whether there was one."""
        return any(not order.hand_edits and self.edit(order, kind) for order in reversed(self.book.orders))

    def edit_some(self, count: int) -> int:
        """Edit the newest open orders now; how many were edited."""
        edited = 0
        for order in reversed(self.book.orders):
            if edited >= count:
                break
            edited += self.edit(order)
        return edited

    def _edit_unless_stopped(self, order: SalesOrder) -> None:
        if self.rate:
            self.edit(order)

    def edit(self, order: SalesOrder, kind: str | None = None) -> bool:
        """Make one change to an order nobody has picked; False where there is nothing to change."""
        untouched = all(line.picked == 0 and line.shipped == 0 for line in order.lines)
        if not untouched or order.status == "90" or not order.is_due or order.visible_at > self.world.now:
            return False
        rng = self.world.rng("bluecherry edits")
        if kind is None:
            names = [name for name, _, _ in self._kinds]
            kind = rng.choices(names, [weight for _, weight, _ in self._kinds])[0]
        change = next(act for name, _, act in self._kinds if name == kind)
        if not change(order):
            return False
        order.hand_edits.append(kind)
        self.book.settle_status(order)
        order.touch(self.world.now, rng.choice(_USERS))
        return True

    def _some_line(self, order: SalesOrder) -> OrderLine | None:
        lines = [line for line in order.lines if line.open > 0]
        return self.world.rng("bluecherry edits").choice(lines) if lines else None

    def _quantity_down(self, order: SalesOrder) -> bool:
        line = self._some_line(order)
        if line is None:
            return False
        self.book.cancel_units(order, line, 1, "HOUSE")
        return True

    def _line_removed(self, order: SalesOrder) -> bool:
        line = self._some_line(order)
        if line is None:
            return False
        self.book.cancel_units(order, line, line.open, "HOUSE")
        return True

    def _cancelled(self, order: SalesOrder) -> bool:
        for line in order.lines:
            self.book.cancel_units(order, line, line.open, "HOUSE")
        return True

    def _ship_via_changed(self, order: SalesOrder) -> bool:
        order.shipper = "EVR" if order.shipper != "EVR" else "YDL"
        return True

    def _address_changed(self, order: SalesOrder) -> bool:
        order.ship_to["addr2"] = "Leave with concierge"
        return True

    def _billing_changed(self, order: SalesOrder) -> bool:
        """Somebody bills an accounts department; a sales order with no billing address gets one."""
        billed = [address for address in order.addresses if address["addr_type"] == "BT"]
        if not billed:
            order.addresses.append({**order.ship_to, "addr_type": "BT"})
            billed = order.addresses[-1:]
        billed[0]["addr2"] = "Accounts department"
        return True

    def _account_changed(self, order: SalesOrder) -> bool:
        order.customer = "WEB"
        return True

    def _tax_changed(self, order: SalesOrder) -> bool:
        order.tax += Decimal("1.00")
        return True

    def _currency_changed(self, order: SalesOrder) -> bool:
        order.curr_code = "EUR"
        return True

    def _warehouse_changed(self, order: SalesOrder) -> bool:
        other = "WH2" if order.location == "WH1" else "WH1"
        for line in order.lines:
            self.book.stock.position(line.sku, order.location).open_orders -= line.open
            self.book.stock.position(line.sku, other).open_orders += line.open
        order.location = other
        return True

    def _price_changed(self, order: SalesOrder) -> bool:
        line = self._some_line(order)
        if line is None:
            return False
        line.price = max(Decimal("0.01"), line.price - Decimal("5.00"))
        return True

    def _discount_given(self, order: SalesOrder) -> bool:
        order.discount += Decimal("5.00")
        return True

    def _dates_changed(self, order: SalesOrder) -> bool:
        order.end_on += timedelta(days=7)
        return True

    def _siblings(self, line: OrderLine) -> list[str]:
        return [
            sku.key
            for sku in self.world.skus
            if (sku.division, sku.style) == (line.sku.division, line.sku.style)
            and sku.key != line.sku.key
            and sku.active
        ]

    def _sku_substituted(self, order: SalesOrder) -> bool:
        line = self._some_line(order)
        siblings = self._siblings(line) if line is not None else []
        if line is None or not siblings:
            return False
        self.book.stock.position(line.sku, order.location).open_orders -= line.open
        line.sku = self.world.by_key[self.world.rng("bluecherry edits").choice(siblings)]
        self.book.stock.position(line.sku, order.location).open_orders += line.open
        return True

    def _line_added(self, order: SalesOrder) -> bool:
        line = self._some_line(order)
        siblings = self._siblings(line) if line is not None else []
        if line is None or not siblings:
            return False
        sku = self.world.by_key[self.world.rng("bluecherry edits").choice(siblings)]
        number = max(known.line_seq for known in order.lines) + 1
        order.lines.append(OrderLine(self.book.next_pkey(), number, sku, 1, sku.price, Decimal(0), ""))
        self.book.stock.position(sku, order.location).open_orders += 1
        return True
