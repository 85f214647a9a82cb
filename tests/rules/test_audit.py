"""Whether the marketplace shows what it should: only a real difference counts, and twice in a row is sure."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.audit import ROWS, comparable, compared, kept
from tests.told import HOUR, NOW, thing

NEVER_DIFFERED = pl.DataFrame(
    schema={"sku": pl.String, "read_count": pl.Int64, "shown_quantity": pl.Int64,
            "seen_at": ROWS["seen_at"], "first_seen_at": ROWS["first_seen_at"]}
)  # fmt: skip


def expected(**more: Any) -> pl.DataFrame:
    usual = {
        "sku": "LINEN", "push_id": str(thing("push")), "applied_quantity": 7, "ordered_quantity": 2,
        "cancelled_quantity": 0, "least_quantity": 5, "most_quantity": 5, "sent_at": NOW - 2 * HOUR,
        "applied_at": NOW - HOUR, "is_maybe_less": False,
    }  # fmt: skip
    return pl.DataFrame([usual | more])


def shown(quantity: int) -> pl.DataFrame:
    return pl.DataFrame({"sku": ["LINEN"], "shown_quantity": [quantity]})


def read(quantity: int, before: pl.DataFrame = NEVER_DIFFERED, at: Any = NOW, **more: Any) -> dict[str, Any]:
    rows = compared(comparable(shown(quantity), expected(**more), at), before, at)
    return rows.row(0, named=True)


@pytest.mark.parametrize(
    ("case", "quantity", "more", "differs"),
    [
        ("applied less ordered", 5, {}, False),
        ("a sale the marketplace did not take off", 7, {}, True),
        ("more than we ever sent", 9, {}, True),
        ("less than should stand there", 4, {}, True),
        ("a sale near the sending may be in or out", 6, {"most_quantity": 7}, False),
        ("more than even that", 8, {"most_quantity": 7}, True),
        ("a cancelled sale was put back", 6, {"cancelled_quantity": 1, "most_quantity": 6}, False),
        ("or was not", 5, {"cancelled_quantity": 1, "most_quantity": 6}, False),
    ],
)
def test_only_a_difference_from_what_should_stand_there_counts(
    case: str, quantity: int, more: dict[str, Any], differs: bool
) -> None:
    assert (read(quantity, **more)["read_count"] > 0) == differs, case


def test_what_the_marketplace_put_back_is_part_of_what_is_expected() -> None:
    row = read(6, cancelled_quantity=2, most_quantity=7)

    assert (row["restored_quantity"], row["expected_quantity"]) == (1, 6)


def test_both_numbers_and_when_each_was_seen_are_kept_over_two_readings() -> None:
    later = NOW + timedelta(minutes=10)
    first = read(9)
    before = pl.DataFrame([first]).select("sku", "read_count", "shown_quantity", "seen_at", "first_seen_at")
    second = read(8, before, later)

    assert (first["read_count"], first["before_seen_at"]) == (1, None)
    assert second == second | {
        "read_count": 2, "expected_quantity": 5, "shown_quantity": 8, "before_shown_quantity": 9,
        "applied_at": NOW - HOUR, "seen_at": later, "before_seen_at": NOW, "first_seen_at": NOW,
    }  # fmt: skip


def test_a_reading_that_is_right_again_ends_it_and_is_kept_once() -> None:
    first = read(9)
    before = pl.DataFrame([first]).select("sku", "read_count", "shown_quantity", "seen_at", "first_seen_at")
    right = compared(comparable(shown(5), expected(), NOW + HOUR), before, NOW + HOUR)
    again = pl.DataFrame([right.row(0, named=True)]).select(
        "sku", "read_count", "shown_quantity", "seen_at", "first_seen_at"
    )
    next_time = compared(comparable(shown(5), expected(), NOW + 2 * HOUR), again, NOW + 2 * HOUR)

    assert kept(right)["read_count"].to_list() == [0]
    assert kept(next_time).is_empty()


def test_what_took_effect_while_it_was_read_is_not_compared() -> None:
    assert comparable(shown(9), expected(applied_at=NOW + HOUR), NOW).is_empty()
    assert comparable(shown(9), expected(sku="WOOL"), NOW).is_empty()


@pytest.mark.parametrize(("quantity", "is_compared"), [(4, False), (5, True), (6, True)])
def test_only_too_few_may_be_an_order_that_cannot_be_read(quantity: int, is_compared: bool) -> None:
    pairs = comparable(shown(quantity), expected(is_maybe_less=True), NOW)

    assert (not pairs.is_empty()) == is_compared


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=8))
def test_the_count_is_of_readings_in_a_row(quantities: list[int]) -> None:
    before, count = NEVER_DIFFERED, 0
    for number, quantity in enumerate(quantities):
        at = NOW + number * HOUR
        row = read(quantity, before, at)
        count = 0 if quantity == 5 else count + 1
        news = kept(pl.DataFrame([row], schema=ROWS))
        if news.height:
            before = news.select("sku", "read_count", "shown_quantity", "seen_at", "first_seen_at")

        assert row["read_count"] == count
