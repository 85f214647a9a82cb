"""What changed among the things that are wrong: opened, changed, closed.

Laws: the id of an exception is made of its kind and subject, so that owner and notes survive its re-opening; while
it stays open its beginning stays too, however the question that finds it words it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from store.events import NAMESPACE, Event, ExceptionChanged, ExceptionClosed, ExceptionOpened

_TELLING = ("cause", "amount", "currency", "grounds", "deadline_at")


def exception_id(kind: str, subject: str) -> UUID:
    """The same for the same trouble, each time it comes."""
    return uuid5(NAMESPACE, f"{kind}/{subject}")


def decide(
    wrong: Iterable[Mapping[str, Any]], known: Sequence[Mapping[str, Any]], now: datetime
) -> tuple[Event, ...]:
    """Events that bring the exceptions to what is wrong now; `known` are the exception facts that are open."""
    open_now = {UUID(str(fact["exception_id"])): fact for fact in known if fact["is_open"]}
    events: list[Event] = []
    seen: set[UUID] = set()
    for row in wrong:
        identity = exception_id(row["kind"], row["subject"])
        if identity in seen:
            continue
        seen.add(identity)
        fact = open_now.get(identity)
        if fact is None:
            events.append(ExceptionOpened(happened_at=now, **_members(identity, row)))
        elif any(row[column] != fact[column] for column in _TELLING):
            members = _members(identity, row) | {"since_at": fact["since_at"]}
            events.append(ExceptionChanged(happened_at=now, **members))
    for identity, fact in open_now.items():
        if identity not in seen:
            row = {**fact, "kind": fact["exception_kind"], "subject": fact["exception_subject"]}
            events.append(ExceptionClosed(happened_at=now, **_members(identity, row)))
    return tuple(events)


def _members(identity: UUID, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "exception_id": identity,
        "exception_kind": row["kind"],
        "exception_subject": row["subject"],
        "order_id": row["order_id"] or "",
        "cause": row["cause"],
        "detail": row["detail"],
        "amount": row["amount"],
        "currency": row["currency"],
        "grounds": row["grounds"],
        "deadline_at": row["deadline_at"],
        "since_at": row["since_at"],
    }
