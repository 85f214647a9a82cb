"""How long a published quantity must hold: measured lags, and a batch that does not come."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.latency import Lags, expected_delay, window

AS_OF = datetime(2026, 11, 20, 6, tzinfo=UTC)
DUE = AS_OF + timedelta(hours=4)
USUAL = Lags(batch=[5, 6, 7, 8, 9, 10, 11, 12, 20, 90], publish=[3, 3, 4, 4, 4, 5, 5, 6, 8, 30])


def minutes(now: datetime, lags: Lags = USUAL) -> float:
    return (window(AS_OF, AS_OF, now, DUE, lags).until - DUE) / timedelta(minutes=1)


def test_the_window_takes_the_ninetieth_percentile_of_both_lags() -> None:
    found = window(AS_OF, AS_OF + timedelta(hours=1), AS_OF + timedelta(hours=1), DUE, USUAL)

    assert found.until == DUE + timedelta(minutes=90 + 30)
    assert found.length == timedelta(hours=6)
    assert found.own_since == AS_OF + timedelta(hours=1)
    assert not found.is_late


def test_a_batch_later_than_any_before_makes_the_window_grow_by_itself() -> None:
    now = [DUE + timedelta(minutes=waited) for waited in (0, 60, 95, 120, 240)]

    assert [minutes(moment) for moment in now] == [120, 120, 130, 180, 420]
    assert window(AS_OF, AS_OF, now[-1], DUE, USUAL).is_late


def test_a_delay_seen_before_is_taken_from_those_still_possible() -> None:
    measured = [10.0] * 95 + [60.0, 70.0, 80.0, 90.0, 100.0]

    assert expected_delay(measured, 5) == 10
    assert expected_delay(measured, 65) == 100


def test_one_configured_value_does_while_nothing_was_measured() -> None:
    assert minutes(DUE, Lags([15], [10])) == 25
    with pytest.raises(ValueError, match="configured"):
        minutes(DUE, Lags([], [10]))


DELAYS = st.lists(st.floats(-60, 600), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(DELAYS, st.floats(-100, 3000), st.floats(0, 1000))
def test_the_window_never_shrinks_while_the_batch_is_late(
    measured: list[float], waited: float, more: float
) -> None:
    now, later = expected_delay(measured, waited), expected_delay(measured, waited + more)

    assert later >= now
    assert now >= waited
