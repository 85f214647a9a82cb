"""Deciding only what something touched comes to the same as deciding everything."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from store import events
from store.journal import check_rebuild
from sync.flows import inventory
from sync.flows.inventory_basis import basis
from sync.flows.inventory_batches import newest
from sync.flows.inventory_board import board
from sync.flows.inventory_touched import DECIDED, touched
from sync.rules.pushes import decide
from tests.flows.shop import BASE, QUICK, SLOW, WAREHOUSE, Shop, settings_of, trade
from tests.told import HOUR, NOW

SKUS = [f"NMK-0{style}17-WHT-A--{size}" for style in range(10, 16) for size in ("S", "M", "L", "XL")]
MINUTE = timedelta(minutes=1)
WRONG = (0.02, 0.005)  # stock records may show too many


@dataclass
class World:
    """A shop of 24 offers that decides only what was touched, and a marketplace that takes what it is sent."""

    shop: Shop
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    sent: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.told, self.run = self.shop.told, self.shop.run
        self.run.house.marketplace = cast("Any", self)
        self.told.mapping("warehouse", "NMK", "WH1")
        self.told.skus(*SKUS)
        self.told.offers(dict.fromkeys(SKUS, 5))
        self.told.batch("B0", {(sku, "WH1"): {"on_hand": 12} for sku in SKUS}, at=NOW - HOUR)

    @property
    def now(self) -> Any:
        return self.told.clock.moment

    def import_stock(self, quantities: Mapping[str, int]) -> str:
        self.sent = dict(quantities)
        return f"IMP-{self.number('import')}"

    def number(self, what: str) -> int:
        self.numbers[what] = self.numbers.get(what, 0) + 1
        return self.numbers[what]

    def decide(self, *, is_free: bool = True) -> tuple[dict[str, int], dict[str, int], int]:
        """What would be sent if all were decided; what is sent; how many are decided for it."""
        self.told.journal.append(bookmarks={"orders.changed": self.now.isoformat(), "inventory.full_on": "none"})
        self.run.record(bookmarks={inventory.FULL_ON: inventory._night(self.now)})
        batch = newest(self.run)
        assert batch is not None
        found = basis(self.run, batch)
        terms = inventory._terms(self.run, found, frozenset())
        whole = decide(board(self.run, found, until=self.now), terms)
        some = touched(self.run, found, terms)
        if some is not None:
            part = decide(board(self.run, found, until=self.now, names=some.names), terms).board
            assert part.sort("sku").equals(whole.board.filter(pl.col("sku").is_in(list(some.names))).sort("sku"))
        self.sent, self.run.due_at = {}, None
        inventory._decide_and_send(self.run, found, terms, is_free=is_free)
        count = whole.board.height if some is None else len(some.names)
        if self.run.due_at is not None:  # a minute lies between two files
            return {}, self.sent, count
        return dict(whole.rows.select("sku", "quantity").rows()), self.sent, count

    def arrive(self, *, errors: Mapping[str, str] | None = None) -> None:
        """The last file took effect, but for some of its lines."""
        push = self.shop.rows("select intent_id from intent_facts where intent_kind = 'push_stock' order by seq")[
            -1
        ]
        self.told.tell(
            events.ImportFinished(
                happened_at=self.now, import_id=f"IMP-{self.numbers['import']}", push_id=push["intent_id"],
                state="complete", success_count=1, error_count=len(errors or {}), errors=dict(errors or {}),
            )
        )  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = settings_of(decide_all_up_to=0, buffer_risk="none", record_error=WRONG)
    shop = Shop(tmp_path / "store.duckdb", settings)
    yield World(shop)
    shop.told.close()


# -- what happens in a shop --------------------------------------------------------------------


def nothing(_: World) -> None:
    """Time passes."""


def stock_moves(world: World) -> None:
    skus = world.dice.sample(SKUS, 2)
    rows = {(sku, "WH1"): {"on_hand": world.dice.randrange(20)} for sku in skus}
    world.told.batch(f"B{world.number('batch')}", rows, at=world.now - 20 * MINUTE)


def is_sold(world: World) -> None:
    moment = world.now - MINUTE * world.dice.randrange(1, 9)
    world.told.order(
        f"JL-{world.number('order')}", skus=(world.dice.choice(SKUS),), quantity=2, placed=moment, state="SHIPPING"
    )


def is_cancelled(world: World) -> None:
    """A sale that BlueCherry never had is called off."""
    number = world.numbers.get("order", 0)
    rows = world.shop.rows("select sku from order_line_facts where order_id = $id", id=f"JL-{number}")
    if rows:
        world.told.order(
            f"JL-{number}", skus=(rows[0]["sku"],), quantity=2, placed=world.now - HOUR, changed=world.now,
            state="CANCELED", cancelled=2,
        )  # fmt: skip


def is_entered(world: World) -> None:
    """BlueCherry has a sale, perhaps before the moment of the batch."""
    number = world.numbers.get("order", 0)
    rows = world.shop.rows("select sku from order_line_facts where order_id = $id", id=f"JL-{number}")
    if rows:
        moment = world.now - MINUTE * world.dice.choice((2, 40))
        world.told.sales_order(f"SO-{number}", f"JL-{number}", skus=(rows[0]["sku"],), quantity=2, entered=moment)


def is_read_back(world: World) -> None:
    """John Lewis shows another number."""
    sku = world.dice.choice(SKUS)
    world.told.offers({sku: world.dice.randrange(9)}, at=world.now - MINUTE)
    world.told.compared({sku: 9}, least=1, most=2, read_count=world.dice.choice((0, 1, 2)), at=world.now - MINUTE)


def sku_ends(world: World) -> None:
    world.told.now = world.now + 24 * HOUR  # told as of the day before
    world.told.skus(world.dice.choice(SKUS), is_active=world.dice.choice((True, False)))
    world.told.now = NOW


def policy_is_set(world: World) -> None:
    level = world.dice.choice(("sku", "category", "division"))
    key = {"sku": world.dice.choice(SKUS), "category": "shirts", "division": "NMK"}[level]
    world.told.tell(
        events.BufferPolicySet(
            happened_at=world.now, level=level, key=key, from_on=world.now.date(), percent=Decimal(0),
            units=world.dice.randrange(4), minimum=0, why="a try",
        )
    )  # fmt: skip


HAPPENINGS: tuple[Callable[[World], None], ...] = (
    nothing, nothing, stock_moves, stock_moves, is_sold, is_sold, is_sold, is_cancelled, is_entered, is_entered,
    is_read_back, sku_ends, policy_is_set,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_the_offers_it_touched_are_sent_as_if_all_had_been_decided(
    world: World, seed: int
) -> None:
    world.dice.seed(seed)
    spared = 0
    for _ in range(40):
        happening = world.dice.choice(HAPPENINGS)
        happening(world)
        world.told.clock.moment += MINUTE * world.dice.choice((0.6, 1.1))
        due, sent, count = world.decide()

        assert sent == due, f"after {happening.__name__}"
        spared += len(SKUS) - count
        if sent and world.dice.random() < 0.8:
            world.told.clock.moment += MINUTE / 3
            refused = {next(iter(sent)): "no such offer"} if world.dice.random() < 0.2 else {}
            world.arrive(errors=refused)
    assert spared > 20 * len(SKUS)


def test_a_sale_touches_its_own_offer_and_nothing_else(world: World) -> None:
    world.decide()
    world.arrive()
    world.told.clock.moment += 2 * MINUTE
    world.decide()
    world.told.clock.moment += 2 * MINUTE
    is_sold(world)
    due, sent, count = world.decide()

    assert sent == due
    assert count == 1


def test_a_sale_about_the_moment_of_a_decision_is_looked_at_once_more(world: World) -> None:
    """Whether it was off the marketplace's number by then only the next minutes tell."""
    world.decide()
    world.arrive()
    world.told.clock.moment += 2 * MINUTE
    world.decide()
    world.told.clock.moment += 2 * MINUTE
    world.told.order("JL-1", skus=(SKUS[3],), placed=world.now - MINUTE / 2)
    world.decide()
    world.arrive()
    world.told.clock.moment += MINUTE
    world.decide()
    world.told.clock.moment += MINUTE
    soon = world.decide()[2]
    world.told.clock.moment += 4 * MINUTE
    world.decide()
    later = world.decide()[2]

    assert (soon, later) == (1, 0)


