"""When what failed for a passing reason is tried again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.retrying import ABSENT, FIRST_GAP, JITTER, LONGEST_GAP, gap, is_transient, next_try_at

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@given(st.integers(1, 60), st.text(max_size=20))
def test_a_gap_doubles_up_to_an_hour_give_or_take_a_quarter(failures: int, subject: str) -> None:
    whole = min(FIRST_GAP * float(2 ** min(failures - 1, 10)), LONGEST_GAP)

    assert whole * (1 - JITTER) <= gap(failures, subject) <= whole * (1 + JITTER)
    assert gap(failures, subject) == gap(failures, subject)


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
