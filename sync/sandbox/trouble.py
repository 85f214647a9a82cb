"""Ordinary trouble: what goes wrong in any month at such a brand, all of it at once for whoever wants to see it.

Law: nothing here breaks anything. Each piece is something customers, warehouses or colleagues really do, done by
the same doors, and each is mended by a person: in BlueCherry, by a mapping, or by a word to the customer.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sync.sandbox.bluecherry_documents import SalesOrder
from sync.sandbox.john_lewis_model import Order
from sync.sandbox.people import unfitting_customer

if TYPE_CHECKING:
    from sync.sandbox.world import World

UNMAPPED_PARCELS = 3
EDITS = ("cancelled", "sku_substituted", "quantity_down", "address_changed")


class OrdinaryTrouble:
    """Makes a morning's worth of work."""

    def __init__(self, world: "World") -> None:
        """Know the world; all is well yet."""
        self.world = world

    def leave(self) -> None:
        """Orders that cannot be copied, parcels that cannot be confirmed, sales orders changed by hand."""
        for shop_sku in self._odd_offers():
            self._to_ship(self.world.john_lewis.place_order([(shop_sku, 1)]))
        customer = unfitting_customer(self.world.rng("trouble"))
        self._to_ship(self.world.demand.buy(will_pay=True, customer=customer))
        orders = self._untouched()
        fulfilment = self.world.bluecherry.fulfilment
        for order, habit in zip(orders, ("dpx",) * UNMAPPED_PARCELS + ("untracked",), strict=False):
            fulfilment.send_now(order, habit)
        for order, kind in zip(orders, EDITS, strict=False):
            self.world.bluecherry.edits.edit(order, kind)

    def _odd_offers(self) -> Iterator[str]:
        """An offer of no SKU, one whose name has a blank too many, and one of a discontinued SKU, as there are."""
        john_lewis, known = self.world.john_lewis, self.world.by_shop_sku
        yield john_lewis.offer_room.legacy().shop_sku
        odd = [name for name, offer in john_lewis.offers.items() if offer.sku_key is None]
        yield from [name for name in odd if name.strip() != name][:1]
        yield from [name for name in odd if name in known and not known[name].active][:1]

    def _to_ship(self, order: Order | None) -> None:
        """Accepted and paid by the earlier integration's last breath, and never copied."""
        self.world.last_hours.accept(order)
        if order is not None:
            self.world.john_lewis.order_room.settle_payment(order)

    def _untouched(self) -> Iterator[SalesOrder]:
        """Sales orders nobody has picked, newest first, whose goods are there and whose customer waits for them."""
        erp = self.world.bluecherry
        for order in reversed(list(erp.book.visible())):
            placed = self.world.john_lewis.orders.get(order.po_num)
            is_whole = all(
                line.open == line.qty <= erp.stock.position(line.sku, order.location).pickable()
                for line in order.lines
            )
            if is_whole and placed is not None and placed.state == "SHIPPING":
                yield order