@pytest.mark.parametrize("why", ["a shop of few offers", "ten minutes", "an older batch", "a policy for all"])
def test_all_are_decided_where_time_or_a_word_may_move_them_all(world: World, why: str) -> None:
    world.decide()
    world.arrive()
    world.told.clock.moment += 2 * MINUTE
    world.decide()
    world.told.clock.moment += 2 * MINUTE
    if why == "a shop of few offers":
        world.run.house.settings = settings_of(decide_all_up_to=24, buffer_risk="none", record_error=WRONG)
    elif why == "ten minutes":
        world.told.clock.moment += 9 * MINUTE
    elif why == "an older batch":
        world.run.house.settings = settings_of(decide_all_up_to=0, buffer_risk="none", batch_max_age_hours=1)
    else:
        world.told.tell(
            events.BufferPolicySet(
                happened_at=world.now, level="global", key="", from_on=world.now.date(), units=3, why="a try"
            )
        )
    due, sent, count = world.decide()

    assert sent == due
    assert count == len(SKUS)
    assert world.run.bookmark(DECIDED)


def test_offers_that_lose_their_sku_one_by_one_wait_for_a_person_as_those_at_once_do(world: World) -> None:
    """Of 24 offers one may lose its stock within a day; that the nightly file says zero again does not hide it."""

    def end(number: int, after: timedelta) -> dict[str, int]:
        world.told.clock.moment += after
        world.told.now = world.now
        world.told.skus(SKUS[number], is_active=False)
        due, sent, _ = world.decide()
        assert sent == due
        if sent:
            world.told.clock.moment += MINUTE / 3
            world.arrive()
        return {sku: units for sku, units in sent.items() if units == 0}

    world.decide()
    world.arrive()
    first = end(0, HOUR)
    world.told.publish({SKUS[0]: 0}, sku_key="", before_quantity=0, batch_id="B0", at=world.now + MINUTE)
    second = end(1, 10 * HOUR)
    world.told.tell(events.OrphansReleased(happened_at=world.now, offer_count=1, why="it left the range"))
    allowed = end(1, MINUTE)
    third = end(2, HOUR)
    a_day_later = end(2, 24 * HOUR)

    assert (first, second, allowed, third) == ({SKUS[0]: 0}, {}, {SKUS[1]: 0}, {})
    assert a_day_later == {SKUS[2]: 0}


