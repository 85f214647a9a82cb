"""What a policy would change before it counts, set beside how things stand."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules import risk
from sync.rules.policies import Policy, with_policy
from sync.rules.previews import Effect, effect, listed

SHIRT, LINEN, ORPHAN = "OXFORD-SHIRT-BLUE-M", "LINEN-SHIRT-WHITE-M", "NOBODY-KNOWS-IT"
WEEK = 42.0  # batches


def board(policy: Policy, **given: Any) -> pl.DataFrame:
    """Three offers, one of them without a SKU; twelve and three units, and the others should take one of each."""
    rows = [
        {"sku": sku, "sku_key": key, "supply": supply, "inflight": 1, "multiple": 1}
        | {"own_mean": 2.0, "own_dispersion": 1.0, "other_mean": 1.0, "other_dispersion": 1.0}
        | {"margin_amount": Decimal(12)}
        | given
        for sku, key, supply in ((SHIRT, "S", 12), (LINEN, "L", 4), (ORPHAN, None, 9))
    ]
    offers = pl.DataFrame(rows).with_columns(base=pl.col("supply") - pl.col("inflight"))
    return risk.advised(with_policy(offers, policy)).drop("base")


def assessed(policy: Policy, **given: Any) -> pl.DataFrame:
    return risk.assessed(listed(board(policy, **given)))


def tried(before: Policy, after: Policy, **given: Any) -> Effect:
    return effect(assessed(before, **given), assessed(after, **given), WEEK)


def test_two_units_more_held_back_lower_every_listing_and_the_oversells() -> None:
    found = tried(Policy(), Policy(units=2))

    assert (found.offer_count, found.changed_count, found.units_change) == (2, 2, -4)
    assert found.changes.select("sku", "base", "before_quantity", "after_quantity").rows() == [
        (LINEN, 3, 3, 1),
        (SHIRT, 11, 11, 9),
    ]
    # bluecherry.md §3.6: of three units 30.0 % without a buffer and 7.2 % with two, less the 1.9 % of the others
    linen = found.changes.row(0, named=True)
    assert linen["before_oversells"] / WEEK == pytest.approx(0.300 - 0.019, abs=0.001)
    assert linen["after_oversells"] / WEEK == pytest.approx(0.072 - 0.019, abs=0.001)
    assert found.after.week.oversells < found.before.week.oversells / 2
    assert found.after.week.turned_away_units > found.before.week.turned_away_units == 0


def test_the_cost_of_a_week_is_that_of_overselling_and_of_sales_missed() -> None:
    found = tried(Policy(), Policy(units=2, oversell_cost=Decimal(60)))
    after = found.after

    missed = Decimal(12) * Decimal(after.week.turned_away_units)
    oversold = Decimal(60) * Decimal(after.week.oversold_units)
    assert after.cost_amount == pytest.approx(missed + oversold, rel=Decimal("0.0001"))


def test_a_sale_missed_at_an_unknown_margin_counts_as_a_sale_and_not_as_money() -> None:
    found = tried(Policy(units=99), Policy(units=99), margin_amount=None)

    assert found.before.week.turned_away_units > 0
    assert found.before.cost_amount == 0


def test_the_sentence_says_what_changes_in_a_line() -> None:
    assert tried(Policy(), Policy(units=2)).sentence.startswith(
        "Would change 2 listings, −4 units, oversells expected 11.8 → 2.2 a week, lost sales 0.0 → "
    )
    assert tried(Policy(units=2), Policy(units=1)).sentence.startswith("Would change 2 listings, +2 units")
    assert tried(Policy(), Policy()).sentence == "Would change no listing."


@settings(deadline=None, max_examples=30)
@given(
    units=st.integers(0, 5), percent=st.integers(0, 100), rule=st.sampled_from(["none", "service_level"]),
    minimum=st.integers(0, 4),
)  # fmt: skip
def test_a_draft_that_says_what_counts_already_changes_nothing(
    units: int, percent: int, rule: Any, minimum: int
) -> None:
    policy = Policy(units=units, percent=Decimal(percent), risk=rule, minimum=minimum)
    found = tried(policy, policy)

    assert (found.changed_count, found.units_change, found.changes.height) == (0, 0, 0)
    assert found.before == found.after


@settings(deadline=None, max_examples=30)
@given(few=st.integers(0, 6), more=st.integers(0, 6))
def test_more_held_back_never_oversells_more(few: int, more: int) -> None:
    found = tried(Policy(units=few), Policy(units=few + more))

    assert found.after.week.oversells <= found.before.week.oversells + 1e-9
    assert found.after.week.turned_away_units >= found.before.week.turned_away_units - 1e-9
