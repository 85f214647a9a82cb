"""A try that was never sent (told to wait, down, stopped) says nothing: what went wrong before stays as it is."""

from datetime import timedelta
from typing import Any

import pytest

from store.database import Ask
from tests.told import HOUR, NOW, Told
from tests.views.conditions import wrong
from tests.views.test_drift import sent, shows

LATER = NOW - HOUR + timedelta(minutes=10)


def number_not_taken(told: Told) -> dict[str, Any]:
    told.order("O1-A")
    told.sales_order("SO-1", "O1-A")
    return {"kind": "write_reference", "subject": "O1-A", "order_id": "O1-A", "payload": {"reference": "SO-1"}}


def units_still_open(told: Told) -> dict[str, Any]:
    sent(told)
    shows(told)
    told.order("JL1-A", quantity=2, cancelled=2, changed=NOW - HOUR)
    return {"kind": "cancel_sales_line", "subject": "JL1-A-1/0", "order_id": "JL1-A"}


@pytest.mark.parametrize(
    ("story", "exception"),
    [
        (number_not_taken, ("reference_refused", "O1-A")),
        (units_still_open, ("uncancelled_in_erp", "JL1-A-1")),
    ],
)
def test_what_failed_before_it_stays_wrong_under_its_own_cause(
    told: Told, ask: Ask, story: Any, exception: tuple[str, str]
) -> None:
    about = story(told)
    told.intent(**about, state="refused", code="LOCK_TIMEOUT", message="A record is held.", at=NOW - HOUR)
    before = wrong(ask)[exception]
    told.intent(**about, state="refused", code="not_sent", message="Too many calls.", at=LATER)

    assert before["cause"] == "LOCK_TIMEOUT"
    assert wrong(ask)[exception] == before


def test_a_try_that_was_never_sent_is_no_trouble_of_its_own(told: Told, ask: Ask) -> None:
    about = number_not_taken(told)
    told.intent(**about, state="refused", code="not_sent", message="Too many calls.")

    assert ("reference_refused", "O1-A") not in wrong(ask)
