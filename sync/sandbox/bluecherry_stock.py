"""The stock ledger of the pretend ERP: what lies where, what is promised, and what is on its way.

The law: a position's buckets are the only truth about stock; whoever sells, picks or receives changes them here.
The chance of a SKU in a night's planning depends on the seed alone, whatever was sold before.
"""

import math
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sync.sandbox.bluecherry_production import ProductionOrder
from sync.sandbox.catalogue import CHANNEL, WAREHOUSES, Sku

if TYPE_CHECKING:
    from sync.sandbox.world import World

BUCKETS = (
    "on_hand",
    "linked",
    "open_orders",
    "prebook",
    "reserved",
    "demand",
    "picked",
    "wip",
    "in_transit",
    "damaged",
    "hold",
)
_UNITS_PER_ORDER = 1.35
SELLING = tuple(warehouse.code for warehouse in WAREHOUSES if warehouse.sells_here)
_PACK = 6
_NEXT_SEASON = timedelta(days=90)

Figures = tuple[int, ...]


@dataclass(slots=True)
class Position:
    """One SKU in one location and lot; ``open_orders`` includes next season's pre-books."""

    sku: Sku
    location: str
    lot: str = "N"
    on_hand: int = 0
    linked: int = 0
    open_orders: int = 0
    prebook: int = 0
    reserved: int = 0
    demand: int = 0
    picked: int = 0
    wip: int = 0
    in_transit: int = 0
    damaged: int = 0
    hold: int = 0
    key: tuple[str, str, str] = field(init=False)
    shop_sku: str = field(init=False)

    def __post_init__(self) -> None:
        # Joined once: photographs ask for them a million times.
        self.key = (self.sku.key, self.location, self.lot)
        self.shop_sku = self.sku.shop_sku

    def free(self) -> int:
        """Units that may still be promised today; below zero where too much was promised."""
        return free_units(self.figures())

    def pickable(self) -> int:
        """Units a picker can take off the shelf now."""
        return self.on_hand - self.linked - self.damaged - self.hold - self.picked

    def figures(self) -> Figures:
        return (
            self.on_hand,
            self.linked,
            self.open_orders,
            self.prebook,
            self.reserved,
            self.demand,
            self.picked,
            self.wip,
            self.in_transit,
            self.damaged,
            self.hold,
        )


def free_units(figures: Figures) -> int:
    on_hand, linked, open_orders, prebook, reserved, demand, picked, _wip, _transit, damaged, hold = figures
    return on_hand - linked - damaged - hold - (open_orders - prebook) - reserved - demand - picked


