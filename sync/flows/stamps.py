"""BlueCherry's stamps where they run back: its clock was put right, or shows an hour a second time in autumn.

Each of its lists is read in one lane, one answer after the other, so that what is read later is later. A record
stamped behind what we have of it counts from just after that.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from store.events import ReturnRead, SalesOrderRead, ShipmentPosted
from sync.runs import Run

JUST_AFTER = timedelta(microseconds=1)  # our moments are as fine

Read = TypeVar("Read", SalesOrderRead, ShipmentPosted, ReturnRead)
_FACTS: dict[type, tuple[str, str]] = {
    SalesOrderRead: ("sales_order_facts", "ord_num"),
    ShipmentPosted: ("shipment_facts", "ship_id"),
    ReturnRead: ("erp_return_facts", "ret_num"),
}


def in_order(run: Run, events: Sequence[Read]) -> list[Read]:
    """Readings of one list, those stamped behind what we have of their records moved to just after it."""
    if not events:
        return []
    table, key = _FACTS[type(events[0])]
    rows = run.rows(
        f"select {key} as subject, changed_at, happened_at from {table}"
        f" where {key} in (select unnest($ids::varchar[]))",
        {"ids": [event.subject for event in events]},
    )
    known = {row["subject"]: row for row in rows}
    return [_moved(event, known.get(event.subject)) for event in events]


def _moved(event: Read, seen: Mapping[str, Any] | None) -> Read:
    if seen is None or event.happened_at >= seen["happened_at"]:
        return event
    # what was moved before and says the same is the same event again
    step = timedelta(0) if event.changed_at == seen["changed_at"] else JUST_AFTER
    return event.model_copy(update={"happened_at": seen["happened_at"] + step})
