"""What was really there at each sale: who was sold what nobody had, and who was sent away from what there was.

    really there    free units of the warehouses that sell here, pooled, less what the marketplace sold before and
                    has not reached the ERP yet
    oversold        units of an accepted sale beyond what was really there at that moment
    turned away     units somebody came for that were not shown, though they were really there

Law: it watches and changes nothing. A customer who finds what they came for sold out may buy something else; what
they came for was turned away all the same.
"""

from typing import TYPE_CHECKING, Any

from sync.sandbox.bluecherry_stock import SELLING
from sync.sandbox.bluecherry_time import utc_text
from sync.sandbox.catalogue import Sku
from sync.sandbox.john_lewis_model import DONE, Line, Order

if TYPE_CHECKING:
    from sync.sandbox.world import World


class Truth:
    """Watches every sale and every visitor who leaves without what they came for."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.oversold: list[dict[str, Any]] = []
        self.turned_away: list[dict[str, Any]] = []
        self._on_its_way: dict[str, list[Line]] = {}  # by SKU: sold, not yet in the ERP
        world.john_lewis.order_room.on_placed.append(self._placed)

    def really_there(self, sku: Sku) -> int:
        """Units of a SKU that can still be sold here without a lie; below zero where too many were."""
        positions = self.world.bluecherry.stock.of_sku(sku)
        free = sum(position.free() for position in positions if position.location in SELLING)
        entered = self.world.bluecherry.book.line_ids
        waiting = [
            line
            for line in self._on_its_way.get(sku.shop_sku, ())
            if line.state not in DONE and line.line_id not in entered
        ]
        self._on_its_way[sku.shop_sku] = waiting
        return free - sum(line.open_quantity for line in waiting)

    def turn_away(self, sku: Sku, units: int, *, shown: int) -> None:
        """Somebody came for so many more than the marketplace shows; counted as far as they were there."""
        there = min(units, self.really_there(sku) - shown)
        if there > 0:
            self.turned_away.append({"at": utc_text(self.world.now), "sku": sku.shop_sku, "units": there})

    def _placed(self, order: Order) -> None:
        for line in order.lines:
            sku = self.world.by_shop_sku.get(line.offer_sku)
            if sku is None:
                continue
            there = self.really_there(sku)
            self._on_its_way[sku.shop_sku].append(line)
            short = min(line.quantity, line.quantity - there)
            if short > 0:
                self.oversold.append({
                    "at": utc_text(self.world.now), "order_id": order.order_id, "order_line_id": line.line_id,
                    "sku": sku.shop_sku, "quantity": line.quantity, "short": short,
                })  # fmt: skip
