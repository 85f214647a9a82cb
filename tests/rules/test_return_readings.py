"""A stamp that runs behind does not say which of two readings of a return is the earlier: what they show does."""

from datetime import UTC, datetime

import pytest

from store.events import ReturnedLinePart, ReturnSeen
from sync.rules.return_readings import is_earlier

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def reading(state: str, *, is_compliant: bool | None = None) -> ReturnSeen:
    line = ReturnedLinePart(order_line_id="JL1-A-1", quantity=1, reason_code="SIZE", is_compliant=is_compliant)
    return ReturnSeen(
        happened_at=NOON, return_id="R1", order_id="JL1-A", state=state, reason_code="SIZE", rma="RMA1",
        tracking="", opened_at=NOON, changed_at=NOON, is_before_start=False, lines=(line,),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("earlier", "later"),
    [("WAITING_ACCEPTANCE", "IN_PROGRESS"), ("WAITING_ACCEPTANCE", "REFUSED"), ("IN_PROGRESS", "RECEIVED"),
     ("IN_PROGRESS", "NO_RECEPTION"), ("IN_PROGRESS", "CANCELED"), ("RECEIVED", "CLOSED")],
)  # fmt: skip
def test_a_return_never_goes_back(earlier: str, later: str) -> None:
    assert is_earlier(reading(earlier), reading(later))
    assert not is_earlier(reading(later), reading(earlier))


@pytest.mark.parametrize("state", ["NO_RECEPTION", "RECEIVED", "A_NEW_WORD"])
def test_where_no_state_comes_first_what_is_shown_is_not_earlier(state: str) -> None:
    assert not is_earlier(reading("RECEIVED"), reading(state))
    assert not is_earlier(reading(state), reading("RECEIVED"))


@pytest.mark.parametrize("state", ["RECEIVED", "A_NEW_WORD"])
def test_what_was_said_of_goods_that_came_back_stays_said(state: str) -> None:
    assert is_earlier(reading(state), reading(state, is_compliant=False))
    assert not is_earlier(reading(state, is_compliant=True), reading(state, is_compliant=False))
