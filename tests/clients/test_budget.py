"""How often may be asked, in domain time; how fast, in real time."""

from datetime import timedelta
from typing import Any

import pytest

from sync.clients.budget import MIRAKL_LIMITS, Budget, Limit, Pace
from sync.errors import Deferred

MINUTE = timedelta(minutes=1)


def test_the_narrowest_window_decides(outside: Any) -> None:
    budget = Budget(outside.clock, {"TL02": (Limit(2, MINUTE), Limit(3, timedelta(hours=1)))})
    for _ in range(2):
        budget.take("TL02")
    with pytest.raises(Deferred):
        budget.take("TL02")
    outside.clock.pass_by(minutes=1)
    budget.take("TL02")

    with pytest.raises(Deferred) as deferred:
        budget.take("TL02")
    assert deferred.value.due_at == outside.clock.now() + timedelta(minutes=59)


def test_what_has_no_published_limit_is_free(outside: Any) -> None:
    budget = Budget(outside.clock, MIRAKL_LIMITS)

    for _ in range(1000):
        budget.take("ST01")


def test_a_clock_set_back_does_not_lock_the_door(outside: Any) -> None:
    budget = Budget(outside.clock, {"OR11": (Limit(1, MINUTE),)})
    budget.take("OR11")
    budget.hold("ST01", outside.clock.now() + timedelta(hours=1))
    outside.clock.pass_by(days=-3)

    budget.take("OR11")
    budget.take("ST01")


def test_what_is_left_can_be_shown(outside: Any) -> None:
    budget = Budget(outside.clock, {"OR11": (Limit(1, MINUTE),), "A01": (Limit(1, timedelta(days=1)),)})
    budget.take("OR11")
    shown = {allowance.resource: allowance for allowance in budget.allowances()}

    assert (shown["OR11"].used_count, shown["OR11"].allowed_count) == (1, 1)
    assert shown["OR11"].free_at == outside.clock.now() + MINUTE
    assert shown["A01"].free_at == outside.clock.now()


class Seconds:
    """Real time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def test_sixty_calls_a_minute_are_a_short_burst_and_then_one_a_second() -> None:
    seconds = Seconds()
    pace = Pace(60, None, sleep=seconds.sleep, monotonic=lambda: seconds.now)
    for _ in range(16):
        with pace.turn():
            pass

    assert seconds.waits == [1.0] * 10


def test_without_a_pace_nobody_waits() -> None:
    seconds = Seconds()
    pace = Pace(None, 2, sleep=seconds.sleep, monotonic=lambda: seconds.now)
    for _ in range(100):
        with pace.turn():
            pass

    assert seconds.waits == []


def test_a_place_is_given_back_when_the_call_fails() -> None:
    pace = Pace(None, 1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), pace.turn():
            _ = 1 // 0
