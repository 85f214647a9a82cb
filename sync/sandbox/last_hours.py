"""What is under way when a long history ends: an order in every state the marketplace has here, whatever the seed.

Law: everything happens by the same doors as in any other hour. The states that take weeks (closed, cancelled)
come by themselves; those that last minutes are seen to. Nothing is ever to be collected: this marketplace has
no click and collect, and its shipping types say so.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sync.sandbox.john_lewis_model import Order
from sync.sandbox.john_lewis_orders import ACCEPTANCE_WINDOW

if TYPE_CHECKING:
    from sync.sandbox.world import World

LONG = timedelta(days=20)
_UNPAID_FOR = timedelta(minutes=8)


class LastHours:
    """Places the few orders whose states do not last."""

    def __init__(self, world: "World") -> None:
        """Know the world; nothing is planned yet."""
        self.world = world

    def plan(self, until: datetime) -> None:
        """In good time before the end: an order nobody accepts, and one whose payment is being waited for."""
        world = self.world
        if until - world.now < LONG or not world.orders_per_day:
            return
        world.schedule(until - ACCEPTANCE_WINDOW - timedelta(minutes=30), self._forgotten)
        world.schedule(until - _UNPAID_FOR, self._unpaid)

    def leave(self, began_at: datetime) -> None:
        """At the end: one order in each state that lasts for minutes, and a complaint and a return, if none is."""
        world = self.world
        if world.now - began_at < LONG or not world.orders_per_day:
            return
        world.demand.buy(is_staged=True)
        world.demand.buy()
        self.accept(world.demand.buy(will_pay=True))
        orders = world.john_lewis.orders.values()
        if not any(order.reason_code == "CNL-CUSTOMER" for order in orders):
            self._change_mind(world.demand.buy(will_pay=True))
        if not any(order.has_incident for order in orders):
            world.demand.complain(next(order for order in orders if order.state == "SHIPPED"))
        if not any(line.state == "REFUNDED" for order in orders for line in order.lines):
            room, order = world.john_lewis.order_room, next(each for each in orders if each.state == "RECEIVED")
            line = next(line for line in order.lines if line.state == "RECEIVED")
            room.refund(line.line_id, line.amount_left, line.shipping_left, line.shipped_quantity, "RFD-SIZE")

    def accept(self, order: Order | None) -> None:
        """Every line of an order that waits for it."""
        if order is not None and order.state == "WAITING_ACCEPTANCE":
            decisions = [(line.line_id, True) for line in order.lines]
            self.world.john_lewis.order_room.accept(order.order_id, decisions)

    def _change_mind(self, order: Order | None) -> None:
        """Cancelled whole before it is paid."""
        self.accept(order)
        for line in order.lines if order is not None else ():
            self.world.john_lewis.order_room.cancel(
                line.line_id, line.amount_left, line.shipping_left, line.quantity, "CNL-CUSTOMER"
            )

    def _forgotten(self) -> None:
        order = self.world.demand.buy()
        if order is not None:
            self.world.earlier.forgotten.add(order.order_id)

    def _unpaid(self) -> None:
        self.accept(self.world.demand.buy(will_pay=False))
