"""What customers do: order, pay or not, cancel, receive, complain, send back.

Law: arrivals follow a heavy tail over the SKUs and a shape over the hours of the week; nothing is bought that the
marketplace does not show in stock. When a customer comes, and what for, depends on the seed and their number alone,
so that two shops of one seed have the same visitors whatever they list. When `orders` is switched off customers
fall silent altogether, so that what is under way can be finished.
"""

import itertools
from bisect import bisect
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from sync.sandbox.catalogue import Sku
from sync.sandbox.deadlines import LONDON
from sync.sandbox.john_lewis_model import Order
from sync.sandbox.people import Customer

if TYPE_CHECKING:
    from sync.sandbox.world import World

_HOURS = (3, 2, 1, 1, 1, 2, 5, 9, 14, 17, 19, 20, 22, 20, 18, 17, 18, 20, 24, 29, 33, 30, 20, 9)
_DAYS = (1.0, 0.95, 0.95, 1.0, 0.95, 1.05, 1.35)
_BUSIEST = max(_HOURS) / (sum(_HOURS) / 24) * max(_DAYS)
_NEVER_PAY = 0.02
_SPAN = 0.03
_TRIES = 8
_RETURN_REASONS = ("RFD-SIZE", "RFD-CHANGED-MIND", "RFD-FAULTY")


class _Shelf:
    """SKUs of one division and warehouse with their popularity."""

    def __init__(self, skus: list[Sku], weights: list[float]) -> None:
        self.skus = skus
        self.sums = list(itertools.accumulate(weights))

    def pick(self, chance: float) -> Sku:
        """The SKU under that part of the shelf's popularity."""
        return self.skus[min(bisect(self.sums, chance * self.sums[-1]), len(self.skus) - 1)]


