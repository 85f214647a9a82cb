"""How likely a SKU is oversold: the reference's tables, a simulation, and the laws for any numbers at all."""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from sync.rules.chances import LUMPY, Counts
from sync.rules.oversell import Sides, not_deducted, oversold, risk

NOISE = 1e-11
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Sku:
    base: int
    quantity: int
    own: float = 2.0
    other: float = 1.0
    own_lumps: float = 1.0
    other_lumps: float = 1.0


def frame(*skus: Sku) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "sku": [f"LINEN-{place}" for place in range(len(skus))],
            "base": [sku.base for sku in skus],
            "quantity": [sku.quantity for sku in skus],
            "own_mean": [sku.own for sku in skus],
            "own_dispersion": [sku.own_lumps for sku in skus],
            "other_mean": [sku.other for sku in skus],
            "other_dispersion": [sku.other_lumps for sku in skus],
        }
    )


def by_hand(sku: Sku) -> tuple[float, float]:
    """Every pair of counts, one at a time, with scipy's distributions."""

    counts = np.arange(400)

    def masses(mean: float, lumps: float) -> FloatArray:
        known = stats.poisson(mean) if lumps <= LUMPY or mean == 0 else stats.nbinom(mean / (lumps - 1), 1 / lumps)
        return np.asarray(known.pmf(counts), dtype=float)

    own, other = masses(sku.own, sku.own_lumps), masses(sku.other, sku.other_lumps)
    sold = np.append(own[: sku.quantity], own[sku.quantity :].sum())
    over = np.maximum(np.arange(len(sold))[:, None] + counts[None, :] - sku.base, 0)
    pairs = np.outer(sold, other)
    return float(pairs[over > 0].sum()), float((pairs * over).sum())


@pytest.mark.parametrize(
    ("base", "quantity", "oversell", "worst", "units"),
    [
        (3, 3, "0.300", "0.632", "0.454"),
        (3, 2, "0.181", "0.264", "0.250"),
        (3, 1, "0.072", "0.080", "0.093"),
        (3, 0, "0.019", "0.019", "0.023"),
        (11, 11, "0.00007", "0.632", "0.0001"),
        (11, 7, "0.00003", "0.0037", "0.00003"),
    ],
)
def test_thin_stock_is_as_the_reference_has_it_to_the_digits_given(
    base: int, quantity: int, oversell: str, worst: str, units: str
) -> None:
    found = risk(frame(Sku(base, quantity))).row(0, named=True)

    for name, shown in (("oversell", oversell), ("worst_case", worst), ("oversold_units", units)):
        assert f"{found[name]:.{len(shown) - 2}f}" == shown


def test_four_forgotten_orders_make_the_worked_example_a_hundred_times_as_risky() -> None:
    found = risk(frame(Sku(7, 7), Sku(11, 7)))["stock_out"].to_list()

    assert f"{found[0]:.3f}" == "0.012"
    assert found[1] < 0.0001


def test_covers_are_units_by_expected_demand_and_infinite_without_demand() -> None:
    found = risk(frame(Sku(6, 4), Sku(6, 4, own=0.0, other=0.0)))

    assert found["buffer_cover"].to_list() == [2.0, float("inf")]
    assert found["window_cover"].to_list() == [2.0, float("inf")]


def test_four_hundred_thousand_draws_agree_with_the_row_of_one_unit_held_back() -> None:
    dice = np.random.default_rng(7)
    sold = np.minimum(dice.poisson(2, 400_000), 2) + dice.poisson(1, 400_000)
    found = risk(frame(Sku(3, 2))).row(0, named=True)

    assert abs((sold > 3).mean() - found["oversell"]) < 0.003
    assert abs(np.maximum(sold - 3, 0).mean() - found["oversold_units"]) < 0.005


def test_draws_of_lumpy_demand_agree_too() -> None:
    dice = np.random.default_rng(8)
    own, other = dice.negative_binomial(2 / 1.5, 1 / 2.5, 400_000), dice.negative_binomial(1 / 2, 1 / 3, 400_000)
    found = risk(frame(Sku(5, 3, own_lumps=2.5, other_lumps=3.0))).row(0, named=True)

    assert abs((np.minimum(own, 3) + other > 5).mean() - found["oversell"]) < 0.003
    assert abs((own + other > 5).mean() - found["stock_out"]) < 0.003


def test_where_orders_are_not_deducted_our_own_demand_counts_with_the_others() -> None:
    found = risk(not_deducted(frame(Sku(3, 2)))).row(0, named=True)

    assert found["other_mean"] == 3.0
    assert found["worst_case"] == pytest.approx(stats.poisson.sf(1, 3))


def test_a_base_below_zero_is_oversold_for_certain() -> None:
    found = risk(frame(Sku(-2, 0))).row(0, named=True)

    assert found["oversell"] == found["stock_out"] == 1
    assert found["oversold_units"] == pytest.approx(3.0)


