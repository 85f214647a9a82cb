"""What of a cause calls somebody: the deadlines of those that are neither put off nor accepted."""

from datetime import datetime, time, timedelta

import pytest

from store.database import Ask
from sync.rules.alerts import Alert, Part, Route, decide
from sync.rules.alerts import Told as Before
from tests.told import DAY, HOUR, NOW, Told

NIGHT = (time(0), time(23, 59, 59))


def alerts(ask: Ask, *before: Part, at: datetime = NOW, quiet: tuple[time, time] | None = None) -> list[Alert]:
    """The messages of a route that keeps no distance and was told this before."""
    route = Route("mail", batch=timedelta(0), quiet=quiet)
    known = [Before("mail", part, NOW) for part in before]
    return list(decide(ask("from causes($at)", {"at": at}).to_dicts(), [route], known, {}, at, site="x").alerts)


@pytest.fixture
def resting(told: Told) -> Told:
    """A refused order past its deadline that somebody accepted as it is."""
    late = told.wrong("refused_by_erp", "JL1-A", cause="CREDIT_HOLD", deadline=NOW - 2 * DAY)
    told.handle(late, "accept", note="sold by telephone")
    return told


def test_what_was_accepted_past_its_deadline_keeps_no_nearing_deadline_of_its_cause_quiet(
    resting: Told, ask: Ask
) -> None:
    resting.wrong("refused_by_erp", "JL2-A", cause="CREDIT_HOLD", deadline=NOW + 8 * HOUR)
    (first,) = alerts(ask)
    (again,) = alerts(ask, *first.parts, at=NOW + 7.5 * HOUR)

    assert (first.parts[0].stage, again.parts[0].stage) == (0, 2)
    assert "1 waiting; first deadline 24 Nov 17:00" in first.body


def test_one_more_late_order_is_told_once_and_one_that_was_told_not_again(told: Told, ask: Ask) -> None:
    told.wrong("dispatch_late", "JL1-A", deadline=NOW - DAY)
    (first,) = alerts(ask)
    told.wrong("dispatch_late", "JL2-A", deadline=NOW - HOUR)
    (second,) = alerts(ask, *first.parts)

    assert (
        "2 waiting; first deadline 23 Nov 09:00; 1 more near their deadline, the first 24 Nov 08:00" in second.body
    )
    assert alerts(ask, *second.parts) == []
    told.wrong("dispatch_late", "JL1-A", is_closed=True)
    assert alerts(ask, *second.parts) == []


def test_what_was_accepted_is_neither_counted_nor_in_the_money_that_waits(told: Told, ask: Ask) -> None:
    accepted, _ = (
        told.wrong("refused_by_erp", order, cause="CREDIT_HOLD", order_id=order, amount=worth)
        for order, worth in (("JL1-A", "40.00"), ("JL2-A", "2.50"))
    )
    told.handle(accepted, "accept", note="sold by telephone")
    (alert,) = alerts(ask)

    assert "1 waiting; £2.50" in alert.body


def test_what_was_accepted_past_its_deadline_calls_nobody_at_night(resting: Told, ask: Ask) -> None:
    resting.wrong("refused_by_erp", "JL2-A", cause="CREDIT_HOLD", deadline=NOW + 2 * DAY)

    assert alerts(ask, quiet=NIGHT) == []
