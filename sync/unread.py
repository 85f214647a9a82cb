"""What an outside system lists and nobody can read: kept by name until it is read, and bookmarks wait for it.

Law: a bookmark does not move past a record that could not be read, for as long as `UNREADABLE_FOR` from when it
first could not; then it moves, for what is new must not wait for ever. Such a record is read again from where it
was met, every quarter of an hour at first and then once a day, for as long as twice the history. It counts as read
when it is read, or when a list that reaches back as far does not skip it any more; never because it grew old.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from store.clock import aware
from store.events import Event, RecordRead, RecordSkipped
from sync.ports import Page
from sync.runs import SYSTEMS, Run, Scope

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # where a list begins that is read whole
NEVER = datetime.max.replace(tzinfo=UTC)
UNREADABLE_FOR = timedelta(hours=6)
AGAIN = timedelta(minutes=15)  # from where it was met, while the bookmark could wait for it; later once a day


@dataclass(slots=True)
class Reading:
    """One reading of one list. `record`: what `Page.skipped` calls a record of it.

    `since`: everything changed after it is read; None: it is asked for by name or by day. `met_from`: what a record
    that is skipped was surely changed after, where that is another moment.
    """

    run: Run
    source: str  # marketplace or erp
    record: str
    since: datetime | None = None
    bookmark: str = ""  # as it stands; empty: there is none yet
    is_again: bool = False
    met_from: datetime | None = None
    _skipped: dict[str, tuple[str, UUID | None]] = field(default_factory=dict)
    _read: set[str] = field(default_factory=set)

    def add(self, page: Page[Any], names: Iterable[str]) -> None:
        """Take note of a page and of what its readable records are called."""
        self.run.counts["skipped"] += len(page.skipped)
        for sentence in page.skipped:
            name, _, reason = sentence.partition(": ")
            self._skipped[_id_of(name, self.record)] = (reason, page.snapshot_id)
        self._read.update(names)

    @property
    def is_clean(self) -> bool:
        """All that came so far could be read: in the middle of a reading a bookmark moves past nothing else."""
        return not self._skipped

    @property
    def skipped_count(self) -> int:
        """How many records could not be read."""
        return len(self._skipped)

    @property
    def skipped_names(self) -> frozenset[str]:
        """What the records that could not be read call themselves; empty: one says nothing."""
        return frozenset(self._skipped)

    @property
    def is_named(self) -> bool:
        """Each record that could not be read says which it is."""
        return "" not in self._skipped

    def end(self) -> bool:
        """Record what could not be read, and what can be again; whether the bookmark may move."""
        now = self.run.now()
        system = SYSTEMS[self.source]
        known = _open(self.run, system, self.record)
        events: list[Event] = [
            RecordSkipped(
                happened_at=now, snapshot_id=snapshot_id, system=system, record=self.record, record_id=record_id,
                detail=reason, from_at=self.met_from or self.since,
            )
            for record_id, (reason, snapshot_id) in self._skipped.items()
            if record_id not in known
        ]  # fmt: skip
        events += [
            RecordRead(happened_at=now, system=system, record=self.record, record_id=record_id)
            for record_id, met in known.items()
            if record_id not in self._skipped and (record_id in self._read or self._reaches(met["from_at"]))
        ]
        self.run.record(events, bookmarks={_again(system, self.record): now.isoformat()} if self.is_again else {})
        firsts = [known[one]["happened_at"] if one in known else now for one in self._skipped]
        # without a bookmark all there is would be read each time
        return not self.bookmark or all(first <= now - UNREADABLE_FOR for first in firsts)

    def _reaches(self, from_at: datetime | None) -> bool:
        if self.since is None:
            return False
        # a list read whole reaches what was met in a look at its latest, too
        return self.since == BEGINNING or (from_at is not None and self.since <= from_at)


def begin(
    run: Run, scope: Scope, source: str, record: str, *, bookmark: str, overlap: timedelta, is_whole: bool = False,
    sought_from: datetime | None = None,
) -> tuple[Reading, datetime]:  # fmt: skip
    """A reading of what changed since a moment asked for, of all there is, or from a little before the bookmark.

    `is_whole`: all of the history is due. `sought_from`: something is looked for that changed after it.
    """
    now, value = run.now(), run.bookmark(bookmark) or ""
    history = timedelta(days=run.house.settings.history_days)
    starts = [min(aware(datetime.fromisoformat(value)), now) - overlap if value else now - history]
    starts += [moment for moment in (scope.since, sought_from) if moment is not None]
    if scope.since is not None:
        # what changed before a moment somebody asked for is not looked at
        since = min(starts)
        return Reading(run, source, record, since, value), since
    met = [row for row in _met(run, source, record) if row["from_at"] >= now - 2 * history]
    is_again = bool(met) and _is_due(run, source, record, met)
    if scope.is_full or is_whole or not value:
        starts.append(now - history)
        is_again = bool(met)
    if is_again:
        starts += [row["from_at"] for row in met]
    since = min(starts)
    return Reading(run, source, record, since, value, is_again), since


def reached(run: Run, newest: datetime) -> str:
    """A bookmark at the newest moment read; what is stamped with a day to come hides nothing until then."""
    return min(newest, run.now()).isoformat()


def unread_from(run: Run, source: str, record: str) -> datetime:
    """From when a list is read to meet again what could not be read; `NEVER`: all could."""
    return min((row["from_at"] for row in _met(run, source, record)), default=NEVER)


def is_waited_for(run: Run, source: str, record: str) -> bool:
    """Whether a record of a list cannot be read, for less time than anything waits for it."""
    since = run.now() - UNREADABLE_FOR
    return any(row["happened_at"] > since for row in _open(run, SYSTEMS[source], record).values())


def _met(run: Run, source: str, record: str) -> list[dict[str, Any]]:
    """What cannot be read and can be met again by reading from a moment."""
    return [row for row in _open(run, SYSTEMS[source], record).values() if row["from_at"] is not None]


def _is_due(run: Run, source: str, record: str, met: Iterable[Mapping[str, Any]]) -> bool:
    """Whether it is time to read again what could not be read."""
    now, last = run.now(), run.bookmark(_again(SYSTEMS[source], record))
    gap = AGAIN if any(row["happened_at"] > now - UNREADABLE_FOR for row in met) else timedelta(days=1)
    return last is None or now - datetime.fromisoformat(last) >= gap


def _open(run: Run, system: str, record: str) -> dict[str, dict[str, Any]]:
    rows = run.rows(
        "select record_id, from_at, happened_at from unread_facts"
        " where is_open and system = $system and record = $record",
        {"system": system, "record": record},
    )
    return {row["record_id"]: row for row in rows}


def _again(system: str, record: str) -> str:
    return f"unread.{system}.{record}"


def _id_of(name: str, record: str) -> str:
    """What a skipped record calls itself; empty: nothing."""
    return "" if name == f"{record} without a name" else name.removeprefix(f"{record} ")
