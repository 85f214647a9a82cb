"""The settling half of the inventory: what became of the stock files sent, and whether the next may go.

One stock import is open at a time: the next waits until the last one has reached its end, and at least a minute.
A file that may or may not have arrived is given ten minutes; then the newest values supersede it, it is never
replayed.
Lines that were refused are believed to be where the report says; where it does not say, or cannot be read for five
minutes, none of the file's SKUs is believed until it is read as it was sent. Nor of a file a person
has given up, which may still take effect: decreases go at once, and nothing rises before the offers were read.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from store.events import ImportFinished
from sync.errors import Deferred, Retriable, Skippable
from sync.intents import NOT_SENT, refused, still_open
from sync.offers import last_sweep
from sync.ports import ImportStatus
from sync.runs import Run

PAUSE = timedelta(minutes=1)
POLL_EVERY = timedelta(seconds=15)
UNCLEAR_FOR = timedelta(minutes=10)
SUPERSEDED = "superseded"
ENDED = ("complete", "failed")
UNPROVEN = "unproven"  # it ended, and which of its lines were refused is not known
LOST = "lost"  # a person no longer waits for its end
STUCK_AFTER = timedelta(minutes=30)  # as the exception `import_stuck` has it; before that nobody gives a file up
REPORT_EVERY = timedelta(minutes=1)
REPORT_FOR = timedelta(minutes=5)
UNREAD = "inventory.unread"  # the import whose report cannot be read, and since when
NO_REASON = "John Lewis does not say why"


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
        is_free = _settle_import(run, UUID(str(push["intent_id"])), str(push["reference"])) and is_free
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


def _settle_import(run: Run, push_id: UUID, import_id: str) -> bool:
    """Ask how far an import is; whether it has ended."""
    try:
        status = run.house.marketplace.import_status(import_id)
    except Deferred as later:
        run.defer(later.due_at, str(later))
        return False
    except Skippable as unknown:
        # The marketplace does not know it: nothing of it can still take effect.
        status = ImportStatus(import_id, "failed", "", 0, 0, has_error_report=False)
        return _end(run, _finished(run, push_id, status, {"": str(unknown)}))
    if status.state not in ENDED:
        run.record()
        run.defer(run.now() + POLL_EVERY, f"stock import {import_id} is {status.raw_state}")
        return False
    if not status.error_count and not status.has_error_report:
        return _end(run, _finished(run, push_id, status, {}))
    errors = _report(run, status)
    if errors is None:
        return False
    return _end(run, _judged(run, push_id, status, errors))


def _report(run: Run, status: ImportStatus) -> dict[str, str] | None:
    """Why which SKU was refused; none, where it cannot be read for long. Null: ask again later."""
    try:
        return dict(run.house.marketplace.import_errors(status.import_id))
    except Deferred as later:
        run.defer(later.due_at, str(later))
        return None
    except (Retriable, Skippable) as unread:
        name, _, since = (run.bookmark(UNREAD) or "").rpartition("/")
        since_at = datetime.fromisoformat(since) if name == status.import_id else run.now()
        # of a file that failed as a whole no SKU is believed anyway
        if status.state == "failed" or run.now() >= since_at + REPORT_FOR:
            return {}
        run.record(bookmarks={UNREAD: f"{status.import_id}/{since_at.isoformat()}"})
        run.defer(run.now() + REPORT_EVERY, f"the errors of stock import {status.import_id}: {unread}")
        return None


def _judged(run: Run, push_id: UUID, status: ImportStatus, errors: dict[str, str]) -> ImportFinished:
    """The end of an import with errors: complete only if each refused line is known by its SKU."""
    sent = {"push_id": push_id}
    named = run.rows(
        "select sku from published_rows where push_id = $push_id and list_contains(cast($names as varchar[]), sku)",
        sent | {"names": sorted(errors)},
    )
    status = replace(status, error_count=max(status.error_count, len(errors), 1))
    if status.state != "complete" or len(named) >= status.error_count:
        return _finished(run, push_id, status, errors)
    skus = run.rows("select sku from published_rows where push_id = $push_id limit $most",
                    sent | {"most": status.error_count + 1})  # fmt: skip
    if len(skus) <= status.error_count:  # none of it was taken
        return _finished(run, push_id, status, {row["sku"]: NO_REASON for row in skus} | errors)
    return _finished(run, push_id, replace(status, state=UNPROVEN), errors)


def _end(run: Run, finished: ImportFinished) -> bool:
    run.record([finished])
    run.counts["imports_finished"] += 1
    run.counts["import_errors"] += finished.error_count
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


def is_lost_unread(run: Run) -> bool:
    """Whether a file was given up and no whole reading of the offers came since: what stands there nobody knows."""
    rows = run.rows("select max(happened_at) as lost_at from import_facts where state = $lost", {"lost": LOST})
    lost_at: datetime | None = rows[0]["lost_at"]
    sweep = last_sweep(run)
    return lost_at is not None and (sweep is None or sweep.read_from <= lost_at)


def last_end(run: Run) -> datetime | None:
    """When the last stock import was seen to have ended: sales after it are on top of what it set."""
    ended_at: datetime | None = run.rows("select max(happened_at) as ended_at from import_facts")[0]["ended_at"]
    return ended_at
