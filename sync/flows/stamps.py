"""Stamps that run back: a clock was put right, or shows an hour a second time in autumn.

Each list is read in one lane, one answer after the other, so that what is read later is later. A record stamped
behind what we have of it counts from just after that. Only John Lewis may answer with what was: a return of an
earlier state than ours is let be.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from store.events import CreditMemoRead, InvoiceRead, ReturnRead, ReturnSeen, SalesOrderRead, ShipmentPosted
from sync.rules.return_readings import is_earlier
from sync.runs import Run

JUST_AFTER = timedelta(microseconds=1)  # our moments are as fine

Read = TypeVar("Read", SalesOrderRead, ShipmentPosted, ReturnRead, CreditMemoRead, InvoiceRead, ReturnSeen)
_FACTS: dict[type, tuple[str, str]] = {
    SalesOrderRead: ("sales_order_facts", "ord_num"),
    ShipmentPosted: ("shipment_facts", "ship_id"),
    ReturnRead: ("erp_return_facts", "ret_num"),
    CreditMemoRead: ("credit_memo_facts", "memo_number"),
    InvoiceRead: ("invoice_facts", "invoice_number"),
    ReturnSeen: ("market_return_facts", "return_id"),
}


def in_order(run: Run, events: Sequence[Read]) -> list[Read]:
    """Readings of one list, those stamped behind what we have of their records moved to just after it."""
    if not events:
        return []
    kind = type(events[0])
    table, key = _FACTS[kind]
    rows = run.rows(
        f"select {key} as subject, happened_at, seq from {table} where {key} in (select unnest($ids::varchar[]))",
        {"ids": [event.subject for event in events]},
    )
    known = {row["subject"]: row for row in rows}
    doubtful = [known[one.subject]["seq"] for one in events if _is_doubtful(one, known.get(one.subject))]
    before = {one.subject: one for one in _said(run, kind, doubtful)}
    moved = (_moved(event, before.get(event.subject)) for event in events)
    return [event for event in moved if event is not None]


def _is_doubtful(event: Read, seen: Mapping[str, Any] | None) -> bool:
    """Whether its stamp does not say that it is later than what we have."""
    if seen is None:
        return False
    # what BlueCherry says anew of one moment is later
    is_same = isinstance(event, ReturnSeen) and event.happened_at == seen["happened_at"]
    return bool(is_same or event.happened_at < seen["happened_at"])


def _said(run: Run, kind: type[Read], seqs: Sequence[int]) -> list[Read]:
    if not seqs:
        return []
    rows = run.rows(
        "select happened_at, body from events where seq in (select unnest($seqs::bigint[]))", {"seqs": list(seqs)}
    )
    return [kind(happened_at=row["happened_at"], **json.loads(row["body"])) for row in rows]


def _moved(event: Read, before: Read | None) -> Read | None:
    """A reading at the moment it counts from; None: it shows what was before."""
    if before is None:
        return event
    if isinstance(event, ReturnSeen) and isinstance(before, ReturnSeen) and is_earlier(event, before):
        return None
    # what says the same is the same event again
    step = timedelta(0) if event.content() == before.content() else JUST_AFTER
    return event.model_copy(update={"happened_at": before.happened_at + step})
