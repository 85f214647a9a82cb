"""Does the default policy sell what is gone? Twenty seeds, three simulated weeks each, three policies in one world.

The world was set before the policies were run: the sandbox's own size, an ordinary fortnight under the earlier
integration, then three weeks of an end of season, in which nothing seasonal is made again and the web shop sells
more from the same stock than the marketplace does. The visitors, the web shop's and wholesale's, are the same under
every policy. While the policies were worked on, other seeds were used (1001 and up).

    oversell   a sale accepted at John Lewis that real stock at that moment could not serve: the free units of the
               warehouses that sell here, less what was sold at John Lewis before and has not reached BlueCherry
    lost       units somebody came for that were not listed, though they were really there

Both are counted by the sandbox itself (`sync.sandbox.truth`), which knows nothing of policies.
"""

import gc
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from sync.flows.inventory_basis import fallback
from sync.rules.policies import Policy
from sync.sandbox.world import World
from sync.settings import Settings
from tests.bench.ground import Row, unless
from tests.bench.replay import Replay

SEEDS = range(1, 21)
START = datetime(2026, 11, 2, tzinfo=UTC)
HISTORY, LENGTH = timedelta(days=14), timedelta(days=21)
SKUS, ORDERS_PER_DAY = 400, 150.0  # the sandbox's own defaults
COST = Decimal(60)  # of a unit oversold
LEAST_OVERSELLS = 200
SETTINGS = Settings(
    _env_file=None, marketplace_url="https://marketplace.example", marketplace_key=SecretStr("none"),
    marketplace_shop_id="4107", erp_url="https://erp.example", erp_key=SecretStr("none"),
    erp_timezone="America/New_York",
)  # fmt: skip
NOTHING = Policy(minimum=1, name="on hand minus nothing")
FLAT = Policy(percent=Decimal(10), minimum=1, name="flat 10 %")
DEFAULT = fallback(SETTINGS)
POLICIES = {"on hand minus nothing": NOTHING, "a flat 10 % buffer": FLAT, "the default policy": DEFAULT}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy came to."""

    sold: int = 0  # lines
    oversells: int = 0  # lines that could not be served
    oversold: int = 0  # units
    lost: int = 0
    money: Decimal = Decimal(0)  # oversold units at their cost, and the margin of those lost

    @property
    def margin_lost(self) -> Decimal:
        return self.money - self.oversold * COST

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.sold + other.sold, self.oversells + other.oversells, self.oversold + other.oversold,
            self.lost + other.lost, self.money + other.money,
        )  # fmt: skip


def measure(_folder: Path) -> list[Row]:
    """All the seeds."""
    return table(outcomes(SEEDS))


def outcomes(seeds: Iterable[int]) -> dict[str, Outcome]:
    """What each policy comes to over some seeds."""
    found = dict.fromkeys(POLICIES, Outcome())
    gc.disable()  # looking for garbage in a world takes a third of the time
    for seed in seeds:
        for name, policy in POLICIES.items():
            found[name] += outcome(seed, policy)
            gc.collect()
    gc.enable()
    return found


def outcome(seed: int, policy: Policy, *, history: timedelta = HISTORY, length: timedelta = LENGTH) -> Outcome:
    """A while of one world under one policy."""
    world = World(seed=seed, start=START - history, skus=SKUS, orders_per_day=ORDERS_PER_DAY)
    world.history = True  # the earlier integration brings the orders to BlueCherry, then and later
    world.earlier.begin()
    world.advance_to(START)
    world.earlier.sends_stock = False
    world.bluecherry.scenario("end_of_season")
    truth, before = world.truth, len(world.john_lewis.orders)
    truth.oversold.clear()
    truth.turned_away.clear()
    Replay(world, policy, SETTINGS).run(START + length)
    lost = Decimal(0)
    for one in truth.turned_away:
        sku = world.by_shop_sku[one["sku"]]
        lost += one["units"] * (sku.price * (1 - sku.commission_rate) - sku.cost)
    oversold = sum(one["short"] for one in truth.oversold)
    return Outcome(
        sold=sum(len(order.lines) for order in list(world.john_lewis.orders.values())[before:]),
        oversells=len(truth.oversold), oversold=oversold,
        lost=sum(one["units"] for one in truth.turned_away), money=oversold * COST + lost,
    )  # fmt: skip


def break_even(careful: Outcome, other: Outcome) -> Decimal | None:
    """What a unit oversold must cost for the more careful policy to pay; None: it oversells no less."""
    spared = other.oversold - careful.oversold
    return (careful.margin_lost - other.margin_lost) / spared if spared > 0 else None


def table(found: dict[str, Outcome]) -> list[Row]:
    """The table, and whether it holds."""
    nothing, flat, default = found.values()
    rows = [
        Row(
            f"{name}: {one.oversells:,} oversells in {one.sold:,} lines",
            f"{one.oversold:,} units oversold, {one.lost:,} lost, £{one.money:,.0f}",
            f"{one.oversells / max(nothing.oversells, 1):.2f} of nothing's oversells, "
            f"{one.lost / max(flat.lost, 1):.2f} of the flat buffer's losses",
        )
        for name, one in found.items()
    ]
    pays = break_even(default, flat)
    rows.append(
        Row(
            "   the default pays against the flat buffer where a unit oversold costs more than",
            "nothing it could cost" if pays is None else f"£{pays:,.0f}",
            f"with £{COST} it comes to £{default.money - flat.money:,.0f} more",
        )
    )
    held = {
        f"at least {LEAST_OVERSELLS} oversells with nothing held back": nothing.oversells >= LEAST_OVERSELLS,
        "the default oversells at most a tenth as often": default.oversells * 10 <= nothing.oversells,
        "and at most half as often as the flat buffer": default.oversells * 2 <= flat.oversells,
        "and loses at most 1.5 times its sales": default.lost * 2 <= flat.lost * 3,
    }
    return rows + [
        Row(f"   {what}", "holds" if is_so else "DOES NOT HOLD", broken=unless(is_so, f"Not so: {what}."))
        for what, is_so in held.items()
    ]
