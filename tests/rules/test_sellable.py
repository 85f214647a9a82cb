"""How many units may be offered: the worked example, the edges, and the laws for any numbers at all."""

from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.aging import CAREFREE, Caution
from sync.rules.policies import Policy, with_policy
from sync.rules.sellable import CANDIDATES, reason, sellable, supply
from sync.rules.stock_rows import may_sell

EMPTY = {"linked": 0, "allocated": 0, "picked": 0, "damaged": 0, "held": 0}
UNITS = st.integers(-50, 500)


def stock(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{"sku_key": "LINEN", "location": "WH1", **EMPTY, **row} for row in rows])


def board(policy: Policy, supplied: int, inflight: int = 0, multiple: int = 1, risk: int = 0) -> pl.DataFrame:
    row = {"supply": supplied, "scheduled": 0, "inflight": inflight, "multiple": multiple, "risk_units": risk}
    return with_policy(pl.DataFrame([row]), policy)


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


def test_clamping_each_warehouse_first_is_never_less_and_only_by_setting() -> None:
    rows = stock({"on_hand": -3}, {"location": "WH2", "on_hand": 10})

    assert supply(rows, {"WH1", "WH2"}, clamps=True)["supply"].to_list() == [10]


def test_what_is_damaged_held_linked_allocated_or_picked_never_counts() -> None:
    rows = stock({"on_hand": 20, "linked": 1, "allocated": 2, "picked": 3, "damaged": 4, "held": 5})

    assert supply(rows, {"WH1"}).row(0, named=True) == {
        "sku_key": "LINEN", "supply": 5, "on_hand": 20, "linked": 1, "allocated": 2, "picked": 3, "damaged": 4,
        "held": 5, "scheduled": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("clamps", "scheduled", "left"),
    [
        (False, 6 + 2, 9 - 3 - 8),
        (True, 6 + 0, 9 - 6),  # of a warehouse that counts as empty nothing leaves that the other had
    ],
)
def test_what_leaves_on_scheduled_orders_never_counts_and_a_place_that_does_not_sell_here_is_its_own_affair(
    *, clamps: bool, scheduled: int, left: int
) -> None:
    rows = stock({"on_hand": 9}, {"location": "WH2", "on_hand": -3}, {"location": "WH9", "on_hand": 50})
    leaving = pl.DataFrame(
        [("LINEN", "WH1", 6), ("LINEN", "WH2", 2), ("LINEN", "WH9", 7)],
        schema=["sku_key", "location", "quantity"],
        orient="row",
    )
    found = supply(rows, {"WH1", "WH2"}, leaving=leaving, clamps=clamps).row(0, named=True)

    assert (found["scheduled"], found["supply"]) == (scheduled, left)


def test_open_work_orders_and_goods_in_transit_never_count() -> None:
    rows = stock({"on_hand": 2}).with_columns(work_orders=pl.lit(50), in_transit=pl.lit(20))

    assert supply(rows, {"WH1"})["supply"].to_list() == [2]


def test_stock_moved_to_a_warehouse_that_does_not_sell_here_is_gone() -> None:
    before, after = stock({"on_hand": 9}), stock({"on_hand": 0}, {"location": "WH9", "on_hand": 9})

    assert supply(before, {"WH1"})["supply"].to_list() == [9]
    assert supply(after, {"WH1"})["supply"].to_list() == [0]


def test_a_negative_stock_on_hand_lists_nothing() -> None:
    rows = supply(stock({"on_hand": -4}), {"WH1"}).with_columns(
        inflight=pl.lit(0), multiple=pl.lit(1), risk_units=pl.lit(0)
    )

    assert sellable(with_policy(rows, Policy()))["target"].to_list() == [0]


@pytest.mark.parametrize(
    ("location", "loc_type", "sells"),
    [
        ("WH1", "W", True),
        ("WH1", " w ", True),
        ("WH1", "", True),  # BlueCherry gives it no type
        ("QA", "Q", False),
        ("RET", "R", False),
        ("SEA", "T", False),
        ("WH1", "?", False),  # a type nobody knows is no warehouse
        ("POE", "W", False),
        ("", "W", False),
    ],
)
def test_only_what_bluecherry_calls_a_warehouse_or_does_not_type_may_sell(
    location: str, loc_type: str, *, sells: bool
) -> None:
    assert may_sell(location, {location: loc_type}) == sells


def test_what_bluecherry_does_not_list_never_sells_unless_its_list_was_never_read() -> None:
    assert not may_sell("MOON", {"WH1": "W"})
    assert may_sell("MOON", {})


@pytest.mark.parametrize("location", ["POE", "FOB", "", " poe ", "  "])
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
        (4, Policy(units=1, minimum=3), 1, 3),  # exactly the minimum is listed
        (4, Policy(units=2, minimum=3), 1, 0),
        (9, Policy(minimum=8), 6, 6),  # the minimum is of units before packs
        (10, Policy(minimum=5, maximum=3), 1, 3),
    ],
)
def test_buffer_minimum_maximum_and_packs(supplied: int, policy: Policy, multiple: int, expected: int) -> None:
    assert quantity(supplied, 0, policy, multiple) == expected


