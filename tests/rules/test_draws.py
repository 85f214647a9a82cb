"""What else draws on a pool, read from one batch to the next."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sync.rules.draws import as_sales, falls, pool

SHIRT = "NMK|04117|WHT|A||M"
BEGAN = datetime(2026, 11, 20, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCHEMA: dict[str, Any] = {
    "sku_key": pl.String, "net_change": pl.Int64, "later_change": pl.Int64, "coming_change": pl.Int64,
    "own_units": pl.Int64, "units": pl.Int64, "before_at": pl.Datetime("us", "UTC"),
    "batch_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def moves(*steps: tuple[int, int, int, int], start: int = 20) -> pl.DataFrame:
    """A pool that begins with so many units; then every four hours (net, later, coming, own) change."""
    rows: list[dict[str, Any]] = [
        {
            "sku_key": SHIRT, "net_change": start, "later_change": 0, "coming_change": 0, "own_units": 0,
            "units": start, "before_at": None, "batch_at": BEGAN,
        }
    ]  # fmt: skip
    for number, (net, later, coming, own) in enumerate(steps):
        at = BEGAN + 4 * HOUR * number
        rows.append(
            {
                "sku_key": SHIRT, "net_change": net, "later_change": later, "coming_change": coming,
                "own_units": own, "units": rows[-1]["units"] + net, "before_at": at, "batch_at": at + 4 * HOUR,
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)


@pytest.mark.parametrize(
    ("case", "step", "fall", "what"),
    [
        ("others took three", (-3, 0, 0, 0), 3, "draw"),
        ("we took three", (-3, 0, 0, 3), 0, "draw"),
        ("we took one of three", (-3, 0, 0, 1), 2, "draw"),
        ("two of a pre-book became due", (-3, -2, 0, 0), 1, "draw"),
        ("a pre-book was cancelled", (0, -2, 0, 0), 0, "draw"),
        ("goods came", (5, 0, 0, 0), -5, "receipt"),
        ("goods in transit arrived while some were sold", (-1, 0, -4, 0), 1, "receipt"),
    ],
)
def test_a_fall_is_what_neither_we_nor_receipts_nor_pre_books_explain(
    case: str, step: tuple[int, int, int, int], fall: int, what: str
) -> None:
    found = falls(moves(step), BEGAN + 4 * HOUR)

    assert found.select("fall", "what").rows() == [(fall, what)], case


def test_a_wholesale_order_is_a_withdrawal_and_no_rate() -> None:
    steps = [(-1, 0, 0, 0)] * 6 + [(-48, 0, 0, 0)] + [(-1, 0, 0, 0)] * 5
    told = moves(*steps, start=100)
    until = BEGAN + 48 * HOUR
    found = pool(falls(told, until), told, until).row(0, named=True)

    assert (found["other_units"], found["withdrawal_count"], found["withdrawn_units"]) == (11, 1, 48)
    assert found["other_units"] + found["withdrawn_units"] == 59  # every fall is one or the other


def test_hours_without_stock_and_hours_in_which_goods_came_tell_nothing() -> None:
    told = moves((-20, 0, 0, 0), (0, 0, 0, 1), (9, 0, 0, 0), (9, 0, 0, 0), (-1, 0, 0, 0))
    until = BEGAN + 20 * HOUR
    found = pool(falls(told, until), told, until).row(0, named=True)

    assert found["stock_hours"] == 12  # the first four, and the eight after goods came
    assert found["other_hours"] == 8  # goods came on top of some within four of them


def test_units_drawn_are_spread_evenly_over_their_interval_the_same_way_each_time() -> None:
    read = falls(moves((-3, 0, 0, 0), (-1, 0, 0, 0)), BEGAN + 8 * HOUR)
    drawn = as_sales(read)

    assert drawn["units"].to_list() == [1, 1, 1, 1]
    assert drawn["sold_at"].is_between(BEGAN, BEGAN + 8 * HOUR, closed="left").all()
    assert (drawn["sold_at"] < BEGAN + 4 * HOUR).sum() == 3
    assert as_sales(read).equals(drawn)
