"""What overselling may cost, the buffer that risk asks for, and what is worth telling."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from scipy.stats import poisson

from sync.rules.risk import advised, any_of, assessed, grids, news

SHIRT = "LINEN-SHIRT-WHITE-M"


def offer(sku: str = SHIRT, **given: Any) -> pl.DataFrame:
    """Three units of which one is held back; in the window we should sell two, the others one."""
    row = {
        "sku": sku, "base": 3, "quantity": 2, "own_mean": 2.0, "own_dispersion": 1.0, "other_mean": 1.0,
        "other_dispersion": 1.0, "margin_amount": Decimal(12), "oversell_cost_amount": Decimal(60),
        "risk_rule": "service_level", "risk_alpha": 0.01, "buffer_rule": "absolute",
    } | given  # fmt: skip
    return pl.DataFrame([row])


def looked_at(**given: Any) -> dict[str, Any]:
    """One offer, assessed."""
    return assessed(advised(offer(**given))).row(0, named=True)


@pytest.mark.parametrize(
    ("rule", "base", "asked", "advice"),
    [
        ("service_level", 3, 3, 3),  # even nothing listed leaves 1.9 %: the whole base
        ("service_level", 11, 0, 0),  # deep stock needs none
        ("worst_case", 11, 4, 4),  # the table of §3.6: 1 % at a mean of 1
        ("newsvendor", 11, 2, 2),  # the table of §3.7: 60 against 12 at a mean of 1
        ("none", 3, 0, 3),  # nothing is held back, and what would be is said
    ],
)
def test_each_rule_asks_for_what_the_reference_says(rule: str, base: int, asked: int, advice: int) -> None:
    found = advised(offer(risk_rule=rule, base=base)).row(0, named=True)

    assert (found["risk_units"], found["advised_buffer"]) == (asked, advice)


def test_where_no_margin_is_known_the_service_level_advises() -> None:
    found = advised(offer(risk_rule="newsvendor", margin_amount=None)).row(0, named=True)

    assert (found["advised_rule"], found["risk_units"]) == ("service_level", 3)


def test_offers_of_different_policies_are_each_advised_by_their_own() -> None:
    board = pl.concat([offer("A", base=11, risk_rule="worst_case"), offer("B"), offer("C", base=11)])

    assert advised(board).select("sku", "risk_units").rows() == [("A", 4), ("B", 3), ("C", 0)]


def test_what_the_others_oversell_without_us_is_shown_but_not_ours() -> None:
    found = looked_at()

    assert found["oversell_chance"] == pytest.approx(0.181, abs=0.0005)  # the table of §3.6
    assert found["own_chance"] == pytest.approx(0.181 - 0.019, abs=0.001)
    assert found["oversold_units"] == pytest.approx(0.250 - 0.023, abs=0.001)
    assert found["cost_amount"] == pytest.approx(Decimal("13.6"), abs=Decimal("0.1"))
    assert (found["buffer"], found["buffer_cover"], found["window_cover"]) == (1, 1.0, 1.0)


@pytest.mark.parametrize(
    ("case", "given", "expected"),
    [
        ("likelier than its policy accepts", {}, True),
        ("accepted by its policy", {"risk_alpha": 0.2}, False),
        ("deep stock", {"base": 30, "quantity": 29}, False),
        ("nothing listed", {"base": 0, "quantity": 0}, False),
        ("sold and not there, but nothing listed", {"base": -2, "quantity": 0}, False),
        (
            "more listed than there is, though nobody buys",
            {"quantity": 4, "own_mean": 0.0, "other_mean": 0.0},
            True,
        ),
    ],
)
def test_at_risk_is_what_passes_the_accepted_chance_or_lists_too_much(
    case: str, given: dict[str, Any], expected: bool
) -> None:
    assert looked_at(**given)["is_at_risk"] is expected, case


def test_where_nothing_draws_there_is_no_cover_to_speak_of() -> None:
    found = looked_at(own_mean=0.0, other_mean=0.0)

    assert (found["buffer_cover"], found["window_cover"], found["cost_amount"]) == (None, None, Decimal(0))


def test_a_record_that_may_show_one_too_many_asks_for_a_unit_more_and_costs_what_is_found_missing() -> None:
    """Nobody else draws: without record errors the last unit may be listed."""
    deep: dict[str, Any] = {"other_mean": 0.0, "own_mean": 6.0, "quantity": 3, "risk_alpha": 0.01}
    trusted = offer(**deep)
    held = [advised(trusted, overstated=chances)["risk_units"].item() for chances in ((), (0.005,), (0.02,))]
    both = [assessed(advised(trusted), chances).row(0, named=True) for chances in ((), (0.02,))]

    assert held == [0, 0, 1]
    assert [row["is_at_risk"] for row in both] == [False, True]
    wanted = 1 - poisson.cdf(2, 6.0)  # three are sold, and two are there
    assert [row["own_chance"] for row in both] == pytest.approx([0, 0.02 * wanted])
    assert both[1]["cost_amount"] == pytest.approx(Decimal(60 * 0.02 * wanted), abs=Decimal("0.0001"))


def test_what_the_others_find_missing_is_not_ours() -> None:
    found = assessed(advised(offer(base=3, quantity=0)), (0.3, 0.1)).row(0, named=True)
    other = poisson(1.0)
    alone = 0.6 * other.sf(3) + 0.3 * other.sf(2) + 0.1 * other.sf(1)

    assert found["oversell_chance"] == pytest.approx(alone)
    assert (found["own_chance"], found["cost_amount"]) == (pytest.approx(0), Decimal(0))


def test_a_grid_counts_on_the_record_as_the_assessment_does() -> None:
    chances = (0.05, 0.01)
    found = grids({0: advised(offer())}, chances)

    assert found["oversell_chances"][0][1] == pytest.approx(
        assessed(advised(offer()), chances)["own_chance"].item()
    )


def test_a_grid_has_every_buffer_for_every_interval_and_holding_back_more_never_sells_more() -> None:
    found = grids({0: advised(offer()), 8: advised(offer(own_mean=4.0, other_mean=2.0))})

    assert found.select("sku", "interval_hours", "base").rows() == [(SHIRT, 0.0, 3), (SHIRT, 8.0, 3)]
    for row in found.iter_rows(named=True):
        assert row["buffers"] == list(range(13))
        for name in ("oversell_chances", "oversold_units", "cost_amounts"):
            assert row[name] == sorted(row[name], reverse=True)
            assert row[name][3] == 0  # nothing listed: nothing of it is ours
        assert row["lost_amounts"] == sorted(row["lost_amounts"])
    assert found["oversell_chances"][0][1] == pytest.approx(looked_at()["own_chance"])
    assert found["oversell_chances"][1][0] > found["oversell_chances"][0][0]


def test_a_buffer_that_stands_or_is_advised_beyond_those_of_all_is_in_its_offers_grid_alone() -> None:
    wanted = {"own_mean": 14.0, "other_mean": 9.0}
    deep = advised(offer("DEEP", base=20, quantity=3, **wanted)).with_columns(advised_buffer=pl.lit(14, pl.Int64))
    plain = advised(offer("PLAIN", base=20, quantity=20, **wanted)).with_columns(advised_buffer=pl.lit(0, pl.Int64))
    found = grids({0: pl.concat([deep, plain]), 8: pl.concat([deep, plain])})
    rows = {(row["sku"], row["interval_hours"]): row for row in found.iter_rows(named=True)}

    assert rows["PLAIN", 0]["buffers"] == list(range(13))
    for hours in (0, 8):
        row = rows["DEEP", hours]
        assert row["buffers"] == [*range(13), 14, 17]
        assert row["oversell_chances"] == sorted(row["oversell_chances"], reverse=True)
        assert row["lost_amounts"] == sorted(row["lost_amounts"])
    assert rows["DEEP", 0]["oversell_chances"][-1] == pytest.approx(assessed(deep)["own_chance"].item())


def test_a_row_is_told_again_only_where_it_says_something_else() -> None:
    known = assessed(
        advised(pl.concat([offer("A"), offer("B"), offer("C", margin_amount=None)], how="vertical_relaxed"))
    )
    hardly = known.with_columns(pl.col("oversell_chance") * 1.05)
    moved = known.with_columns(
        oversell_chance=pl.when(pl.col("sku") == "A").then(0.5).otherwise("oversell_chance"),
        base=pl.when(pl.col("sku") == "C").then(2).otherwise("base"),
    )

    assert news(known, known.clear())["sku"].to_list() == ["A", "B", "C"]
    assert news(hardly, known).is_empty()
    assert news(moved, known)["sku"].to_list() == ["A", "C"]


def test_the_chance_of_at_least_one() -> None:
    assert any_of(pl.Series([0.5, 0.5, 0.0])) == pytest.approx(0.75)
    assert any_of(pl.Series([], dtype=pl.Float64)) == 0
