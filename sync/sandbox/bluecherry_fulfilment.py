"""The pretend warehouses: open orders are picked, packed into cartons, shipped and invoiced.

The law: only units that lie on the shelf are picked, only picked units ship, and a shipment is never changed
afterwards, unless it is voided whole. What cannot be picked the second time is cancelled by the house.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from sync.sandbox.bluecherry_documents import OrderLine, SalesOrder
from sync.sandbox.bluecherry_orders import OrderBook
from sync.sandbox.bluecherry_parcels import Carton, PickTicket, Shipment
from sync.sandbox.bluecherry_time import next_working
from sync.sandbox.catalogue import check_digit

if TYPE_CHECKING:
    from sync.sandbox.world import World

LEAD_HOURS = (2.0, 30.0)
LIVE_LEAD_HOURS = (0.05, 0.6)
"""Whoever watches sees a parcel leave while they watch."""
_USUAL_SHIPPERS = ("RML", "DPD", "EVR", "YDL")


class Fulfilment:
    """Plans and does the work of the warehouses, in their working hours."""

    def __init__(self, world: "World", book: OrderBook) -> None:
        self.world = world
        self.book = book
        self.picks: list[PickTicket] = []
        self.shipments: list[Shipment] = []
        self.habits: set[str] = set()  # "dpx", "untracked", "cartons", "parts": done always while named
        self.on_shipped: list[Callable[[Shipment], None]] = []

    @property
    def rng(self) -> Random:
        return self.world.rng("bluecherry fulfilment")

    def _does(self, habit: str, chance: float) -> bool:
        """Whether something rare happens now; always while it is the habit."""
        return self.rng.random() < chance or habit in self.habits

    def plan(self, order: SalesOrder) -> None:
        """An order became visible: give it a status and a day in the warehouse."""
        order.touch(self.world.now)
        lead = timedelta(hours=self.rng.uniform(*(LIVE_LEAD_HOURS if self.world.live else LEAD_HOURS)))
        fate = self.rng.random()
        if order.status == "10":
            if fate < 0.02:
                order.status = "15"
                lead += timedelta(hours=self.rng.uniform(3, 20))
            elif fate < 0.85:
                order.status = "20"
        picked_at = self._at_work(self.world.now + lead * 0.6)
        self.world.schedule(picked_at, lambda: self.pick(order, lead * 0.4))

    def pick(self, order: SalesOrder, lead: timedelta, *, again: bool = False, whole: bool = False) -> None:
        """Take off the shelf what is there; the rest gets a second chance a day later, then is cancelled."""
        units: list[tuple[OrderLine, int]] = []
        lacking = False
        in_parts = not whole and sum(line.open for line in order.lines) > 1 and self._does("parts", 0.06)
        for line in order.lines:
            position = self.book.stock.position(line.sku, order.location)
            wanted = line.open
            if in_parts and wanted:
                # Something today, never everything today.
                wanted = self.rng.randint(0 if units else 1, max(1, wanted - 1)) if wanted > 1 or not units else 0
            taken = max(0, min(wanted, position.pickable()))
            lacking = lacking or taken < line.open
            if taken:
                line.picked += taken
                position.open_orders -= taken
                position.picked += taken
                units.append((line, taken))
            if again and taken < wanted:
                self.book.cancel_units(order, line, line.open, "HOUSE")
        if lacking and any(line.open for line in order.lines):
            later = self._at_work(self.world.now + timedelta(hours=self.rng.uniform(5, 26)))
            self.world.schedule(later, lambda: self.pick(order, lead, again=True, whole=True))
        self.book.settle_status(order)
        order.touch(self.world.now)
        if not units:
            return
        ticket = PickTicket(
            pkey=self.book.next_pkey(),
            pick_num=f"P{len(self.picks) + 1:07d}",
            order=order,
            picked_at=self.world.now,
            units=units,
            last_mod=self.world.now,
        )
        self.picks.append(ticket)
        self.world.schedule(self._at_work(self.world.now + lead), lambda: self.ship(ticket))

    def _at_work(self, moment: datetime) -> datetime:
        """That moment, or the next opening; in live mode there is a shift at every hour."""
        return moment if self.world.live else next_working(moment)

    def ship(self, ticket: PickTicket) -> None:
        """The parcels of a pick ticket leave the building; the second call finds them gone."""
        if ticket.status != "30":
            return
        order, now = ticket.order, self.world.now
        ticket.status, ticket.last_mod = "50", now
        for line, units in ticket.units:
            position = self.book.stock.position(line.sku, order.location)
            line.picked -= units
            line.shipped += units
            position.picked -= units
            position.on_hand -= units
        self.book.settle_status(order)
        order.touch(now)
        shipment = Shipment(
            pkey=self.book.next_pkey(),
            ship_id=f"S{len(self.shipments) + 1:07d}",
            pick=ticket,
            location=order.location,
            shipper=self._choose_shipper(order),
            shipped_at=now,
            cartons=[],
            last_mod=now,
        )
        for part in self._parts(ticket.units):
            shipment.cartons.append(self._pack(shipment, part))  # a carton's label counts those before it
        self.shipments.append(shipment)
        for react in self.on_shipped:
            react(shipment)

    def _choose_shipper(self, order: SalesOrder) -> str:
        fate = self.rng.random()
        if fate < 0.008 or "dpx" in self.habits:
            return "DPX"
        return self.rng.choice(_USUAL_SHIPPERS) if fate < 0.10 else order.shipper

    def _parts(self, units: list[tuple[OrderLine, int]]) -> Iterator[list[tuple[OrderLine, int]]]:
        if sum(count for _, count in units) < 2 or not self._does("cartons", 0.12):
            yield units
            return
        single = [line for line, count in units for _ in range(count)]
        middle = self.rng.randint(1, len(single) - 1)
        for part in (single[:middle], single[middle:]):
            yield _counted(part)

    def _pack(self, shipment: Shipment, units: list[tuple[OrderLine, int]]) -> Carton:
        body = f"50123450{len(self.shipments) * 10 + len(shipment.cartons):09d}"
        digits = self.rng.randrange(10**9, 10**10)
        tracking = {
            "RML": f"RM{digits}GB",
            "DPD": f"1550{digits}",
            "EVR": f"H0{digits}",
            "YDL": f"JD00{digits}",
            "DPX": f"DPX{digits}",
        }[shipment.shipper]
        count = sum(qty for _, qty in units)
        return Carton(
            carton_num=f"00{body}{check_digit(body)}",
            track_no="" if self._does("untracked", 0.006) else tracking,
            weight=(Decimal("0.15") + Decimal("0.42") * count).quantize(Decimal("0.01")),
            units=units,
        )

    def send_now(self, order: SalesOrder, habit: str) -> None:
        """Pick and ship what is open of an order at once, with an oddity of shipping for this once."""
        is_usual = habit in self.habits
        self.habits.add(habit)
        self.pick(order, timedelta(), whole=True)
        for ticket in [each for each in self.picks if each.order is order]:
            self.ship(ticket)
        if not is_usual:
            self.habits.discard(habit)

    def ship_all(self) -> None:
        """Everything that can ship does so now, whatever the hour."""
        for order in self.book.visible():
            if any(line.open for line in order.lines):
                self.pick(order, timedelta(hours=1), whole=True)
        for ticket in self.picks:
            self.ship(ticket)

    def void_newest(self) -> None:
        """Void the newest shipment that is not yet invoiced, if there is one."""
        for shipment in reversed(self.shipments):
            if not shipment.voided and not any(line.invoiced for line, _ in shipment.pick.units):
                self._void(shipment)
                return

    def _void(self, shipment: Shipment) -> None:
        """It comes back: its units lie on the shelf, are open again and are picked once more."""
        order, now = shipment.pick.order, self.world.now
        shipment.voided, shipment.last_mod = True, now
        for line, units in shipment.pick.units:
            position = self.book.stock.position(line.sku, order.location)
            line.shipped -= units
            position.on_hand += units
            position.open_orders += units
        self.book.settle_status(order)
        order.touch(now)
        self.world.schedule(self._at_work(now + timedelta(hours=2)), lambda: self.pick(order, timedelta(hours=1)))


def _counted(part: list[OrderLine]) -> list[tuple[OrderLine, int]]:
    """Lines with their units, in order; lines are told apart by identity."""
    counts: dict[int, tuple[OrderLine, int]] = {}
    for line in part:
        counts[id(line)] = (line, counts.get(id(line), (line, 0))[1] + 1)
    return list(counts.values())
