"""Whether the chances we list by can be trusted stands on the back-test page, in words, numbers and a picture."""

from tests.dashboard.looking import cells, show, words
from tests.told import Told
from tests.told_risk import kept


def page_of(told: Told) -> str:
    told.beat()
    page = show("back_test")
    return f"{words(page)}\n{cells(page)}"


def test_before_a_night_has_looked_it_says_so(told: Told) -> None:
    assert "Nothing to judge them by yet" in page_of(told)


def test_chances_that_tell_which_offers_are_in_danger_are_said_to_with_the_numbers(told: Told) -> None:
    """Of a thousand said 0.1 % one came, of twenty said 50 % eleven; 1.2 % said of all alike misses by more."""
    kept(told, (0, 600, 0.001, 1), (5, 20, 0.5, 11), batch_id="B0")
    kept(told, (0, 400, 0.001, 0), batch_id="B1")
    shown = page_of(told)

    assert "**The chances tell which offers are in danger**: they are 49% nearer to what came" in shown
    assert (
        "11.0 oversells were foretold, 12 came. No tenth with a case in a hundred or more is over 5.0 points off."
        in shown
    )
    for said in ("Cases 1,020", "Brier score of the chances 0.00588", "Brier score of the plain share 0.01163"):
        assert said in shown, said
    assert "2 batches since" in shown
    assert "50 to 60 %" in shown
    assert "55.00%" in shown


def test_chances_worse_than_the_plain_share_are_said_to_tell_nothing(told: Told) -> None:
    kept(told, (0, 90, 0.0, 9), (9, 10, 0.95, 1))
    shown = page_of(told)

    assert "**The chances do not tell which offers are in danger**" in shown
    assert "No tenth with a case in a hundred or more is over 85.0 points off." in shown


def test_where_nothing_was_oversold_nothing_is_claimed(told: Told) -> None:
    kept(told, (0, 100, 0.001, 0))

    assert "**No offer was oversold: how well the chances tell" in page_of(told)
