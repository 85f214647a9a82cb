"""Demand measured on a period: what could not be bought says nothing of what is wanted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sync.rules.measuring import Period, measure

BEGAN = datetime(2026, 11, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = BEGAN + 28 * DAY
COAT, CAP = "WOOL-COAT-NAVY-L", "CORD-CAP-MOSS-S"
NAMES = [COAT, CAP, *(f"SILK-SCARF-{number}" for number in range(58))]  # a shop whose pace does not hang on one
SKUS = pl.DataFrame({"sku": NAMES, "sku_key": NAMES, "category": ["all"] * len(NAMES)})
MOMENT = pl.Datetime("us", "UTC")
_UNITS = ("net_change", "later_change", "coming_change", "own_units", "units")
_MOVES: dict[str, Any] = {"sku_key": pl.String, **dict.fromkeys(_UNITS, pl.Int64)}
_MOVES |= dict.fromkeys(("before_at", "batch_at"), MOMENT)
NO_MOVES = pl.DataFrame(schema=_MOVES)


def sold(every: dict[str, timedelta], until: dict[str, datetime]) -> pl.DataFrame:
    rows = [
        (sku, BEGAN + gap * (number + 0.5), 1)
        for sku, gap in every.items()
        for number in range(int((until.get(sku, NOW) - BEGAN) / gap))
    ]
    schema: Any = {"sku": pl.String, "sold_at": MOMENT, "units": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("sold_at", "sku")


def rate(sales: pl.DataFrame, none: list[tuple[str, datetime, datetime]], moves: pl.DataFrame = NO_MOVES) -> float:
    """The coat's."""
    schema: Any = {"sku": pl.String, "since": MOMENT, "until": MOMENT}
    spans = pl.DataFrame(none, schema=schema, orient="row")
    period = Period(BEGAN, NOW, BEGAN if moves.height else None, NOW if moves.height else None)
    found = measure(SKUS, sales, moves, period, listed_at_none=spans).outlook.skus
    return float(found.filter(pl.col("sku") == COAT)["own_rate"][0])


EVERY = {name: (8 if name == COAT else 3 * (number % 12 + 1)) * HOUR for number, name in enumerate(NAMES)}
HELD_BACK = NOW - 7 * DAY


def test_a_sku_held_back_whole_keeps_the_rate_it_had() -> None:
    """A week of nothing listed: without that known the rate falls by a quarter, with it it stays."""
    always, stopped = sold(EVERY, {}), sold(EVERY, {COAT: HELD_BACK})
    had = rate(always, [])

    assert rate(stopped, []) < 0.8 * had
    assert rate(stopped, [(COAT, HELD_BACK, NOW)]) == pytest.approx(had, rel=0.06)
    assert rate(stopped, [(CAP, HELD_BACK, NOW)]) == pytest.approx(rate(stopped, []), rel=0.02)


def test_a_night_in_which_none_was_listed_weighs_as_little_as_nights_sell() -> None:
    """All sales are between 8 and 20 o'clock: 28 nights without are nothing lost, 28 days are everything."""
    by_day = sold({name: gap / 4 for name, gap in EVERY.items()}, {}).filter(
        pl.col("sold_at").dt.hour().is_between(8, 19)
    )
    days = [BEGAN + DAY * n for n in range(28)]
    nights = [(COAT, day + 20 * HOUR, day + 32 * HOUR) for day in days]
    had = rate(by_day, [])

    assert rate(by_day, nights) == pytest.approx(had, rel=0.1)
    assert rate(by_day, [(COAT, day + 8 * HOUR, day + 20 * HOUR) for day in days]) > 5 * had


def test_hours_both_empty_and_listed_at_none_count_once() -> None:
    """The pool was empty in the last week, by the batches, and so nothing was listed."""
    stopped = sold(EVERY, {COAT: HELD_BACK})
    rows = [(COAT, 9, 9, None, BEGAN), (COAT, -9, 0, HELD_BACK - HOUR, HELD_BACK)]
    moves = pl.DataFrame(
        [
            {"sku_key": key, "net_change": change, "later_change": 0, "coming_change": 0,
             "own_units": 9 if before else 0, "units": units, "before_at": before, "batch_at": at}
            for key, change, units, before, at in rows
        ],
        schema=NO_MOVES.schema,
    )  # fmt: skip
    empty = rate(stopped, [], moves)

    assert empty == pytest.approx(rate(stopped, [(COAT, HELD_BACK, NOW)]), rel=0.02)
    assert rate(stopped, [(COAT, HELD_BACK + DAY, NOW)], moves) == pytest.approx(empty)
    assert rate(stopped, [(COAT, HELD_BACK - DAY, NOW)], moves) > empty
