"""Turns: whoever waits is reached, whatever becomes of the others."""

from hypothesis import given
from hypothesis import strategies as st

from sync.rules.turns import next_turns

NAMES = st.lists(st.text("abc", min_size=1, max_size=4), unique=True, max_size=30).map(sorted)


def test_the_201st_is_looked_at_in_the_second_round_though_the_first_200_stay() -> None:
    names = [f"{number:03d}" for number in range(201)]
    first = next_turns(names, "", 200)
    second = next_turns(names, first[-1], 200)

    assert names[200] not in first
    assert second[0] == names[200]
    assert len(second) == 200


@given(NAMES, st.text("abcd", max_size=4), st.integers(1, 9))
def test_everybody_has_a_turn_within_as_many_rounds_as_it_takes(names: list[str], last: str, most: int) -> None:
    seen: set[str] = set()
    for _ in range(-(-len(names) // most)):
        turn = next_turns(names, last, most)
        seen |= set(turn)
        last = turn[-1]

    assert seen == set(names)


@given(NAMES, st.text("abcd", max_size=4), st.integers(1, 9))
def test_nobody_has_two_turns_in_a_round(names: list[str], last: str, most: int) -> None:
    turn = next_turns(names, last, most)

    assert len(turn) == len(set(turn)) == min(most, len(names))