def test_a_record_that_may_be_two_too_high_mixes_the_stock_it_may_be() -> None:
    found = risk(frame(Sku(5, 3)), overstated=(0.0, 0.2)).row(0, named=True)
    right, wrong = risk(frame(Sku(5, 3), Sku(3, 3))).rows(named=True)

    for name in ("stock_out", "oversell", "worst_case", "oversold_units"):
        assert found[name] == pytest.approx(0.8 * right[name] + 0.2 * wrong[name])


@pytest.mark.parametrize("chances", [(-0.1,), (0.6, 0.6)])
def test_chances_of_a_wrong_record_that_are_none_are_refused(chances: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="wrong record"):
        risk(frame(Sku(3, 3)), overstated=chances)


def test_a_missing_mean_is_refused() -> None:
    with pytest.raises(ValueError, match="mean demand"):
        Counts.of([1.0, float("nan")])


def test_no_sku_has_no_risk() -> None:
    some = frame(Sku(3, 3))
    errors = pl.Series([[0.02, 0.005]], dtype=pl.Array(pl.Float64, 2))

    assert risk(some.clear()).height == 0
    assert risk(some.with_columns(overstated=errors).clear()).height == 0


@pytest.mark.parametrize("mean", [0.0, 1e-6, 0.3, 5.0, 36.0, 900.0, 1e5])
@pytest.mark.parametrize("lumps", [1.0, 1.5, 20.0])
def test_sums_stop_only_where_nothing_is_left(mean: float, lumps: float) -> None:
    counts = Counts.of([mean], [lumps])

    assert counts.tail(counts.most())[0] < 1e-14
    assert 1 - counts.tail(counts.least() - 1)[0] < NOISE


MEANS = st.just(0.0) | st.floats(1e-9, 30)  # scipy's own negative binomial is lost in between
LUMPS = st.sampled_from([1.0, 1.1, 1.5, 3.0, 10.0])
SKUS = st.builds(
    lambda base, held, own, other, a, b: Sku(base, max(0, base - held), own, other, a, b),
    st.integers(0, 60), st.integers(0, 12), MEANS, MEANS, LUMPS, LUMPS,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(SKUS, min_size=1, max_size=8))
def test_all_skus_at_once_give_what_one_gives_by_hand(skus: list[Sku]) -> None:
    found = risk(frame(*skus))

    for sku, chance, units in zip(skus, found["oversell"], found["oversold_units"], strict=True):
        if max(sku.own * sku.own_lumps, sku.other * sku.other_lumps) < 60:
            assert (chance, units) == pytest.approx(by_hand(sku), rel=1e-6, abs=1e-7)


@settings(max_examples=80, deadline=None)
@given(st.lists(SKUS, min_size=1, max_size=20))
def test_chances_are_chances_and_keep_their_order(skus: list[Sku]) -> None:
    found = risk(frame(*skus))

    for name in ("stock_out", "oversell", "worst_case"):
        assert found[name].is_between(0, 1).all()
    assert (found["oversell"] <= found["oversold_units"] + NOISE).all()
    assert (found["oversell"] <= found["worst_case"] + NOISE).all()
    assert (found["oversell"] <= found["stock_out"] + NOISE).all()


@settings(max_examples=80, deadline=None)
@given(SKUS, st.integers(1, 5))
def test_the_more_is_held_back_the_smaller_the_risk(sku: Sku, more: int) -> None:
    now, safer = risk(
        frame(sku, Sku(sku.base, max(0, sku.quantity - more), sku.own, sku.other, sku.own_lumps, sku.other_lumps))
    ).rows(named=True)

    for name in ("oversell", "worst_case", "oversold_units"):
        assert safer[name] <= now[name] + NOISE
    assert safer["stock_out"] == pytest.approx(now["stock_out"])


@settings(max_examples=80, deadline=None)
@given(SKUS, st.floats(1, 4), st.booleans())
def test_a_longer_window_or_busier_others_never_lower_the_risk(sku: Sku, times: float, is_both: bool) -> None:
    own = sku.own * times if is_both else sku.own
    busier = Sku(sku.base, sku.quantity, own, sku.other * times, sku.own_lumps, sku.other_lumps)
    now, then = risk(frame(sku, busier)).rows(named=True)

    for name in ("stock_out", "oversell", "worst_case", "oversold_units"):
        assert then[name] >= now[name] - 1e-9 * max(1, now[name])


@settings(max_examples=60, deadline=None)
@given(SKUS, st.integers(1, 5))
def test_more_stock_behind_the_same_quantity_never_raises_the_risk(sku: Sku, more: int) -> None:
    deeper = Sku(sku.base + more, sku.quantity, sku.own, sku.other, sku.own_lumps, sku.other_lumps)
    sides = Sides.of(frame(sku, deeper))
    chance, units = oversold(sides, np.array([sku.base, deeper.base]), np.array([sku.quantity, sku.quantity]))

    assert chance[1] <= chance[0] + NOISE
    assert units[1] <= units[0] + NOISE
