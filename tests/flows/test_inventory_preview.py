"""A buffer policy is tried on the stock and demand that are stored; nothing is sent and nothing listed changes."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from store import commands as ask
from store.database import local_ask
from store.journal import check_rebuild
from store.reads_risk import policy_preview_changes, policy_previews
from sync.answers import Refusal
from sync.desk_stock import StockDesk
from sync.desk_trials import TrialDesk
from sync.flows.inventory_demand import demand
from tests.flows.shop import BASE, NEWEST, NEWEST_ID, QUICK, SLOW, Shop, settings_of, trade
from tests.told import HOUR, NOW

TODAY = NOW.date()


def stored(shop: Shop, answer: dict[str, Any]) -> dict[str, Any] | None:
    """The preview an answer names, as it is kept."""
    rows = policy_previews(local_ask(shop.told.database), NOW).to_dicts()
    return next((row for row in rows if str(row["preview_id"]) == answer["preview_id"]), None)


class Counter:
    """The desk, and what it said while it worked."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.said: list[str] = []
        self.desk = TrialDesk(shop.run.house, StockDesk(shop.run.house, {}))

    def preview(self, **draft: Any) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """The answer, and what is stored of it."""
        given: dict[str, Any] = {"level": "global", "from_on": TODAY} | draft
        answer = self.desk.preview_policy(uuid4(), "Ops", ask.PreviewPolicy(**given), self.said.append)
        return answer, stored(self.shop, answer)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """`shop(buffer_units=0)`: two weeks of trade, with the demand as it was measured last."""
    opened: list[Shop] = []

    def begin(*, trades: bool = True, measures: bool = True, **settings: Any) -> Shop:
        made = Shop(tmp_path / f"store-{len(opened)}.duckdb", settings_of(**settings))
        opened.append(made)
        if trades:
            trade(made)
        if trades and measures:
            demand(made.run, NEWEST, NOW)
        return made

    yield begin
    for each in opened:
        each.told.close()


NOTHING_HELD = {"buffer_risk": "none", "buffer_units": 0, "buffer_percent": 0}


def test_a_preview_says_what_a_policy_would_change_and_changes_nothing(shop: Callable[..., Shop]) -> None:
    counter = Counter(shop(**NOTHING_HELD))
    rows = "select (select count(*) from published_rows) as sent, (select count(*) from buffer_policy_facts) as set"
    answer, found = counter.preview(units=2)
    changes = policy_preview_changes(local_ask(counter.shop.told.database), answer["preview_id"])

    assert found is not None
    assert answer["message"].startswith("Would change 2 listings, −4 units, oversells expected ")
    assert (found["offer_count"], found["changed_count"], found["units_change"]) == (2, 2, -4)
    assert (found["batch_id"], found["actor"], found["units"]) == (NEWEST_ID, "Ops", 2)
    assert found["windows_weekly"] == pytest.approx(42)
    assert found["after_oversells"] < found["before_oversells"]
    assert found["after_lost_units"] > found["before_lost_units"]
    assert not found["has_newer_batch"]
    listed = {row["sku"]: (row["before_quantity"], row["after_quantity"]) for row in changes.to_dicts()}
    assert listed == {QUICK: (BASE, BASE - 2), SLOW: (40, 38)}
    assert counter.said == [
        "working out every offer as the policies stand", "working out 2 offers with the new policy",
    ]  # fmt: skip
    assert counter.shop.rows(rows) == [{"sent": 0, "set": 0}]


def test_the_risk_rule_keeps_its_word_where_others_draw_and_has_a_price(shop: Callable[..., Shop]) -> None:
    found = Counter(shop(**NOTHING_HELD)).preview(risk="service_level", alpha=Decimal("0.01"))[1]

    assert found is not None
    assert found["changed_count"] == 1  # SLOW has forty and nobody takes them
    assert found["after_oversells"] < found["before_oversells"] / 2
    assert found["after_oversells"] <= 2 * 42 * 0.01  # a hundredth, for each of two offers and each batch of a week
    assert found["after_lost_units"] > found["before_lost_units"]  # and that is its price


