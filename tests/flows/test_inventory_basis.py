"""What quantities are computed on is gathered once a run and written down when it changes."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from store import events
from store.journal import check_rebuild
from sync.errors import Fatal
from sync.flows.inventory_basis import basis, entries, fallback, policy_day
from sync.rules.batches import Newest
from sync.rules.policies import Entry, Members, Policy
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW

BATCH = Newest("B1", NOW - 2 * HOUR, NOW - HOUR)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """A shop with these settings."""
    opened: list[Shop] = []

    def begin(**given: Any) -> Shop:
        opened.append(Shop(tmp_path / f"{len(opened)}.duckdb", settings_of(**({"warehouses": ("WH1",)} | given))))
        return opened[-1]

    yield begin
    for each in opened:
        each.told.close()


def terms(shop: Shop) -> dict[str, Any]:
    return shop.rows("select * from stock_terms_facts")[0]


def test_the_terms_are_written_down_and_again_only_when_they_change(shop: Callable[..., Shop]) -> None:
    here = shop(batch_max_age_hours=4, batch_hard_age_hours=8, aged_thin_units=2, aged_buffer_factor="1.5")
    basis(here.run, BATCH)
    basis(here.run, BATCH)
    fresh = terms(here)
    here.told.clock.moment = NOW + 3 * HOUR
    aged = basis(here.run, BATCH)

    assert (fresh["degraded"], fresh["thin_units"], fresh["is_frozen"], fresh["degraded_at"]) == (
        "",
        0,
        False,
        None,
    )
    assert fresh["overaged_at"] == NOW + 6 * HOUR
    assert aged.caution.state == "aged"
    now = terms(here)
    assert (now["degraded"], now["buffer_factor"], now["thin_units"], now["is_frozen"]) == (
        "aged", Decimal("1.5"), 2, True,
    )  # fmt: skip
    assert now["degraded_at"] == NOW + 2 * HOUR
    assert here.rows("select count(*) as n from events where kind = 'stock_terms.changed'") == [{"n": 2}]


def test_what_the_settings_hold_back_stands_among_the_policies_and_follows_them(shop: Callable[..., Shop]) -> None:
    here = shop(buffer_percent="10", buffer_units=2, risk_alpha="0.00123456", oversell_cost="45.5")
    basis(here.run, BATCH)
    basis(here.run, BATCH)
    policies = "select level, percent, units, alpha, minimum, maximum, state from buffer_policies($at)"
    first = here.rows(policies, at=NOW)
    here.run.house.settings = settings_of(warehouses=("WH1",), maximum_listed=50)
    basis(here.run, BATCH)
    (row,) = here.rows(policies, at=NOW)

    told = {"level": "settings", "minimum": 1, "maximum": None, "state": "in_force"}
    assert first == [told | {"percent": Decimal(10), "units": 2, "alpha": Decimal("0.001235")}]
    assert row == told | {"percent": Decimal(5), "units": 1, "alpha": Decimal("0.01"), "maximum": 50}
    assert here.rows("select count(*) as n from events where kind = 'stock_terms.changed'") == [{"n": 2}]
    assert check_rebuild(here.told.database) == {}


def test_the_erps_word_on_the_next_batch_comes_before_the_timetable(shop: Callable[..., Shop]) -> None:
    here = shop(batch_times="06:00, 12:00", batch_takes=20)
    untold = basis(here.run, BATCH).due
    here.told.batch("B1", {}, at=BATCH.as_of, next_expected=NOW + HOUR)
    told = basis(here.run, BATCH).due

    assert (untold.at, untold.source) == (NOW + timedelta(hours=3, minutes=20), "timetable")
    assert (told.at, told.source) == (NOW + HOUR, "erp")
    assert terms(here)["due_from"] == "erp"


def test_without_an_allowed_warehouse_nothing_is_sold_and_the_sentence_says_what_to_do(
    shop: Callable[..., Shop],
) -> None:
    here = shop(warehouses=())
    with pytest.raises(Fatal, match="map a division to a warehouse"):
        basis(here.run, BATCH)
    here.told.mapping("warehouse", "NMK", "WH7")

    assert basis(here.run, BATCH).warehouses == {"WH7"}


PLACES = [
    {"code": "WH1", "label": "Daventry", "detail": {"type": "W"}},
    {"code": "QA", "label": "Quality hold", "detail": {"type": "Q"}},
    {"code": "RET", "label": "Returns bench", "detail": {"type": "R"}},
]


@pytest.mark.parametrize("by_mapping", [True, False])
def test_a_place_bluecherry_has_no_warehouse_at_never_counts_though_it_is_allowed(
    shop: Callable[..., Shop], *, by_mapping: bool
) -> None:
    here = shop(warehouses=() if by_mapping else ("WH1", "QA", "POE", "NEW"))
    for number, place in enumerate(("WH1", "QA", "POE", "NEW")):
        if by_mapping:
            here.told.mapping("warehouse", f"D{number}", place)
    here.told.described("warehouses", PLACES)
    found = basis(here.run, BATCH)
    basis(here.run, BATCH)
    said = {row["subject"]: row for row in here.rows("select * from conditions($at)", at=NOW + HOUR)}

    assert found.warehouses == {"WH1"}
    assert set(said) == {"QA", "POE", "NEW"} | ({"warehouse/D3", "warehouse/D2"} if by_mapping else set())
    assert {(said[place]["kind"], said[place]["cause"]) for place in ("QA", "POE", "NEW")} == {
        ("warehouse_not_counted", place) for place in ("QA", "POE", "NEW")
    }
    assert said["QA"]["detail"] == (
        "QA (Quality hold) is allowed by the settings or a mapping, but is of type Q in BlueCherry, and only type "
        "W is a warehouse: nothing that lies there is listed."
    )
    assert "POE is allowed by the settings or a mapping, but is no place in the building" in said["POE"]["detail"]
    assert "NEW is allowed by the settings or a mapping, but is none of BlueCherry's" in said["NEW"]["detail"]
    assert here.rows("select count(*) as n from events where kind = 'stock_terms.changed'") == [{"n": 1}]
    assert check_rebuild(here.told.database) == {}


def test_policies_are_read_as_they_were_set_and_removed(shop: Callable[..., Shop]) -> None:
    here = shop()
    first = events.BufferPolicySet(
        happened_at=NOW, actor="olu", level="sku", key="LINEN", from_on=date(2026, 11, 1), percent=Decimal("2.5"),
        units=3, combine="sum", risk="newsvendor", oversell_cost_amount=Decimal("80.50"), maximum=9, why="thin",
    )  # fmt: skip
    removed = events.BufferPolicySet(
        happened_at=NOW + HOUR, level="sku", key="LINEN", from_on=date(2026, 12, 1), is_removed=True, why="no more"
    )
    here.told.tell(first, removed)

    assert entries(here.run) == [
        Entry("sku", "LINEN", date(2026, 11, 1), Members(
            Decimal("2.50"), 3, "sum", "newsvendor", None, Decimal("80.500000"), None, 9,
        )),
        Entry("sku", "LINEN", date(2026, 12, 1)),
    ]  # fmt: skip


def test_the_settings_are_the_last_word() -> None:
    given = settings_of(buffer_percent="7.5", buffer_units=2, buffer_policy="sum", buffer_risk="none",
                        minimum_quantity=3, maximum_listed=40)  # fmt: skip

    assert fallback(given) == Policy(Decimal("7.5"), 2, "sum", "none", minimum=3, maximum=40)


def test_a_policy_counts_by_londons_day() -> None:
    midsummer = NOW.replace(month=7, day=1, hour=23, minute=30)

    assert policy_day(midsummer) == date(2026, 7, 2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"batch_times": "06:00;12:00"}, "is no time of day"),
        ({"batch_times": "25:00"}, "'25:00' is no time of day"),
        ({"batch_max_age_hours": 12, "batch_hard_age_hours": 6}, "BATCH_HARD_AGE_HOURS"),
        ({"buffer_percent": "101"}, "less than or equal to 100"),
        ({"buffer_percent": "1.234"}, "decimal places"),
        ({"risk_alpha": "1"}, "less than 1"),
        ({"record_error": (0.6, 0.6)}, "add up to at most 1"),
        ({"record_error": (-0.1,)}, "chances between 0 and 1"),
        ({"aged_buffer_factor": "0.5"}, "greater than or equal to 1"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_with_what_could(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        settings_of(**given)
