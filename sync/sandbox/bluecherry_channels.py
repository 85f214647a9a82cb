"""The other channels that sell from the same stock: the brand's own web shop and wholesale.

The law: they promise only what is free at that moment, and they ask nobody: the marketplace learns of it with
the next batch. Who comes when, and what for, depends on the seed alone, never on what was sold before.
"""

from datetime import timedelta
from typing import TYPE_CHECKING

from sync.sandbox.bluecherry_stock import Position, StockLedger
from sync.sandbox.bluecherry_time import next_working

if TYPE_CHECKING:
    from sync.sandbox.world import World

WEB_SHARE = 0.4
"""Own web orders for each marketplace order."""
SALE_SHARE = 1.6
"""The same while the web shop clears a season."""


class OtherChannels:
    """Sells for the web shop through the day and for wholesale in bulk each working morning."""

    def __init__(self, world: "World", stock: StockLedger) -> None:
        self.world = world
        self.stock = stock
        self.is_open = True
        self.web_share = WEB_SHARE
        self._keys = list(stock.weights)
        self._cumulative: list[float] = []
        total = 0.0
        for weight in stock.weights.values():
            total += weight
            self._cumulative.append(total)

    def begin(self) -> None:
        self._next_web_order()
        morning = self.world.now.replace(hour=8, minute=40, second=0, microsecond=0)
        self.world.schedule(morning + timedelta(days=1), self._wholesale_morning)

    def stock_out(self, sku_key: str, units: int, channel: str) -> int:
        """Another channel takes free units off the shelf at once; how many it got."""
        home = self.stock.home(self.world.by_key[sku_key])
        taken = max(0, min(units, home.free()))
        home.on_hand -= taken
        self.stock.sold_elsewhere[channel] = self.stock.sold_elsewhere.get(channel, 0) + taken
        return taken

    def _some_key(self, channel: str) -> str:
        return self.world.rng(f"bluecherry {channel}").choices(self._keys, cum_weights=self._cumulative)[0]

    def _next_web_order(self) -> None:
        rng = self.world.rng("bluecherry web")
        per_hour = max(self.world.orders_per_day * self.web_share, 1) / 24
        hour = self.world.now.hour
        shape = 0.3 if hour < 6 else 1.0 if hour < 17 else 1.9 if hour < 22 else 0.8
        pause = timedelta(hours=rng.expovariate(per_hour * shape))
        self.world.schedule(self.world.now + pause, self._web_order)

    def _web_order(self) -> None:
        key = self._some_key("web")
        if self.is_open:
            self._promise(self.stock.home(self.world.by_key[key]), 1, "web")
        self._next_web_order()

    def _wholesale_morning(self) -> None:
        rng = self.world.rng("bluecherry wholesale")
        now = self.world.now
        for _ in range(max(1, round(self.world.orders_per_day / 40))):
            home, chance = self.stock.home(self.world.by_key[self._some_key("wholesale")]), rng.random()
            most = min(int(home.free() * 0.4), 36)
            if self.is_open and now.weekday() < 5 and most >= 4:
                self._promise(home, 4 + int(chance * (most - 3)), "wholesale")
        self.world.schedule(now + timedelta(days=1), self._wholesale_morning)

    def _promise(self, home: Position, units: int, channel: str) -> None:
        rng = self.world.rng("bluecherry channels")
        units = min(units, home.free())
        if units < 1:
            return
        home.open_orders += units
        self.stock.sold_elsewhere[channel] = self.stock.sold_elsewhere.get(channel, 0) + units
        picked_at = next_working(self.world.now + timedelta(hours=rng.uniform(1, 20)))
        self.world.schedule(picked_at, lambda: self._pick(home, units))

    def _pick(self, home: Position, units: int) -> None:
        taken = max(0, min(units, home.pickable()))
        home.open_orders -= units
        home.picked += taken
        later = self.world.rng("bluecherry channels").uniform(0.5, 5)
        self.world.schedule(next_working(self.world.now + timedelta(hours=later)), lambda: self._leave(home, taken))

    def _leave(self, home: Position, units: int) -> None:
        home.picked -= units
        home.on_hand -= units
