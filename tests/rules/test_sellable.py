"""How many units may be offered: the worked example, the edges, and the laws for any numbers at all."""

from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.policies import Policy, with_policy
from sync.rules.sellable import reason, sellable, supply

EMPTY = {"linked": 0, "allocated": 0, "picked": 0, "damaged": 0, "held": 0}
UNITS = st.integers(-50, 500)


def stock(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{"sku_key": "LINEN", "location": "WH1", **EMPTY, **row} for row in rows])


def board(policy: Policy, supplied: int, inflight: int = 0, multiple: int = 1, risk: int = 0) -> pl.DataFrame:
    row = {"supply": [supplied], "inflight": [inflight], "multiple": [multiple], "risk_units": [risk]}
    return with_policy(pl.DataFrame(row), policy)


def quantity(supplied: int, inflight: int, policy: Policy, multiple: int = 1, risk: int = 0) -> int:
    return int(sellable(board(policy, supplied, inflight, multiple, risk))["target"][0])


def by_hand(supplied: int, inflight: int, policy: Policy, multiple: int, risk: int) -> int:
    """The formula of the reference, one SKU at a time."""
    base = max(0, supplied - inflight)
    candidates = (ceil(policy.percent * base / 100), policy.units, risk)
    buffer = sum(candidates) if policy.combine == "sum" else max(candidates)
    left = max(0, base - buffer)
    if left < policy.minimum:
        left = 0
    if policy.maximum is not None:
        left = min(left, policy.maximum)
    return left // multiple * multiple


def test_the_worked_example_of_the_reference_lists_seven() -> None:
    rows = stock(
        {"on_hand": 24, "allocated": 5, "picked": 3, "damaged": 1},
        {"location": "WH2", "on_hand": 40},
    )
    pooled = supply(rows, {"WH1"})
    usual = pooled.with_columns(inflight=pl.lit(4), multiple=pl.lit(1), risk_units=pl.lit(4))
    shown = sellable(with_policy(usual, Policy(Decimal(10), 2, "max", minimum=2)))

    assert pooled["supply"].to_list() == [15]
    assert shown.select("base", "percent_units", "absolute_units", "risk_units").row(0) == (11, 2, 2, 4)
    assert shown.select("buffer", "buffer_rule", "target").row(0) == (4, "risk", 7)


def test_a_short_warehouse_eats_into_a_long_one() -> None:
    rows = stock({"on_hand": -3}, {"location": "WH2", "on_hand": 10})

    assert supply(rows, {"WH1", "WH2"})["supply"].to_list() == [7]


@pytest.mark.parametrize("location", ["POE", "FOB", ""])
def test_a_pseudo_location_is_never_sold_from_even_if_a_setting_allows_it(location: str) -> None:
    assert supply(stock({"location": location, "on_hand": 10}), {location, "WH1"}).is_empty()


@pytest.mark.parametrize(
    ("supplied", "policy", "multiple", "expected"),
    [
        (10, Policy(), 1, 10),
        (10, Policy(percent=Decimal(0)), 1, 10),
        (10, Policy(percent=Decimal(100)), 1, 0),
        (30, Policy(percent=Decimal(10)), 1, 27),
        (31, Policy(percent=Decimal(10)), 1, 27),
        (10, Policy(percent=Decimal("2.5")), 1, 9),
        (10, Policy(percent=Decimal(10), units=3), 1, 7),
        (10, Policy(percent=Decimal(10), units=3, combine="sum"), 1, 6),
        (3, Policy(minimum=3), 1, 3),
        (2, Policy(minimum=3), 1, 0),
        (10, Policy(maximum=4), 1, 4),
        (10, Policy(maximum=0), 1, 0),
        (5, Policy(), 6, 0),
        (13, Policy(), 6, 12),
        (-4, Policy(units=2), 1, 0),
    ],
)
def test_buffer_minimum_maximum_and_packs(supplied: int, policy: Policy, multiple: int, expected: int) -> None:
    assert quantity(supplied, 0, policy, multiple) == expected


def test_the_reason_says_in_words_what_made_the_number() -> None:
    policy = Policy(Decimal(10), 2, "max", minimum=2, maximum=8)
    shown = sellable(board(policy, 15, 4, 6)).select(reason())

    assert shown.item() == (
        "15 in stock and free, 4 sold since the batch, 2 held back (absolute), at most 8 are listed,"
        " whole packs of 6"
    )


def test_the_reason_names_the_minimum() -> None:
    policy = Policy(minimum=5)

    assert sellable(board(policy, 3)).select(reason()).item() == (
        "3 in stock and free, 3 is below the minimum of 5"
    )


POLICIES = st.builds(
    Policy,
    percent=st.decimals(0, 150, places=1),
    units=st.integers(0, 20),
    combine=st.sampled_from(["max", "sum"]),
    minimum=st.integers(0, 10),
    maximum=st.none() | st.integers(0, 100),
)


Sku = tuple[int, int, int, int]
SKUS = st.lists(
    st.tuples(UNITS, st.integers(0, 100), st.integers(1, 12), st.integers(0, 9)), min_size=1, max_size=25
)


def targets(skus: list[Sku], policy: Policy) -> list[int]:
    frame = pl.DataFrame(skus, schema=["supply", "inflight", "multiple", "risk_units"], orient="row")
    return [int(target) for target in sellable(with_policy(frame, policy))["target"]]


@settings(max_examples=30, deadline=None)
@given(SKUS, POLICIES)
def test_all_skus_at_once_give_what_one_gives_by_hand_never_negative_never_above_supply(
    skus: list[Sku], policy: Policy
) -> None:
    for (supplied, inflight, multiple, risk), target in zip(skus, targets(skus, policy), strict=True):
        assert target == by_hand(supplied, inflight, policy, multiple, risk)
        assert 0 <= target <= max(0, supplied - inflight)


@settings(max_examples=20, deadline=None)
@given(SKUS, POLICIES, st.integers(0, 30))
def test_less_stock_more_sales_or_a_larger_buffer_never_raise_the_quantity(
    skus: list[Sku], policy: Policy, more: int
) -> None:
    now = targets(skus, policy)
    worse = [
        targets([(supplied - more, sold, pack, risk) for supplied, sold, pack, risk in skus], policy),
        targets([(supplied, sold + more, pack, risk) for supplied, sold, pack, risk in skus], policy),
        targets([(supplied, sold, pack, risk + more) for supplied, sold, pack, risk in skus], policy),
        targets(skus, replace(policy, units=policy.units + more)),
    ]

    for then in worse:
        assert all(less <= shown for less, shown in zip(then, now, strict=True))
