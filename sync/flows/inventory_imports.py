"""The settling half of the inventory: what became of the stock files sent, and whether the next may go.

One stock import is open at a time: the next waits until the last one has reached its end, and at least a minute.
A file that may or may not have arrived is given ten minutes; then the newest values supersede it, it is never
replayed.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from store.events import ImportFinished
from sync.errors import Deferred, Skippable
from sync.intents import NOT_SENT, refused, still_open
from sync.ports import ImportStatus
from sync.runs import Run

PAUSE = timedelta(minutes=1)
POLL_EVERY = timedelta(seconds=15)
UNCLEAR_FOR = timedelta(minutes=10)
SUPERSEDED = "superseded"
ENDED = ("complete", "failed")


def settle(run: Run) -> bool:
    """Ask about what is open; whether none is left open."""
    is_free = _settle_unclear(run)
    for push in run.rows(
        """
        select intent_id, reference from intent_facts
        where intent_kind = 'push_stock' and state = 'confirmed'
            and intent_id not in (select push_id from import_facts)
        order by meant_at
        """
    ):
        is_free = _settle_import(run, push) and is_free
    return is_free


def _settle_unclear(run: Run) -> bool:
    is_free = True
    for push in still_open(run, ("push_stock",)):
        until = push.meant_at + UNCLEAR_FOR
        if run.now() < until:
            run.defer(until, "a stock file may or may not have arrived; the next one waits")
            is_free = False
        else:
            run.record([refused(push, run.now(), SUPERSEDED, "not known to have arrived; newest values follow")])
    return is_free


def _settle_import(run: Run, push: dict[str, Any]) -> bool:
    """Ask how far an import is; whether it has ended."""
    import_id = str(push["reference"])
    try:
        status = run.house.marketplace.import_status(import_id)
        if status.state not in ENDED:
            run.record()
            run.defer(run.now() + POLL_EVERY, f"stock import {import_id} is {status.raw_state}")
            return False
        errors = dict(run.house.marketplace.import_errors(import_id)) if status.has_error_report else {}
    except Deferred as later:
        run.defer(later.due_at, str(later))
        return False
    except Skippable as unknown:
        # The marketplace does not know it: nothing of it can still take effect.
        status = ImportStatus(import_id, "failed", "", 0, 0, has_error_report=False)
        errors = {"": str(unknown)}
    run.record([_finished(run, UUID(str(push["intent_id"])), status, errors)])
    run.counts["imports_finished"] += 1
    run.counts["import_errors"] += status.error_count
    return True


def _finished(run: Run, push_id: UUID, status: ImportStatus, errors: dict[str, str]) -> ImportFinished:
    return ImportFinished(
        happened_at=run.now(),
        import_id=status.import_id,
        push_id=push_id,
        state=status.state,
        success_count=status.success_count,
        error_count=status.error_count,
        errors=errors,
    )


def rested_at(run: Run) -> datetime | None:
    """When the next file may go; None: now."""
    rows = run.rows(
        "select max(meant_at) as sent_at from intent_facts where intent_kind = 'push_stock' and code <> $code",
        {"code": NOT_SENT},
    )
    sent_at: datetime | None = rows[0]["sent_at"]
    return sent_at + PAUSE if sent_at is not None and run.now() < sent_at + PAUSE else None


def last_end(run: Run) -> datetime | None:
    """When the last stock import was seen to have ended: sales after it are on top of what it set."""
    ended_at: datetime | None = run.rows("select max(happened_at) as ended_at from import_facts")[0]["ended_at"]
    return ended_at