def test_the_reason_says_in_words_what_made_the_number() -> None:
    policy = Policy(Decimal(10), 2, "max", minimum=2, maximum=8)
    shown = sellable(board(policy, 15, 4, 6)).select(reason())

    assert shown.item() == (
        "15 in stock and free, 4 sold since the batch, 2 held back (units), at most 8 are listed, whole packs of 6"
    )


@pytest.mark.parametrize(
    ("policy", "risk", "buffer", "rule"),
    [
        (Policy(Decimal(10), 1), 0, 2, "percent"),
        (Policy(Decimal(10), 2), 0, 2, "absolute"),
        (Policy(Decimal(10), 2), 4, 4, "risk"),
        (Policy(), 3, 3, "risk"),
        (Policy(units=3), 3, 3, "absolute"),
        (Policy(), 0, 0, "none"),
        (Policy(Decimal(10), 2, "sum"), 4, 8, "absolute and percent and risk"),
        (Policy(Decimal(10), 0, "sum"), 4, 6, "percent and risk"),
        (Policy(combine="sum"), 0, 0, "none"),
    ],
)
def test_the_buffer_names_the_candidate_that_won(policy: Policy, risk: int, buffer: int, rule: str) -> None:
    shown = sellable(board(policy, 20, 0, 1, risk))

    assert shown.select("buffer", "buffer_rule").row(0) == (buffer, rule)


def test_no_demand_means_no_risk_units_and_the_rest_of_the_policy_stays() -> None:
    assert quantity(10, 0, Policy(units=2), risk=0) == 8


def test_units_of_risk_are_held_back_where_they_are_the_most() -> None:
    assert quantity(10, 0, Policy(units=2), risk=7) == 3


@pytest.mark.parametrize(("supplied", "expected"), [(20, 15), (9, 4), (8, 0), (0, 0)])
def test_an_old_batch_multiplies_the_buffer_and_leaves_thin_skus_out(supplied: int, expected: int) -> None:
    shown = sellable(board(Policy(units=2), supplied), Caution("aged", Decimal("2.5"), thin_units=9))

    assert shown.select("buffer", "target").row(0) == (5, expected)


def test_a_multiplied_buffer_is_rounded_up() -> None:
    assert sellable(board(Policy(units=3), 20), Caution("aged", Decimal("1.5")))["buffer"].item() == 5


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


def targets(skus: list[Sku], policy: Policy, caution: Caution = CAREFREE) -> list[int]:
    frame = pl.DataFrame(skus, schema=["supply", "inflight", "multiple", "risk_units"], orient="row")
    return [int(target) for target in sellable(with_policy(frame, policy), caution)["target"]]


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


@settings(max_examples=30, deadline=None)
@given(SKUS, POLICIES, st.decimals(1, 5, places=1), st.integers(0, 20))
def test_caution_never_lists_more(skus: list[Sku], policy: Policy, factor: Decimal, thin: int) -> None:
    cautious = targets(skus, policy, Caution("aged", factor, thin))

    assert all(less <= shown for less, shown in zip(cautious, targets(skus, policy), strict=True))


@settings(max_examples=30, deadline=None)
@given(SKUS, POLICIES)
def test_whole_packs_only_never_above_the_cap_and_nothing_where_the_rest_is_below_the_minimum(
    skus: list[Sku], policy: Policy
) -> None:
    frame = pl.DataFrame(skus, schema=["supply", "inflight", "multiple", "risk_units"], orient="row")
    shown = sellable(with_policy(frame, policy))

    assert (shown["target"] % shown["multiple"] == 0).all()
    assert policy.maximum is None or (shown["target"] <= policy.maximum).all()
    below = shown.filter(pl.col("base") - pl.col("buffer") < policy.minimum)
    assert (below["target"] == 0).all()


@settings(max_examples=30, deadline=None)
@given(SKUS, POLICIES)
def test_the_sum_of_the_candidates_never_lists_more_than_the_largest_and_the_rule_names_one_of_them(
    skus: list[Sku], policy: Policy
) -> None:
    largest, added = (targets(skus, replace(policy, combine=combine)) for combine in ("max", "sum"))
    frame = pl.DataFrame(skus, schema=["supply", "inflight", "multiple", "risk_units"], orient="row")
    shown = sellable(with_policy(frame, replace(policy, combine="max")))

    assert all(less <= more for less, more in zip(added, largest, strict=True))
    for row in shown.iter_rows(named=True):
        candidate = {"none": 0} | {name: row[column] for name, column in CANDIDATES.items()}
        assert row["buffer"] == candidate[row["buffer_rule"]]


SHELVES = st.lists(
    st.tuples(st.sampled_from(["WH1", "WH2", "WH9", "POE"]), st.integers(-30, 60), st.integers(0, 20)),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(SHELVES)
def test_pooling_never_gives_more_than_clamping_and_only_the_allowed_warehouses_count(
    shelves: list[tuple[str, int, int]],
) -> None:
    rows = stock(*({"location": where, "on_hand": units, "allocated": sold} for where, units, sold in shelves))
    pooled = supply(rows, {"WH1", "WH2", "POE"})
    clamped = supply(rows, {"WH1", "WH2", "POE"}, clamps=True)
    by_hand = sum(units - sold for where, units, sold in shelves if where in {"WH1", "WH2"})

    assert pooled["supply"].sum() == by_hand
    assert (pooled["supply"] <= clamped["supply"]).all()
