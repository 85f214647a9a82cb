"""Records may show too many: each warehouse by chances of its own, a SKU by what all of its warehouses come to."""

from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.buffers import Terms, advised
from sync.rules.chances import Counts
from sync.rules.oversell import Sides, alone, oversold, risk, stock_out, worst_case
from sync.rules.record_error import COUNTS, convolved, estimated, parsed, with_errors, words

SHIRT, COAT, CAP = "OXFORD-SHIRT-BLUE-M", "WOOL-COAT-NAVY-L", "CORD-CAP-MOSS-S"


def stock(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["sku_key", "location", "on_hand"], orient="row")


def chances(found: pl.DataFrame, sku: str) -> list[float]:
    return list(found.filter(pl.col("sku_key") == sku)["overstated"][0])


def test_two_warehouses_are_convolved_and_one_without_chances_is_right() -> None:
    wrong = {"WH1": (0.1, 0.05), "WH2": (0.2,)}
    found = convolved(
        stock((SHIRT, "WH1", 9), (SHIRT, "WH2", 9), (COAT, "WH2", 9), (COAT, "WH3", 9), (CAP, "WH3", 9)), wrong
    )

    assert chances(found, SHIRT) == pytest.approx([0.1 * 0.8 + 0.85 * 0.2, 0.05 * 0.8 + 0.1 * 0.2, 0.05 * 0.2])
    assert chances(found, COAT) == pytest.approx([0.2, 0, 0])
    assert chances(found, CAP) == [0, 0, 0]


def test_a_record_is_wrong_by_no_more_than_it_shows() -> None:
    wrong = {"WH1": (0.1, 0.05, 0.02)}
    found = convolved(stock((SHIRT, "WH1", 2), (COAT, "WH1", 0), (CAP, "WH1", -4)), wrong)

    assert chances(found, SHIRT) == pytest.approx([0.1, 0.07])
    assert chances(found, COAT) == chances(found, CAP) == [0, 0]


PER_WAREHOUSE = st.lists(st.floats(0, 0.2), max_size=4).map(tuple)


@settings(deadline=None, max_examples=40)
@given(
    wrong=st.tuples(PER_WAREHOUSE, PER_WAREHOUSE, PER_WAREHOUSE),
    on_hand=st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)),
)
def test_the_convolution_is_the_sum_over_all_ways_the_records_can_be_wrong(
    wrong: tuple[tuple[float, ...], ...], on_hand: tuple[int, ...]
) -> None:
    places = ("WH1", "WH2", "WH3")
    found = convolved(
        stock(*((SHIRT, place, units) for place, units in zip(places, on_hand, strict=True))),
        dict(zip(places, wrong, strict=True)),
    )
    expected = np.zeros(16)
    each = [(1 - sum(one), *one) for one in wrong]
    for errors in product(*(range(len(one)) for one in each)):
        chance = np.prod([one[error] for one, error in zip(each, errors, strict=True)])
        expected[sum(min(error, shown) for error, shown in zip(errors, on_hand, strict=True))] += chance
    told = np.zeros(16)
    told[1 : 1 + len(chances(found, SHIRT))] = chances(found, SHIRT)

    assert told[1:] == pytest.approx(expected[1:], abs=2e-7)
    assert told.sum() <= 1 + 1e-12


def skus(count: int = 3) -> pl.DataFrame:
    row: dict[str, Any] = {"base": 5, "quantity": 3, "own_mean": 2.0, "own_dispersion": 1.0, "other_mean": 1.0}
    return pl.DataFrame([{"sku_key": f"S{n}", **row, "other_dispersion": 1.0 + n} for n in range(count)])


