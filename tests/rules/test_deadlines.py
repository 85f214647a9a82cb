"""Until when an order must be accepted, sent and confirmed."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.rules import deadlines
from sync.rules.deadlines import Deadline, Urgency

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "urgency"),
    [
        (timedelta(hours=4, seconds=1), Urgency.CALM),
        (timedelta(hours=4), Urgency.DUE),
        (timedelta(seconds=1), Urgency.DUE),
        (timedelta(0), Urgency.LATE),
        (timedelta(hours=-1), Urgency.LATE),
    ],
)
def test_a_deadline_is_late_at_its_moment_and_due_four_hours_before(left: timedelta, urgency: Urgency) -> None:
    deadline = Deadline("dispatch", MONDAY + left)

    assert deadline.urgency(MONDAY) is urgency
    assert deadline.left(MONDAY) == left


def test_an_order_waiting_for_acceptance_runs_on_the_operators_window() -> None:
    clock = deadlines.next_of("WAITING_ACCEPTANCE", placed_at=MONDAY, shipping_deadline_at=None, window_hours=24)

    assert clock == Deadline("acceptance", MONDAY + timedelta(hours=24))


def test_an_order_to_be_sent_runs_on_the_marketplaces_deadline() -> None:
    until = MONDAY + timedelta(days=2)
    clock = deadlines.next_of("SHIPPING", placed_at=MONDAY, shipping_deadline_at=until, window_hours=24)

    assert clock == Deadline("dispatch", until)


def test_what_left_the_warehouse_is_to_be_confirmed_within_two_hours() -> None:
    clock = deadlines.next_of(
        "SHIPPING",
        placed_at=MONDAY,
        shipping_deadline_at=MONDAY + timedelta(days=2),
        window_hours=24,
        shipped_at=MONDAY + timedelta(hours=5),
    )

    assert clock == Deadline("confirmation", MONDAY + timedelta(hours=7))


def test_no_clock_runs_for_an_order_that_was_sent() -> None:
    assert deadlines.next_of("SHIPPED", placed_at=MONDAY, shipping_deadline_at=MONDAY, window_hours=24) is None


def test_no_clock_runs_while_the_marketplace_has_set_none() -> None:
    assert deadlines.next_of("WAITING_DEBIT", placed_at=MONDAY, shipping_deadline_at=None, window_hours=24) is None