class StockLedger:
    """Every position of the brand, and the production that fills it again."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.positions: dict[tuple[str, str, str], Position] = {}
        self._by_sku: dict[str, list[Position]] = {}
        self.production: list[ProductionOrder] = []
        self.sold_elsewhere: dict[str, int] = {}
        self.is_season_over = False  # then only what is sold all the year is made again
        self.weights = _heavy_tail(world)
        self._units_per_day = max(world.orders_per_day, 1.0) * _UNITS_PER_ORDER * 1.5
        self._fill()

    # -- what is where -----------------------------------------------------------------------

    def position(self, sku: Sku, location: str, lot: str = "N") -> Position:
        key = (sku.key, location, lot)
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = Position(sku, location, lot)
            self._by_sku.setdefault(sku.key, []).append(found)
        return found

    def of_sku(self, sku: Sku) -> list[Position]:
        """Wherever it lies."""
        return self._by_sku.get(sku.key, [])

    def home(self, sku: Sku) -> Position:
        return self.position(sku, self.world.home_warehouse(sku))

    def available(self) -> dict[str, int]:
        """Units really sellable now at this channel: free stock of the selling warehouses, pooled."""
        pooled: dict[str, int] = {}
        for (_, location, _), position in self.positions.items():
            sku = position.sku
            if location in SELLING and sku.active and CHANNEL in sku.destinations:
                pooled[position.shop_sku] = pooled.get(position.shop_sku, 0) + position.free()
        return {shop_sku: max(0, units) for shop_sku, units in pooled.items()}

    def lose(self, sku: Sku) -> None:
        """A count finds not one unit of it, wherever it should lie."""
        for position in self.of_sku(sku):
            position.on_hand = position.picked

    def expected_per_day(self, sku: Sku) -> float:
        """What the planners believe a SKU sells a day, over all channels."""
        return self.weights[sku.key] * self._units_per_day

    def _fill(self) -> None:
        rng = self.world.rng("bluecherry stock")
        for sku in self.world.skus:
            home = self.home(sku)
            daily = self.expected_per_day(sku)
            home.on_hand = round(daily * rng.uniform(12, 40)) + rng.randint(0, 5)
            home.damaged = rng.randint(0, 2) if rng.random() < 0.10 and home.on_hand > 4 else 0
            home.hold = rng.randint(1, 3) if rng.random() < 0.05 and home.on_hand > 8 else 0
            home.linked = rng.randint(1, 4) if rng.random() < 0.05 and home.on_hand > 10 else 0
            home.reserved = rng.randint(1, 3) if rng.random() < 0.05 and home.on_hand > 8 else 0
            if sku.season != "CORE" and rng.random() < 0.25:
                home.prebook = home.open_orders = _PACK * rng.randint(1, 12)
                home.wip = home.prebook
                self._order_made(home, home.wip, _NEXT_SEASON)
            for location, chance, most in (("WH9", 0.35, 6), ("QA", 0.05, 4), ("RET", 0.10, 3)):
                if rng.random() < chance:
                    aside = self.position(sku, location)
                    aside.on_hand = rng.randint(1, most)
                    aside.hold = aside.on_hand if location == "QA" else 0
            for location in ("POE", "FOB"):
                if rng.random() < 0.06:
                    self.position(sku, location).in_transit = _PACK * rng.randint(1, 8)
        # A store that sold more than it had: negative on hand is a fact of life in an ERP.
        self.position(self.world.skus[0], "WH9").on_hand = -2

    # -- goods on their way ------------------------------------------------------------------

    def begin(self) -> None:
        now = self.world.now
        self.world.schedule(now + timedelta(hours=3), self._plan_production)

    def _plan_production(self) -> None:
        """Once a night: order more of what runs low, unless the style is at its end."""
        rng = self.world.rng("bluecherry production")
        for sku in self.world.skus:
            chance, days, waits, sails = (
                rng.random(),
                rng.uniform(14, 28),
                rng.uniform(48, 190),
                rng.uniform(24, 90),
            )
            home = self.home(sku)
            daily = self.expected_per_day(sku)
            coming = home.wip + home.in_transit - home.prebook
            if not sku.active or (self.is_season_over and sku.season != "CORE"):
                continue
            if home.free() + coming > daily * 12 + 1 or chance < 0.6:
                continue
            units = _PACK * max(1, math.ceil(daily * days / _PACK))
            home.wip += units
            order = self._order_made(home, units, timedelta(hours=waits + sails))
            afloat = self.world.now + timedelta(hours=waits)
            self.world.schedule(afloat, partial(self._ship_production, home, order, timedelta(hours=sails)))
        if rng.random() < 0.8:
            self._count_stock()
        self.world.schedule(self.world.now + timedelta(days=1), self._plan_production)

    def _order_made(self, home: Position, units: int, takes: timedelta) -> ProductionOrder:
        now = self.world.now
        order = ProductionOrder(len(self.production) + 1, home.sku, home.location, units, now, now + takes, now)
        self.production.append(order)
        return order

    def _ship_production(self, home: Position, order: ProductionOrder, sails: timedelta) -> None:
        home.wip -= order.units
        home.in_transit += order.units
        order.ship(self.world.now)
        self.world.schedule(self.world.now + sails, lambda: self._receive(home, order))

    def _receive(self, home: Position, order: ProductionOrder) -> None:
        home.in_transit -= order.units
        home.on_hand += order.units
        order.receive(self.world.now)

    def _count_stock(self) -> None:
        """A cycle count finds that a record was wrong by a unit or two."""
        rng = self.world.rng("bluecherry counts")
        found, by = self.home(rng.choice(self.world.skus)), rng.choice((-2, -1, -1, 1))
        if found.free() > 3:
            found.on_hand += by


def _heavy_tail(world: "World") -> dict[str, float]:
    """A share of all sales for each SKU: a few sell daily, most hardly ever."""
    ranks = list(range(1, len(world.skus) + 1))
    world.rng("bluecherry popularity").shuffle(ranks)
    raw = {sku.key: 1 / rank**0.9 for sku, rank in zip(world.skus, ranks, strict=True)}
    total = sum(raw.values())
    return {key: value / total for key, value in raw.items()}
