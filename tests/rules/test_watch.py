"""What changed among the things that are wrong."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from store.events import ExceptionChanged, ExceptionClosed, ExceptionOpened
from sync.rules.watch import decide, exception_id

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=3)


def wrong(**other: Any) -> dict[str, Any]:
    """Ship-via DPX has no carrier, and shipment S1 waits."""
    return {
        "kind": "unmapped_carrier", "subject": "S1", "order_id": "O1-A", "cause": "DPX", "detail": "No carrier.",
        "amount": Decimal("45.00"), "currency": "GBP", "grounds": "DPX | C1", "deadline_at": NOW, "since_at": BEGAN,
        **other,
    }  # fmt: skip


def fact(*, is_open: bool = True, **other: Any) -> dict[str, Any]:
    row = wrong(**other)
    kind, subject = row.pop("kind"), row.pop("subject")
    identity = exception_id(kind, subject)
    named = {"exception_id": identity, "exception_kind": kind, "exception_subject": subject}
    return {**row, **named, "is_open": is_open}


def test_what_is_newly_wrong_opens() -> None:
    (event,) = decide([wrong()], [], NOW)

    assert type(event) is ExceptionOpened
    assert (event.subject, event.about_order, event.since_at) == ("unmapped_carrier/S1", "O1-A", BEGAN)


def test_what_stays_wrong_says_nothing_again() -> None:
    assert decide([wrong(detail="other words", since_at=NOW)], [fact()], NOW) == ()


def test_a_changed_cause_keeps_the_beginning() -> None:
    (event,) = decide([wrong(cause="DPY", since_at=NOW)], [fact()], NOW)

    assert type(event) is ExceptionChanged
    assert (event.cause, event.since_at) == ("DPY", BEGAN)


def test_other_values_are_told_though_the_cause_has_the_same_name() -> None:
    (event,) = decide([wrong(grounds="DPX | C1, C2", since_at=NOW)], [fact()], NOW)

    assert type(event) is ExceptionChanged
    assert (event.grounds, event.since_at) == ("DPX | C1, C2", BEGAN)


def test_what_is_mended_closes() -> None:
    (event,) = decide([], [fact()], NOW)

    assert type(event) is ExceptionClosed
    assert event.exception_id == exception_id("unmapped_carrier", "S1")


def test_what_comes_again_opens_under_its_old_id() -> None:
    (event,) = decide([wrong()], [fact(is_open=False)], NOW)

    assert type(event) is ExceptionOpened
    assert event.exception_id == fact()["exception_id"]


def test_one_thing_named_twice_opens_once() -> None:
    assert len(decide([wrong(), wrong(cause="DPY")], [], NOW)) == 1
