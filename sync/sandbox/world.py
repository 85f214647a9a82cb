"""The world both pretend systems stand in: one clock, one list of things still to happen, one source of chance.

Law: time moves only through `advance_to`; what is due happens in order; every random draw comes from a stream
named for its purpose, so the same seed and the same requests give the same world. Whoever touches the world
from a thread holds `lock`.
"""

import gc
import heapq
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from sync.sandbox.bluecherry import BlueCherry
from sync.sandbox.catalogue import Sku, build_catalogue
from sync.sandbox.demand import Demand
from sync.sandbox.earlier import EarlierIntegration
from sync.sandbox.john_lewis import JohnLewis
from sync.sandbox.last_hours import LastHours
from sync.sandbox.trouble import OrdinaryTrouble
from sync.sandbox.truth import Truth

Action = Callable[[], None]


class World:
    """A brand, its two systems and its customers."""

    def __init__(self, *, seed: int, start: datetime, skus: int, orders_per_day: float) -> None:
        """Build the catalogue and both systems; the clock stands at `start`."""
        if start.tzinfo is None:
            message = "the world needs an aware moment to start at"
            raise ValueError(message)
        self.seed = seed
        self.now = start.astimezone(UTC)
        self.START_ON = self.now  # the moment the history ends; moved by play_history
        self.lock = threading.RLock()
        self.orders_per_day = orders_per_day
        self.live = False  # set by go_live: customers and warehouses then keep to whoever is watching
        self.history = False  # true while the earlier integration does the work
        self.switches: dict[str, bool] = {
            "multi_shipment": True,
            "acceptance_automatic": False,
            "partial_acceptance": True,
            "relaxed_limits": False,
            "strict_limits": False,
            "orders": True,
            "unpaid": False,
            "surprises": False,
            "cancelled_at_zero": False,
            "cancelled_shrinks": False,
        }
        self._heap: list[tuple[datetime, int, Action]] = []
        self._turn = 0
        self._streams: dict[str, Random] = {}
        self.skus: list[Sku] = build_catalogue(self.rng("catalogue"), skus)
        self.by_key: dict[str, Sku] = {sku.key: sku for sku in self.skus}
        self.by_shop_sku: dict[str, Sku] = {sku.shop_sku: sku for sku in self.skus}
        self.john_lewis = JohnLewis(self)
        self.bluecherry = BlueCherry(self)
        self.truth = Truth(self)
        self.demand = Demand(self)
        self.earlier = EarlierIntegration(self)
        self.last_hours = LastHours(self)
        self.demand.scenarios["ordinary_trouble"] = OrdinaryTrouble(self).leave
        self.john_lewis.begin()
        self.demand.begin()

    def rng(self, name: str) -> Random:
        """The random stream of that name, the same for the same seed."""
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = Random(f"{self.seed}:{name}")
        return stream

    def schedule(self, at: datetime, action: Action) -> None:
        """Have something happen at a moment (at once due if it is past)."""
        self._turn += 1
        heapq.heappush(self._heap, (max(at, self.now), self._turn, action))

    def after(self, minutes: float, action: Action) -> None:
        """Have something happen so many minutes from now."""
        self.schedule(self.now + timedelta(minutes=minutes), action)

    def advance_to(self, moment: datetime) -> None:
        """Let time pass; what falls due happens in order."""
        with self.lock:
            while self._heap and self._heap[0][0] <= moment:
                at, _, action = heapq.heappop(self._heap)
                self.now = max(self.now, at)
                action()
            self.now = max(self.now, moment)

    def advance(self, minutes: float) -> None:
        """Let so many minutes pass."""
        self.advance_to(self.now + timedelta(minutes=minutes))

    def play_history(self, until: datetime) -> None:
        """Live through the past with the earlier integration at work; afterwards it does nothing more."""
        with self.lock:
            began_at, self.START_ON = self.now, until
            self.history = True
            self.earlier.begin()
            self.last_hours.plan(until)
            # Hundreds of thousands of records that all stay: looking for garbage among them is wasted time.
            gc.disable()
            try:
                self.advance_to(until)
                self.last_hours.leave(began_at)
            finally:
                gc.enable()
            self.history = False

    def go_live(self) -> None:
        """Somebody watches: a customer every two minutes at least, a shift at every hour, and ordinary trouble."""
        with self.lock:
            self.live = True
            self.demand.go_live()
            self.scenario("ordinary_trouble")

    def home_warehouse(self, sku: Sku) -> str:
        """Where a SKU is sold from: children's wear and the styles beginning 05 lie in the second warehouse."""
        if sku.division == "NMC" or (sku.division == "NMM" and sku.style.startswith("05")):
            return "WH2"
        return "WH1"

    def scenario(self, name: str) -> None:
        """Turn a switch, or make something happen now, on either side; an unknown name is a KeyError."""
        with self.lock:
            if name in self.bluecherry.scenarios:
                self.bluecherry.scenario(name)
            else:
                self.demand.scenario(name)
