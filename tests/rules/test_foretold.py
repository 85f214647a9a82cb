"""What was said of each offer, held against what came: in tenths, and whether more came than may be believed."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from sync.rules import draws
from sync.rules.foretold import MOST_NAMED, Came, Said, Verdict, came
from tests.rules.test_replay import EVERY, HOUR, LINEN, MONDAY, SHIRT, history, sales

BEGAN, ENDED = MONDAY + EVERY + HOUR / 2, MONDAY + 2 * EVERY + HOUR / 2


def held(
    pools: dict[str, list[int]],
    said: dict[str, tuple[int, int, float]],
    *sold: tuple[str, float, int],
    lands_at: datetime = ENDED,
) -> Came:
    """The second of four batches, of which each offer was said to have (base, listed, chance) until it lands."""
    past = history(pools, sales(*sold))
    fallen = draws.falls(past.moves, past.batches[-1].as_of)
    offers = pl.DataFrame(
        [(sku, *numbers) for sku, numbers in said.items()],
        schema={"sku": pl.String, "base": pl.Int64, "quantity": pl.Int64, "chance": pl.Float64}, orient="row",
    )  # fmt: skip
    return came(past, fallen, Said("B1", MONDAY + EVERY, BEGAN, ENDED, lands_at, offers))


@pytest.mark.parametrize(
    ("case", "pool", "base", "sold", "expected"),
    [
        ("all that was there was sold, and no more", [5, 5, 5, 5], 5, 5, 0),
        ("one more was sold than was there", [5, 5, 5, 5], 5, 6, 1),
        ("the others took what was sold here", [5, 5, 2, 2], 5, 3, 1),
        ("the others took all of it, and nothing was sold here", [5, 5, -1, -1], 5, 0, 0),
        ("nothing was there, and one was sold", [0, 0, 0, 0], 0, 1, 1),
        ("it was sold before and not there: each further sale is one too many", [5, 5, 5, 5], -2, 1, 1),
    ],
)
def test_an_offer_is_oversold_where_more_was_sold_here_than_the_others_left(
    case: str, pool: list[int], base: int, sold: int, expected: int
) -> None:
    found = held({SHIRT: pool}, {SHIRT: (base, 5, 0.25)}, *([(SHIRT, 6.0, sold)] if sold else []))

    assert found.tenths.select("tenth", "cases", "predicted", "happened").rows() == [(2, 1, 0.25, expected)], case
    assert found.tenths["oversold"].to_list() == [[SHIRT] if expected else []]


def test_only_what_was_sold_in_the_window_counts() -> None:
    before, after = (SHIRT, 4.25, 3), (SHIRT, 8.75, 3)
    found = held({SHIRT: [2, 2, 2, 2]}, {SHIRT: (2, 2, 0.1)}, before, after)

    assert found.tenths["happened"].sum() == 0


@pytest.mark.parametrize(
    ("case", "listed", "lands", "sold", "expected"),
    [
        ("ordered and drawn after the next batch was listed by, while it was given for", 5, 2, 8.75, 1),
        ("when that time was over", 5, 0, 8.75, 0),
        ("while the next batch was late, when that time was over", 5, -2, 7.75, 0),
        ("no more can be ordered than was listed", 4, 2, 8.75, 0),
        ("but what was really sold counts, however many were listed", 4, 0, 6.0, 1),
    ],
)
def test_a_chance_is_judged_by_the_time_it_was_given_for(
    case: str, listed: int, lands: float, sold: float, expected: int
) -> None:
    """Of five that were there seven are wanted here at some time, and one goes elsewhere after ten hours."""
    found = held({SHIRT: [5, 5, 5, 4]}, {SHIRT: (5, listed, 0.25)}, (SHIRT, sold, 7), lands_at=ENDED + lands * HOUR)

    assert found.foretold.select("tenth", "cases", "predicted", "happened").rows() == [(2, 1, 0.25, expected)], case


def test_each_tenth_has_its_own_sums_and_names_the_worst_first() -> None:
    pools = {f"S{n}": [9, 9, 9, 9] for n in range(25)} | {LINEN: [9, 9, 9, 9], "GONE": [9, 9, 9, 9]}
    said = {f"S{n}": (1, 1, 0.05) for n in range(25)} | {LINEN: (9, 9, 0.95), "GONE": (9, 0, 0.5)}
    found = held(pools, said, *((f"S{n}", 6.0, 3 if n == 7 else 2) for n in range(25)), (LINEN, 6.0, 1))

    assert found.tenths.select("tenth", "cases", "happened").rows() == [(0, 25, 25), (9, 1, 0)]
    assert found.tenths["predicted"].to_list() == pytest.approx([1.25, 0.95])
    assert found.tenths["squares"].to_list() == pytest.approx([25 * 0.95**2, 0.95**2])
    assert len(found.tenths["oversold"][0]) == MOST_NAMED
    assert found.tenths["oversold"][0][0] == "S7"


def test_an_offer_to_which_goods_came_is_left_out() -> None:
    found = held({SHIRT: [5, 5, 9, 9], LINEN: [5, 5, 5, 5]}, {SHIRT: (5, 5, 0.2), LINEN: (5, 5, 0.2)})

    assert (found.left_out, found.tenths["cases"].sum()) == (1, 1)


def test_more_than_right_chances_would_pass_once_in_a_hundred_is_not_believed() -> None:
    assert (Verdict(3.1, 8).most, Verdict(3.1, 8).is_beyond, Verdict(3.1, 9).is_beyond) == (8, False, True)
    assert (Verdict(0.0, 0).is_beyond, Verdict(0.0, 1).is_beyond) == (False, True)


def test_a_window_in_which_nothing_was_listed_says_nothing() -> None:
    found = held({SHIRT: [5, 5, 5, 5]}, {SHIRT: (5, 0, 0.2)}, (SHIRT, 6.0, 1))

    assert found.tenths.is_empty()
    assert found.said.ended_at - found.said.began_at == timedelta(hours=4)
