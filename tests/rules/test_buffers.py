"""How many units to hold back: the reference's two tables, what a grid and a week say, and the laws."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.buffers import (
    Rule,
    Terms,
    advised,
    newsvendor_units,
    oversell_units,
    worst_case_units,
)
from sync.rules.chances import Counts
from sync.rules.outcomes import grid, week, with_turned_away
from sync.rules.oversell import Sides, risk, worst_case

MEANS = [0.125, 0.25, 0.5, 1, 2, 4]


def skus(*bases: int, own: float = 2.0, other: float = 1.0, lumps: float = 1.0) -> pl.DataFrame:
    return pl.DataFrame({"sku": [f"LINEN-{n}" for n in range(len(bases))], "base": bases}).with_columns(
        quantity=pl.col("base"), own_mean=own, own_dispersion=lumps, other_mean=other, other_dispersion=lumps
    )


@pytest.mark.parametrize(
    ("alpha", "held"),
    [
        (0.05, [1, 1, 2, 3, 5, 8]),
        (0.01, [1, 2, 3, 4, 6, 9]),
        (0.005, [2, 2, 3, 4, 6, 10]),
        (0.001, [2, 3, 4, 5, 8, 11]),
    ],
)
def test_the_smallest_buffers_are_those_of_the_reference(alpha: float, held: list[int]) -> None:
    assert worst_case_units(Counts.of(MEANS), alpha).tolist() == held


@pytest.mark.parametrize(("cost", "held"), [(60, [1, 1, 2, 3, 6]), (200, [1, 2, 3, 4, 7]), (600, [2, 2, 3, 5, 9])])
def test_margin_against_cost_holds_back_what_the_reference_says(cost: float, held: list[int]) -> None:
    assert newsvendor_units(Counts.of(MEANS[1:]), 12, cost).tolist() == held


def test_the_worked_example_holds_four_back_by_the_worst_case_and_none_by_the_risk_of_deep_stock() -> None:
    found = advised(skus(11), Terms(margin=12, cost=200)).row(0, named=True)

    assert (found["worst_case_units"], found["oversell_units"], found["newsvendor_units"]) == (4, 0, 3)
    assert found["risk_units"] == 0


def test_where_nothing_is_enough_everything_is_held_back() -> None:
    assert oversell_units(Sides.of(skus(3)), np.array([3]), Terms(alpha=0.01)).tolist() == [3]


def test_margin_and_cost_may_differ_by_sku() -> None:
    priced = skus(20, 20).with_columns(margin=pl.Series([12.0, 12.0]), cost=pl.Series([60.0, 600.0]))
    found = advised(priced, Terms(margin="margin", cost="cost", rule=Rule.NEWSVENDOR))

    assert found["risk_units"].to_list() == [2, 3]


@pytest.mark.parametrize(("margin", "cost"), [(-1, 10), (1, 0)])
def test_a_negative_margin_or_a_free_oversell_is_refused(margin: float, cost: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        newsvendor_units(Counts.of([1.0]), margin, cost)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_risk_that_is_no_risk_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Terms(alpha=alpha)


def test_a_doubtful_record_makes_the_buffer_larger() -> None:
    other = Counts.of([1.0])

    assert worst_case_units(other, 0.01).tolist() == [4]
    assert worst_case_units(other, 0.01, (0.0, 0.1)).tolist() == [5]


def test_the_grid_has_a_row_for_each_buffer_and_interval() -> None:
    by_interval = {4.0: skus(3, 11), 8.0: skus(3, 11, own=4.0, other=2.0)}
    found = grid(by_interval, margin=12, cost=200)
    thin = found.filter((pl.col("sku") == "LINEN-0") & (pl.col("interval_hours") == 4))

    assert found.height == 2 * 2 * 13
    assert thin["quantity"].to_list() == [3, 2, 1, *[0] * 10]
    assert [f"{chance:.3f}" for chance in thin["oversell"].head(4)] == ["0.300", "0.181", "0.072", "0.019"]
    assert thin["turned_away_units"].is_sorted()
    assert thin["expected_cost"][0] == pytest.approx(thin["oversold_units"][0] * 200)


def test_a_week_adds_up_skus_and_windows() -> None:
    found = week(with_turned_away(risk(skus(3, 11))), windows=42)

    assert found.oversells == pytest.approx(42 * (0.300207 + 0.0000707), rel=1e-3)
    assert found.at_least_one == pytest.approx(1 - (1 - 0.300207) ** 42 * (1 - 0.0000707) ** 42)
    assert found.turned_away_units == 0
    assert found.most_oversells > found.oversells


def test_a_week_without_skus_is_calm() -> None:
    found = week(with_turned_away(risk(skus(3).clear())), windows=42)

    assert (found.oversells, found.at_least_one, found.most_oversells) == (0, 0, 0)


MEAN = st.floats(0, 20)
ALPHA = st.floats(0.0005, 0.3)


@settings(max_examples=80, deadline=None)
@given(MEAN, st.sampled_from([1.0, 1.5, 4.0]), ALPHA)
def test_a_buffer_is_enough_and_one_unit_less_is_not(mean: float, lumps: float, alpha: float) -> None:
    other = Counts.of([mean], [lumps])
    held = worst_case_units(other, alpha)

    assert worst_case(other, held)[0] <= alpha
    assert held[0] == 0 or worst_case(other, held - 1)[0] > alpha


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 40), MEAN, MEAN, st.sampled_from([1.0, 1.5, 4.0]), ALPHA)
def test_the_advised_buffer_keeps_the_risk_or_holds_back_all(
    base: int, own: float, other: float, lumps: float, alpha: float
) -> None:
    terms = Terms(alpha=alpha)
    found = advised(skus(base, own=own, other=other, lumps=lumps), terms).row(0, named=True)
    held = found["risk_units"]
    listed = risk(skus(base, own=own, other=other, lumps=lumps).with_columns(quantity=pl.col("base") - held))

    assert 0 <= held <= base
    assert held <= max(found["worst_case_units"], 0)
    assert listed["oversell"][0] <= alpha or held == base


@settings(max_examples=60, deadline=None)
@given(MEAN, st.floats(1, 3), ALPHA)
def test_busier_others_or_a_dearer_oversell_never_make_the_buffer_smaller(
    mean: float, times: float, alpha: float
) -> None:
    now, busier = Counts.of([mean]), Counts.of([mean * times])

    assert worst_case_units(busier, alpha)[0] >= worst_case_units(now, alpha)[0]
    assert newsvendor_units(now, 12, 100 * times)[0] >= newsvendor_units(now, 12, 100)[0]