class Demand:
    """The customers of the marketplace."""

    def __init__(self, world: "World") -> None:
        """Know what may be bought, and from where it would be sent."""
        self.world = world
        self.rng = world.rng("demand")
        self._arrivals = world.rng("arrivals")
        self._expected = 0  # the number of the customer who comes next
        self._visitors = 0
        popularity = world.bluecherry.popularity()
        groups: dict[tuple[str, str], list[Sku]] = {}
        sold: list[Sku] = []
        for sku in world.skus:
            offer = world.john_lewis.offers.get(sku.shop_sku)
            if offer is not None and offer.sku_key is not None:
                sold.append(sku)
                groups.setdefault((sku.division, world.home_warehouse(sku)), []).append(sku)
        self._all = _Shelf(sold, [popularity[sku.key] for sku in sold])
        self._shelves = {
            place: _Shelf(skus, [popularity[sku.key] for sku in skus]) for place, skus in groups.items()
        }
        room = world.john_lewis.order_room
        room.on_placed.append(self._placed)
        room.on_shipping.append(self._to_ship)
        room.on_shipped.append(self._shipped)
        room.on_received.append(self._received)
        self.scenarios: dict[str, Callable[[], object]] = {
            "multi_shipment_on": lambda: self._switch("multi_shipment", value=True),
            "multi_shipment_off": lambda: self._switch("multi_shipment", value=False),
            "acceptance_automatic": lambda: self._switch("acceptance_automatic", value=True),
            "acceptance_manual": lambda: self._switch("acceptance_automatic", value=False),
            "partial_acceptance": lambda: self._switch("partial_acceptance", value=True),
            "no_partial_acceptance": lambda: self._switch("partial_acceptance", value=False),
            "relaxed_limits": lambda: self._limits(relaxed=True, strict=False),
            "strict_limits": lambda: self._limits(relaxed=False, strict=True),
            "documented_limits": lambda: self._limits(relaxed=False, strict=False),
            "no_orders": lambda: self._switch("orders", value=False),
            "orders": lambda: self._switch("orders", value=True),
            "surprises": lambda: self._switch("surprises", value=True),
            "no_surprises": lambda: self._switch("surprises", value=False),
            "cancelled_at_zero": lambda: self._switch("cancelled_at_zero", value=True),
            "cancelled_shrinks": lambda: self._switch("cancelled_shrinks", value=True),
            "cancelled_as_sold": self._show_as_sold,
            **world.john_lewis.returns.scenarios,
            "burst": lambda: self._repeat(50, self.buy),
            "unpaid": lambda: self._repeat(5, lambda: self.buy(will_pay=False)),
            "staged": lambda: self._repeat(3, lambda: self.buy(is_staged=True)),
            "spanning": lambda: self._repeat(5, lambda: self.buy(span=True)),
            "in_threes": lambda: self._repeat(5, lambda: self._buy_alike(3)),
            "bad_sku_order": self._buy_unknown,
            "shelves_found_empty": self._find_shelves_empty,
            "cancel_some": lambda: self._some(("SHIPPING",), self.cancel_something),
            "refund_some": lambda: self._some(("SHIPPED", "RECEIVED", "CLOSED"), self.refund_something),
            "incident_some": lambda: self._some(("SHIPPED", "RECEIVED"), self.complain),
            "deliver": lambda: self._some(("SHIPPED",), room.receive, most=1_000_000),
        }

    def begin(self) -> None:
        """The first customer is on the way."""
        if self.world.orders_per_day > 0:
            self._wait()

    def go_live(self) -> None:
        """Whoever was to come in an hour comes now: somebody watches."""
        if self.world.orders_per_day > 0:
            self._wait()

    def scenario(self, name: str) -> None:
        """Turn a switch or make something happen; an unknown name is a KeyError."""
        self.scenarios[name]()

    def _switch(self, name: str, *, value: bool) -> None:
        self.world.switches[name] = value

    def _show_as_sold(self) -> None:
        for name in ("cancelled_at_zero", "cancelled_shrinks"):
            self._switch(name, value=False)

    def _limits(self, *, relaxed: bool, strict: bool) -> None:
        self.world.switches["relaxed_limits"], self.world.switches["strict_limits"] = relaxed, strict

    @staticmethod
    def _repeat(times: int, action: Callable[[], object]) -> None:
        for _ in range(times):
            action()

    # -- arrivals ----------------------------------------------------------------------------

    def _rate(self) -> float:
        """Orders an hour now: the hour of the week in London has its say."""
        here = self.world.now.astimezone(LONDON)
        return _HOURS[here.hour] / (sum(_HOURS) / 24) * _DAYS[here.weekday()]

    def _wait(self) -> None:
        """Until the next customer (thinning of the busiest hour's stream)."""
        busiest = self.world.orders_per_day / 24 / 60 * _BUSIEST
        gap = self._arrivals.expovariate(busiest)
        if self.world.live:
            gap = min(gap, self._arrivals.uniform(0.4, 2.0))
        self._expected += 1
        who = self._expected
        self.world.schedule(self.world.now + timedelta(minutes=gap), lambda: self._arrive(who))

    def _arrive(self, who: int) -> None:
        if who != self._expected:  # another came in their place
            return
        is_customer = self.world.live or self._arrivals.random() * _BUSIEST < self._rate()
        if is_customer and self.world.switches["orders"]:
            self.buy()
        self._wait()

    def buy(
        self,
        *,
        will_pay: bool | None = None,
        span: bool | None = None,
        is_staged: bool = False,
        customer: Customer | None = None,
    ) -> Order | None:
        """One basket of what is shown in stock; nobody buys from an empty shelf."""
        self._visitors += 1
        mind = Random(f"{self.world.seed}:visitor:{self._visitors}")
        pays = mind.random() >= _NEVER_PAY if will_pay is None else will_pay
        shipping_type = "EXP-UK" if mind.random() < 0.15 else "STD-UK"
        basket = self._basket(mind, span=mind.random() < _SPAN if span is None else span)
        if not basket:
            return None
        return self.world.john_lewis.place_order(
            basket, will_pay=pays, shipping_type=shipping_type, is_staged=is_staged, customer=customer
        )

    def _basket(self, mind: Random, *, span: bool) -> list[tuple[str, int]]:
        first = self._find(mind, self._all, {})
        if first is None:
            return []
        basket: list[tuple[str, int]] = []
        taken: dict[str, int] = {}
        place = (first.division, self.world.home_warehouse(first))
        self._put(mind, basket, taken, first)
        count = mind.choices((0, 1, 2), (78, 17, 5))[0]
        for _ in range(max(count, 1) if span else count):
            shelf = self._shelves[place]
            if span:
                shelf = mind.choice([each for other, each in self._shelves.items() if other != place] or [shelf])
            sku = self._find(mind, shelf, taken)
            if sku is not None:
                self._put(mind, basket, taken, sku)
        if mind.random() < 0.01 and self._left(first, taken) > 0:
            basket.append((first.shop_sku, 1))  # the same SKU twice, as two lines
        return basket

    def _find(self, mind: Random, shelf: _Shelf, taken: dict[str, int]) -> Sku | None:
        """What they came for; is it not there, something else will do, if it is there."""
        for attempt in range(_TRIES):
            sku = shelf.pick(mind.random())
            if sku.shop_sku in taken:
                continue
            if self._left(sku, taken) > 0:
                return sku
            if not attempt:
                self.world.truth.turn_away(sku, 1, shown=0)
        return None

    def _left(self, sku: Sku, taken: dict[str, int]) -> int:
        return self.world.john_lewis.offers[sku.shop_sku].quantity - taken.get(sku.shop_sku, 0)

    def _put(self, mind: Random, basket: list[tuple[str, int]], taken: dict[str, int], sku: Sku) -> None:
        wanted, left = mind.choices((1, 2, 3), (90, 8, 2))[0], self._left(sku, taken)
        units = min(wanted, left)
        if units < wanted:
            self.world.truth.turn_away(sku, wanted - units, shown=left)
        basket.append((sku.shop_sku, units))
        taken[sku.shop_sku] = taken.get(sku.shop_sku, 0) + units

    def _buy_alike(self, units: int) -> None:
        """So many of one SKU, on one line, where the shop shows as many."""
        self._visitors += 1
        mind = Random(f"{self.world.seed}:visitor:{self._visitors}")
        for _ in range(_TRIES):
            sku = self._all.pick(mind.random())
            if self._left(sku, {}) >= units:
                self.world.john_lewis.place_order([(sku.shop_sku, units)])
                return

    def _find_shelves_empty(self) -> None:
        """A count finds nothing of what the first line wants of the newest order of one line, and of several."""
        waiting = [order for order in self.world.john_lewis.orders.values() if order.state == "WAITING_ACCEPTANCE"]
        for is_alone in (True, False):
            of_kind = [
                order for order in waiting if (len({line.offer_sku for line in order.lines}) == 1) == is_alone
            ]
            for order in of_kind[-1:]:
                self.world.bluecherry.stock.lose(self.world.by_shop_sku[order.lines[0].offer_sku])

    def _buy_unknown(self) -> None:
        """An order on an offer that no SKU of the ERP stands behind."""
        self.world.john_lewis.place_order([(self.world.john_lewis.offer_room.legacy().shop_sku, 1)])

    # -- what becomes of an order ------------------------------------------------------------

    def _placed(self, order: Order) -> None:
        """A few change their mind at once."""
        if self.rng.random() < 0.012:
            self._later(self.rng.uniform(3, 45), order, self._cancel_early)

    def _to_ship(self, order: Order) -> None:
        """A few more change it while the order is being packed (the earlier integration never heard of those)."""
        if not self.world.history and self.rng.random() < 0.008:
            self._later(self.rng.uniform(5, 300), order, self.cancel_something)

    def _shipped(self, order: Order) -> None:
        late = order.shipping_deadline is not None and self.world.now > order.shipping_deadline
        if late and self.rng.random() < 0.5:
            note = f"Late dispatch {order.order_id}"
            self.world.john_lewis.ledger.penalise(order, note)
        days = self.rng.uniform(0.8, 1.6) if order.shipping_type == "EXP-UK" else self.rng.uniform(1.5, 4.5)
        self.world.after(days * 1440, lambda: self.world.john_lewis.order_room.receive(order))
        if self.rng.random() < 0.012:
            self._later(self.rng.uniform(0.3, 5) * 1440, order, self.complain)

    def _received(self, order: Order) -> None:
        if self.rng.random() < 0.09:
            self._later(self.rng.uniform(1, 24) * 1440, order, self.refund_something)
        self.world.after(14 * 1440, lambda: self.world.john_lewis.order_room.close(order))

    def _later(self, minutes: float, order: Order, action: Callable[[Order], None]) -> None:
        """Something a customer may do later, unless customers are silent then."""

        def act() -> None:
            if self.world.switches["orders"]:
                action(order)

        self.world.after(minutes, act)

    def _some(self, states: tuple[str, ...], action: Callable[[Order], None], most: int = 5) -> None:
        """Let it happen to a few orders in such a state."""
        orders = [order for order in self.world.john_lewis.orders.values() if order.state in states]
        for order in self.rng.sample(orders, min(most, len(orders))):
            action(order)

    def _cancel_early(self, order: Order) -> None:
        if order.state in ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT") or not self.world.history:
            self.cancel_something(order)

    def cancel_something(self, order: Order) -> None:
        """The customer cancels one line, or a unit of it, if nothing of it has left."""
        if order.state not in ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING"):
            return
        lines = [line for line in order.live_lines if line.open_quantity == line.quantity]
        if not lines:
            return
        line = self.rng.choice(lines)
        is_whole = line.quantity == 1 or self.rng.random() < 0.7
        units = line.quantity if is_whole else 1
        amount = line.amount_left if is_whole else line.unit_price
        shipping = line.shipping_left if is_whole else line.shipping_left * 0
        self.world.john_lewis.order_room.cancel(line.line_id, amount, shipping, units, "CNL-CUSTOMER")

    def refund_something(self, order: Order) -> None:
        """Goods come back to John Lewis: a line, or a unit of it, is refunded."""
        lines = [line for line in order.lines if line.shipped_quantity and line.amount_left > 0]
        if not lines:
            return
        line = self.rng.choice(lines)
        units = line.shipped_quantity - sum(change.quantity for change in line.refunds)
        is_whole = units <= 1 or self.rng.random() < 0.6
        amount = line.amount_left if is_whole else min(line.unit_price, line.amount_left)
        shipping = line.shipping_left if is_whole and self.rng.random() < 0.5 else line.shipping_left * 0
        reason = self.rng.choice(_RETURN_REASONS)
        back = max(units, 1) if is_whole else 1
        returns = self.world.john_lewis.returns
        # what came back in the history was the earlier integration's to look after
        if not self.world.history and returns.returnable(line) >= back:
            returns.send_back(order, line, back, reason)
            if not returns.refunds_at_once:
                return
        self.world.john_lewis.order_room.refund(line.line_id, amount, shipping, back, reason)

    def complain(self, order: Order) -> None:
        """An incident: settled some days later, every other time with the money back."""
        room = self.world.john_lewis.order_room
        lines = [line for line in order.lines if line.state in ("SHIPPED", "RECEIVED")]
        if not lines:
            return
        line = self.rng.choice(lines)
        room.open_incident(line.line_id, "INC-NOT-RECEIVED")

        def settle() -> None:
            room.close_incident(line.line_id)
            if self.rng.random() < 0.5 and line.amount_left > 0:
                room.refund(line.line_id, line.amount_left, line.shipping_left, line.shipped_quantity, "RFD-LOST")

        self.world.after(self.rng.uniform(1, 5) * 1440, settle)