def test_only_batches_that_had_something_to_send_say_how_long_we_take(world: World) -> None:
    """B1 changes nothing: the file of a policy, hours on, is not its own. B2 could not be sent for half an hour."""

    def read(name: str, on_hand: int) -> None:
        world.told.clock.moment += HOUR
        world.told.batch(name, {(sku, "WH1"): {"on_hand": on_hand} for sku in SKUS}, at=world.now)

    world.told.writes_agreements(since=world.now)
    world.decide()
    world.arrive()
    read("B1", 12)
    assert not world.decide()[1]
    assert not world.decide()[1]
    world.told.clock.moment += 3 * HOUR
    world.told.tell(
        events.BufferPolicySet(
            happened_at=world.now, level="division", key="NMK", from_on=world.now.date(), percent=Decimal(0),
            units=3, minimum=0, why="a try",
        )
    )  # fmt: skip
    assert world.decide()[1]
    world.arrive()
    read("B2", 6)
    world.decide(is_free=False)
    world.told.clock.moment += HOUR / 2
    assert world.decide()[1]
    world.arrive()

    agreed = world.shop.rows("from batch_agreement_facts")
    shown = world.shop.rows("from batches_shown($at) order by batch_id", at=world.now)
    assert [row["batch_id"] for row in agreed] == ["B1"]
    assert [(row["batch_id"], row["shown_at"]) for row in shown] == [("B2", world.now)]
    assert check_rebuild(world.told.database) == {}


class Trading(World):
    """The same with two offers, and demand that the default policy holds units back for."""

    def __post_init__(self) -> None:
        self.told, self.run = self.shop.told, self.shop.run
        self.run.house.marketplace = cast("Any", self)
        trade(self.shop)

    def decide_at(self, after: timedelta) -> dict[str, int]:
        """Decide after that time, let what is sent arrive; what was sent last of each."""
        self.told.clock.moment += after
        self.decide()
        if self.sent:
            self.told.clock.moment += MINUTE / 6
            self.arrive()
        return {row["sku"]: row["quantity"] for row in self.shop.rows("select sku, quantity from published_facts")}


@pytest.mark.parametrize("slow_units", [39, 40])
def test_what_only_risk_had_lowered_rises_with_a_new_batch_that_touches_something_else(
    tmp_path: Path, slow_units: int
) -> None:
    """The batch before was so late that nothing of QUICK was listed; of the new one only SLOW is decided first.

    With 40 units nothing of that first decision has to be sent.
    """
    listed: dict[int, list[dict[str, int]]] = {}
    for most in (0, 10_000):
        settings = settings_of(decide_all_up_to=most, batch_every=240, batch_takes=0, record_error=WRONG)
        shop = Shop(tmp_path / f"{most}.duckdb", settings)
        world = Trading(shop)
        plenty = {(QUICK, WAREHOUSE): {"on_hand": BASE + 7}, (SLOW, WAREHOUSE): {"on_hand": 40}}
        world.told.batch("B18b", plenty, at=world.now - MINUTE)
        fresh = world.decide_at(timedelta(0))
        world.decide_at(7 * HOUR)
        late = world.decide_at(HOUR / 2)
        world.decide_at(2 * MINUTE)
        world.told.batch("B19", {(SLOW, WAREHOUSE): {"on_hand": slow_units}}, at=world.now)
        first = world.decide_at(2 * MINUTE)
        world.decide_at(5 * MINUTE)
        soon = world.decide_at(7 * MINUTE)
        shop.told.close()
        listed[most] = [fresh, late, first, soon]
    some, all_at_once = listed[0], listed[10_000]

    assert some[0][QUICK] > 0 == some[1][QUICK] == some[2][QUICK]
    assert some[3] == all_at_once[3]
    assert some[3][QUICK] == all_at_once[2][QUICK] == some[0][QUICK]