def test_each_sku_is_weighed_by_its_own_errors_as_if_it_were_alone() -> None:
    """Three SKUs with three errors, one of them none, beside each alone with its error told of all."""
    own = [(0.0, 0.0), (0.2, 0.1), (0.0, 0.3)]
    errors = pl.DataFrame({"sku_key": ["S0", "S1", "S2"], "overstated": own}, schema_overrides={
        "overstated": pl.Array(pl.Float64, 2)})  # fmt: skip
    together, units = with_errors(skus(), errors), ("worst_case_units", "oversell_units", "newsvendor_units")
    weighed = risk(together).drop("overstated")
    held = advised(together, Terms(margin=12, cost=60)).select(*units, "risk_units")

    for number, one in enumerate(own):
        alone = skus()[number]
        assert weighed[number].rows() == risk(alone, one).rows()
        assert held[number].rows() == advised(
            alone, Terms(margin=12, cost=60, overstated=one)
        ).select(*units, "risk_units").rows()  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(
    base=st.integers(-3, 30), listed=st.integers(-2, 6), means=st.tuples(st.floats(0, 8), st.floats(0, 8)),
    lumpy=st.sampled_from([1.0, 2.5]), error=st.lists(st.floats(0, 0.2), min_size=1, max_size=4),
)  # fmt: skip
def test_the_risk_is_that_of_each_error_mixed(
    base: int, listed: int, means: tuple[float, float], lumpy: float, error: list[float]
) -> None:
    """Stepping from one error to the next gives what working each out anew would; also where nothing is wanted."""
    sides = Sides(*(Counts.of([mean], lumpy) for mean in means))
    stock, quantity = np.array([base]), np.array([max(base - listed, 0)])
    each = [(1 - sum(error), 0), *((chance, k) for k, chance in enumerate(error, start=1))]

    def mixed(work: Any) -> list[float]:
        return [sum(chance * value.item() for (chance, _), value in zip(each, column, strict=True)) for column in
                zip(*(work(stock - k) for _, k in each), strict=True)]  # fmt: skip

    for found, expected in (
        (oversold(sides, stock, quantity, error), mixed(lambda there: oversold(sides, there, quantity))),
        (alone(sides.other, stock, error), mixed(lambda there: alone(sides.other, there))),
        ((stock_out(sides, stock, error),), mixed(lambda there: (stock_out(sides, there),))),
        ((worst_case(sides.other, stock, error),), mixed(lambda there: (worst_case(sides.other, there),))),
    ):
        assert [value.item() for value in found] == pytest.approx(expected, rel=1e-8, abs=1e-13)


def test_what_nothing_is_known_of_is_taken_to_be_right() -> None:
    errors = convolved(stock(("S1", "WH1", 5)), {"WH1": (0.2,)})
    found = risk(with_errors(skus(), errors))

    assert with_errors(skus(), None).equals(skus())
    assert found["oversell"][0] == risk(skus())["oversell"][0]
    assert found["oversell"][1] > risk(skus())["oversell"][1]


def counted(**errors: list[int]) -> pl.DataFrame:
    """Records of ten, of which so many were missing."""
    rows = [(place, 10, 10 - error) for place, some in errors.items() for error in some]
    return pl.DataFrame(rows, schema=COUNTS, orient="row")


def test_counts_tell_each_warehouse_its_chances_and_few_counts_are_drawn_towards_all() -> None:
    careful, careless = [0] * 980 + [1] * 20, [0] * 800 + [1] * 150 + [3] * 50
    found = estimated(counted(WH1=careful, WH2=careless, WH3=[0, 0, 2]))

    assert found["WH1"][0] == pytest.approx(0.02, abs=0.005)
    assert found["WH2"] == pytest.approx((0.15, 0, 0.05), abs=0.005)
    assert 0.05 < found["WH3"][0] < 0.1  # three counts say little: it is as the others are
    assert parsed(words(found["WH2"])) == found["WH2"]


def test_a_count_counts_once() -> None:
    """In its own warehouse it weighs as one beside thirty of right records; elsewhere as what the others found."""
    alone, one_of_ten = estimated(counted(WH1=[1])), estimated(counted(WH1=[1, *[0] * 9]))
    beside = estimated(counted(WH1=[0] * 10, WH2=[1, *[0] * 9]))

    assert alone["WH1"] == pytest.approx((1 / 31,), abs=1e-4)
    assert one_of_ten["WH1"] == pytest.approx((1 / 40,), abs=1e-4)
    assert beside == {"WH1": pytest.approx((30 / 40 / 40,), abs=1e-4), "WH2": pytest.approx((1 / 40,), abs=1e-4)}


def test_what_was_found_too_much_or_counted_on_an_empty_shelf_is_no_error_of_this_kind() -> None:
    more_found = counted(WH1=[-3] * 50 + [0] * 49 + [1])
    empty = pl.DataFrame([("WH1", 0, 0)] * 900, schema=COUNTS, orient="row")

    (chance,) = estimated(pl.concat([more_found, empty]))["WH1"]

    assert chance == pytest.approx(1 / 130, abs=1e-4)
    with pytest.raises(ValueError, match="no count"):
        estimated(empty)


@pytest.mark.parametrize("number", [40, 333, 3_999])
def test_where_every_record_showed_too_much_the_chances_can_be_set(number: int) -> None:
    found = estimated(counted(WH1=[1 + place % 19 for place in range(number)]))["WH1"]

    assert parsed(words(found)) == found


@pytest.mark.parametrize("said", ["", "a", "0.6, 0.6", "-0.1", "1.2", ", ".join(["0.01"] * 21)])
def test_what_are_no_chances_says_what_to_write(said: str) -> None:
    with pytest.raises(ValueError, match="write the chances"):
        parsed(said)
