"""When what failed for a passing reason is tried again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.order_past import past_of
from sync.rules.retrying import ABSENT, FIRST_GAP, JITTER, LONGEST_GAP, gap, is_transient, next_try_at

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@given(st.integers(1, 60), st.text(max_size=20))
def test_a_gap_doubles_up_to_an_hour_give_or_take_a_quarter(failures: int, subject: str) -> None:
    whole = min(FIRST_GAP * float(2 ** min(failures - 1, 10)), LONGEST_GAP)

    assert whole * (1 - JITTER) <= gap(failures, subject) <= whole * (1 + JITTER)
    assert gap(failures, subject) == gap(failures, subject)


def test_a_room_may_begin_with_a_longer_gap_and_spread_it_as_well() -> None:
    first, longest = timedelta(minutes=30), timedelta(hours=6)
    gaps = [gap(1, f"S{number}/C1", first=first, longest=longest) for number in range(50)]

    assert len(set(gaps)) == 50
    assert all(first * (1 - JITTER) <= one <= first * (1 + JITTER) for one in gaps)
    assert gap(9, "S1/C1", first=first, longest=longest) >= longest * (1 - JITTER)


def failed(code: str, minutes: int, seq: int = 1, state: str = "refused") -> dict[str, Any]:
    """A receipt of return R1 that we tried to tell, so many minutes ago."""
    at = NOW - timedelta(minutes=minutes)
    return {
        "intent_kind": "receive_return", "subject": "R1", "state": state, "code": code, "meant_at": at,
        "happened_at": at, "seq": seq,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tries", "may_go"),
    [
        ([], True),
        ([failed("not_sent", 0)], True),
        ([failed(ABSENT, 0)], True),  # looked for, and surely not there: once, it goes at once
        ([failed(ABSENT, 9), failed(ABSENT, 1, 2)], False),
        ([failed(ABSENT, 9), failed(ABSENT, 3, 2)], True),
        ([failed("LOCK_TIMEOUT", 1)], False),
        ([failed("LOCK_TIMEOUT", 3)], True),
        ([failed("LOCK_TIMEOUT", 9), failed("LOCK_TIMEOUT", 4, 2), failed("LOCK_TIMEOUT", 3, 3)], False),
        # due when it was begun, and never sent: it still is, and the next failure is the third
        ([failed("LOCK_TIMEOUT", 1), failed("not_sent", 0, 2)], True),
        ([*(failed("LOCK_TIMEOUT", 9 - n, n) for n in range(3)), failed("not_sent", 6, 3)], True),
        (
            [
                failed("LOCK_TIMEOUT", 30),
                failed("LOCK_TIMEOUT", 20, 2),
                failed("not_sent", 9, 3),
                failed("LOCK_TIMEOUT", 5, 4),
            ],
            False,
        ),
        ([failed("INVALID_QTY", 600)], False),  # a person's
        ([failed("LOCK_TIMEOUT", 9), failed("", 8, 2, "confirmed")], False),
        ([failed("", 8, 1, "unclear")], False),
    ],
)
def test_every_write_that_failed_for_a_passing_reason_rests_before_it_goes_again(
    tries: list[dict[str, Any]], may_go: bool
) -> None:
    assert past_of(tries).may_go("receive_return", "R1", NOW) is may_go


def test_what_a_person_released_goes_at_once() -> None:
    past = past_of([failed("LOCK_TIMEOUT", 9), failed("LOCK_TIMEOUT", 1, 2)])
    released = {"reason": None, "happened_at": NOW, "seq": 3}

    assert past.is_free_again("receive_return", "R1", None, NOW) is False
    assert past.is_free_again("receive_return", "R1", released | {"reason": "no_address"}, NOW) is False
    assert past.is_free_again("receive_return", "R1", released, NOW) is True


def test_many_that_failed_together_do_not_come_back_together() -> None:
    assert len({gap(3, f"JLM{number}-A/NMK/WH1") for number in range(50)}) == 50


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("LOCK_TIMEOUT", True), ("BATCH_RUNNING", True), (ABSENT, True), ("CREDIT_HOLD", False),
        ("UNKNOWN_SKU", False), ("DUPLICATE_PO", False), ("", False),
    ],
)  # fmt: skip
def test_only_what_passes_by_itself_is_tried_again(code: str, passes: bool) -> None:
    assert is_transient(code) is passes


def test_what_was_absent_once_goes_at_once_and_then_waits_longer_each_time() -> None:
    waits = [next_try_at(NOW, ABSENT, failures, "A") - NOW for failures in (1, 2, 3, 4)]

    assert waits[0] == timedelta(0)
    assert waits == sorted(waits)
    assert waits[1] >= FIRST_GAP * (1 - JITTER)
