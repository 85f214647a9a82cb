"""Which batches are read, which are refused, and what their rows mean."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sync.ports import INVENTORY_COLUMNS, StockBatch
from sync.rules.batches import (
    KEY,
    QUANTITIES,
    Newest,
    Reading,
    fault,
    going_backwards,
    normalised,
    plan,
    problems,
    to_store,
)

MORNING = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
NOON = MORNING + timedelta(hours=6)


def batch(number: int, kind: str = "FULL", state: str = "COMPLETE", **changes: Any) -> StockBatch:
    """Batch `number` tells of that hour of the morning and is complete twenty minutes later."""
    as_of = MORNING + timedelta(hours=number)
    usual: dict[str, Any] = {
        "batch_id": f"B{number}", "kind": kind, "state": state, "as_of": as_of, "started_at": as_of,
        "completed_at": as_of + timedelta(minutes=20) if state == "COMPLETE" else None, "row_count": None,
        "checksum": "", "next_expected_at": None,
    }  # fmt: skip
    return StockBatch(**(usual | changes))


def held(number: int) -> Newest:
    one = batch(number)
    return Newest(one.batch_id, one.as_of, one.completed_at)


def rows(*given: dict[str, Any]) -> pl.DataFrame:
    usual = dict.fromkeys(INVENTORY_COLUMNS) | {"sku_key": "LINEN", "upc": "", "location": "WH1", "lot": "N"}
    return pl.DataFrame([usual | row for row in given], schema=INVENTORY_COLUMNS)


def known(*given: dict[str, Any]) -> pl.DataFrame:
    schema: dict[str, Any] = dict.fromkeys(KEY, pl.String) | dict.fromkeys(QUANTITIES, pl.Int64)
    usual = {"sku_key": "LINEN", "location": "WH1"} | dict.fromkeys(QUANTITIES, 0)
    return pl.DataFrame([usual | row for row in given], schema=schema)


@pytest.mark.parametrize(
    ("case", "batches", "newest", "expected"),
    [
        ("nothing there", [], None, []),
        ("still running", [batch(1, state="RUNNING")], None, []),
        ("failed", [batch(1, state="FAILED")], None, []),
        ("first start: the newest only", [batch(1), batch(2), batch(3)], None, ["B3"]),
        ("first start on a delta", [batch(1), batch(2), batch(3, "DELTA")], None, ["B2", "B3"]),
        ("a delta without the full before it", [batch(1, "DELTA")], None, []),
        ("nothing newer", [batch(1)], held(1), []),
        ("every delta in order", [batch(3, "DELTA"), batch(2, "DELTA")], held(1), ["B2", "B3"]),
        ("a full makes earlier deltas needless", [batch(2, "DELTA"), batch(3)], held(1), ["B3"]),
    ],
)
def test_which_batches_are_read(
    case: str, batches: list[StockBatch], newest: Newest | None, expected: list[str]
) -> None:
    assert [one.batch_id for one in plan(batches, newest, {}, NOON)] == expected, case


@pytest.mark.parametrize(
    ("reason", "minutes_ago", "accepts_thin", "expected"),
    [
        ("checksum", 1, False, []),
        ("checksum", 5, False, ["B2", "B3"]),
        ("coverage", 60, False, []),
        ("coverage", 60, True, ["B2", "B3"]),
        ("as_of_backwards", 60, True, []),
    ],
)
def test_a_rejected_batch_ends_the_chain_unless_it_may_be_read_again(
    reason: str, minutes_ago: int, accepts_thin: bool, expected: list[str]
) -> None:
    reading = Reading("B2", reason, NOON - timedelta(minutes=minutes_ago))
    found = plan([batch(2), batch(3, "DELTA")], held(1), {"B2": reading}, NOON, accepts_thin=accepts_thin)

    assert [one.batch_id for one in found] == expected


def test_a_full_batch_after_a_rejected_one_is_read() -> None:
    readings = {"B2": Reading("B2", "coverage", NOON)}

    assert [one.batch_id for one in plan([batch(2), batch(3)], held(1), readings, NOON)] == ["B3"]


def test_a_batch_completed_later_that_tells_of_an_earlier_moment_is_going_backwards() -> None:
    late = batch(1, completed_at=MORNING + timedelta(hours=5))

    assert going_backwards([late, batch(2)], held(2), {}) == (late,)
    assert going_backwards([late], held(2), {"B1": Reading("B1", "as_of_backwards", NOON)}) == ()
    assert going_backwards([late], None, {}) == ()


@pytest.mark.parametrize(
    ("case", "changes", "given", "expected"),
    [
        ("good", {"row_count": 1, "checksum": "4"}, [{"on_hand": 4}], None),
        ("a negative stock", {"checksum": "-2"}, [{"on_hand": -2}], None),
        ("too few rows", {"row_count": 2}, [{"on_hand": 4}], "row_count"),
        ("another sum", {"row_count": 1, "checksum": "5"}, [{"on_hand": 4}], "checksum"),
        ("the same key twice", {}, [{"on_hand": 4}, {"on_hand": 5}], "duplicate_rows"),
        ("two lots", {}, [{"on_hand": 4}, {"on_hand": 5, "lot": "X"}], None),
    ],
)
def test_what_makes_a_batch_unusable(
    case: str, changes: dict[str, Any], given: list[dict[str, Any]], expected: str | None
) -> None:
    found = fault(batch(1, **changes), rows(*given), known())

    assert (found[0] if found else None) == expected, case


def test_a_full_batch_with_few_of_the_skus_that_had_stock_is_refused_until_a_person_accepts_it() -> None:
    before = known(*({"sku_key": f"S{number}", "on_hand": 1} for number in range(10)))
    now = [rows({"sku_key": f"S{number}", "on_hand": 1}) for number in range(8)]
    thin = pl.concat(now)

    assert (fault(batch(1), thin, before) or ("",))[0] == "coverage"
    assert fault(batch(1), pl.concat([*now, rows({"sku_key": "S8"})]), before) is None
    assert fault(batch(1, "DELTA"), thin, before) is None
    assert fault(batch(1), thin, before, accepts_thin=True) is None


def test_next_seasons_orders_are_kept_apart_and_lots_are_added_up() -> None:
    given = rows(
        {"on_hand": 20, "open_orders": 12, "open_due": 2, "reserved": 1, "demand": 1, "allocated": 14},
        {"on_hand": 3, "lot": "X", "open_orders": 2, "reserved": 0},
    )
    row = normalised(given).row(0, named=True)

    assert (row["on_hand"], row["allocated"], row["later_orders"]) == (23, 6, 10)


def test_a_row_without_any_quantity_is_no_stock_and_said() -> None:
    given = rows({}, {"location": "MOON", "on_hand": 3, "reported_ots": 9})

    assert normalised(given).filter(pl.col("location") == "WH1")["on_hand"].item() == 0
    assert len(problems(given, {"WH1"})) == 3


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("FULL", [("LINEN", 4), ("WOOL", 0)]), ("DELTA", [("LINEN", 4)])],
)
def test_a_missing_sku_has_no_stock_after_a_full_batch_and_is_unchanged_after_a_delta(
    kind: str, expected: list[tuple[str, int]]
) -> None:
    before = known(
        {"on_hand": 5}, {"sku_key": "WOOL", "on_hand": 2}, {"sku_key": "SILK", "on_hand": 0},
        {"sku_key": "SAME", "on_hand": 7},
    )  # fmt: skip
    now = normalised(rows({"on_hand": 4}, {"sku_key": "SAME", "on_hand": 7}))
    if kind == "DELTA":
        now = now.filter(pl.col("sku_key") != "SAME")
    kept = to_store(kind, now, before)

    assert list(zip(kept["sku_key"], kept["on_hand"], strict=True)) == expected