def test_a_policy_of_next_week_is_set_beside_what_counts_then(shop: Callable[..., Shop]) -> None:
    counter = Counter(shop(**NOTHING_HELD))
    desk = StockDesk(counter.shop.run.house, cast("Any", dict.fromkeys(("inventory", "watch"), Idle())))
    later = TODAY + timedelta(days=7)
    desk.set_policy("ada", ask.SetBufferPolicy(level="global", from_on=later, units=3, why="peak"))
    now, then = counter.preview(units=3)[1], counter.preview(units=3, from_on=later)[1]

    assert now is not None
    assert then is not None
    assert (now["units_change"], then["units_change"]) == (-6, 0)


def test_the_end_of_a_policy_is_previewed_as_what_the_level_above_says(shop: Callable[..., Shop]) -> None:
    counter = Counter(shop(**NOTHING_HELD))
    desk = StockDesk(counter.shop.run.house, cast("Any", dict.fromkeys(("inventory", "watch"), Idle())))
    desk.set_policy("ada", ask.SetBufferPolicy(level="sku", key=QUICK, from_on=TODAY, units=4, why="floods"))
    found = counter.preview(level="sku", key=QUICK, is_removal=True)[1]

    assert found is not None
    assert (found["is_removal"], found["changed_count"], found["units_change"]) == (True, 1, 4)


class Idle:
    """A lane that has nothing to do."""

    def hurry(self) -> None:
        """Nothing waits."""


def test_a_preview_of_another_batch_says_so(shop: Callable[..., Shop]) -> None:
    counter = Counter(shop(**NOTHING_HELD))
    answer, _ = counter.preview(units=2)
    counter.shop.told.batch("B99", {(QUICK, "WH1"): {"on_hand": 3}}, at=NOW + HOUR)
    found = stored(counter.shop, answer)

    assert found is not None
    assert found["has_newer_batch"]


@pytest.mark.parametrize(
    ("draft", "sentence"),
    [
        ({}, "The policy says nothing: give it a percent, units, a risk rule, a minimum or a maximum."),
        ({"units": 1, "from_on": date(2026, 1, 1)}, "A policy cannot begin before today"),
        ({"units": 1, "level": "planet"}, "There is no level 'planet'"),
        ({"units": 1, "level": "sku", "key": "NOBODY"}, "BlueCherry has no sku 'NOBODY'"),
        ({"percent": Decimal(101)}, "The percent lies between 0 and 100."),
        ({"is_removal": True}, "does not exist on 2026-11-24; nothing to remove"),
    ],
)
def test_a_draft_that_cannot_be_meant_is_refused_with_what_would_be(
    shop: Callable[..., Shop], draft: dict[str, Any], sentence: str
) -> None:
    counter = Counter(shop())

    with pytest.raises(Refusal, match=sentence):
        counter.preview(**draft)
    assert counter.shop.rows("select count(*) as n from policy_preview_facts") == [{"n": 0}]


@pytest.mark.parametrize(
    ("story", "sentence"),
    [
        ({"trades": False}, "There is no complete stock batch yet"),
        ({"measures": False}, "Demand was not measured yet"),
    ],
)
def test_where_nothing_can_be_worked_out_it_says_why_and_no_flow_has_failed(
    shop: Callable[..., Shop], story: dict[str, bool], sentence: str
) -> None:
    counter = Counter(shop(**story))

    with pytest.raises(Refusal, match=sentence):
        counter.preview(units=1)
    assert counter.shop.rows("select distinct state from run_facts") == [{"state": "previewed"}]


def test_previews_are_folded_again_from_the_journal(shop: Callable[..., Shop]) -> None:
    counter = Counter(shop(**NOTHING_HELD))
    answer, _ = counter.preview(units=2)

    assert UUID(answer["preview_id"])
    assert check_rebuild(counter.shop.told.database) == {}
