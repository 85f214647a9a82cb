"""Whether chances keep their word: the reckoning, and the demand model on real sales where they lie beside us."""

import os

import numpy as np
import polars as pl
import pytest

from sync.rules.calibration import brier, is_alarming, most_expected, reliability
from tests.bench.calibration import TOLERANCE, counted, foretold, parts, read, sales_lines, worst_tenth

DAYS = 5  # the bench walks through the whole file, however long it is


def test_reliability_counts_each_tenth_and_says_by_how_much_it_was_wrong() -> None:
    cases = pl.DataFrame({"chance": [0.05, 0.15, 0.15, 1.0], "happened": [False, True, False, True]})
    found = reliability(cases)

    assert found["tenth"].to_list() == [0, 1, 9]
    assert found["cases"].to_list() == [1, 2, 1]
    assert found["gap"].to_list() == pytest.approx([0.05, -0.35, 0.0])


def test_the_brier_score_is_the_mean_squared_distance() -> None:
    cases = pl.DataFrame({"chance": [0.5, 1.0], "happened": [True, True]})

    assert brier(cases) == 0.125
    assert brier(cases.clear()) == 0


def test_chances_that_are_right_are_found_right() -> None:
    dice = np.random.default_rng(1)
    chance = dice.uniform(0, 1, 200_000)
    cases = pl.DataFrame({"chance": chance, "happened": dice.uniform(0, 1, chance.size) < chance})
    cases = cases.with_columns(day=pl.int_range(pl.len()) % 50)

    assert worst_tenth(cases) < 0.015
    assert worst_tenth(cases.with_columns(pl.col("chance") * 0.8)) > 0.1


def test_what_chance_does_to_a_tenth_is_told_by_days_not_by_cases() -> None:
    """Half of the days are busy and half quiet: right on average, and each day wrong by as much."""
    days = np.repeat(np.arange(40), 500)
    dice = np.random.default_rng(2)
    alone, together = (
        counted(
            pl.DataFrame({"chance": 0.55, "happened": dice.uniform(0, 1, days.size) < really, "day": days})
        ).row(0, named=True)
        for really in (np.full(days.size, 0.55), np.where(days % 2, 0.75, 0.35))
    )

    assert alone["error"] == pytest.approx(2 * (0.55 * 0.45 / days.size) ** 0.5, rel=0.3)
    assert together["error"] == pytest.approx(2 * 0.2 / 40**0.5, rel=0.1)
    assert abs(alone["gap"]) < 1.5 * alone["error"]


def test_more_oversells_than_one_case_in_a_hundred_allows_raise_the_alarm() -> None:
    assert most_expected(3.1) == 8
    assert not is_alarming(3.1, 8)
    assert is_alarming(3.1, 9)
    assert is_alarming(0.0, 1)


def test_on_real_sales_the_chances_keep_their_word_and_beat_the_plain_answers() -> None:
    path = sales_lines()
    if not path.exists():
        # Where the file is given it is required; elsewhere there is nothing to be measured with.
        assert not os.environ.get("SALES_LINES"), f"SALES_LINES names {path}, which is not there"
        pytest.skip("the file of real sales is not beside the project: name it in SALES_LINES")
    cases = pl.concat(foretold(read(path), days=DAYS))

    for (what, window), part in parts(cases):
        ours = brier(part)
        assert ours < brier(part, "raw"), (what, window)
        assert ours < brier(part, "category"), (what, window)
        if what == "order lines":
            assert worst_tenth(part) <= TOLERANCE, window
            # who learns from the sales alone when the shop is closed is not told less
            assert worst_tenth(part.with_columns(chance="worker")) <= TOLERANCE, window
