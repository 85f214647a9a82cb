"""Writes down what was seen and done, and folds it into facts: one lock, one connection, one transaction.

Laws: an event is appended once, however often it is offered; events, facts, snapshots, personal data and
bookmarks of one append become visible together or not at all; commit order is `seq` order; a fact table is
written by its fold alone, and a fold gives the same rows however the events are sliced. When the disk does not take
a step, nothing of it is kept and nothing is written after it.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import duckdb
import polars as pl

from store.clock import Clock, aware, wall_now
from store.copies import catalog_of, count_rows, transaction
from store.database import Database, Schema, backups_of, limit, parts_of
from store.errors import StoreUnwritable
from store.events import Event, IntentRecorded
from store.evidence import Evidence, Snapshot, purge
from store.folding import FOLDED_KINDS, FRESH, SLICE, fold, newest_seq, refold
from store.slots import MOMENT, TEXT, Slot, found, registered

CHUNK = 100_000  # rows of a series at a time
SERIES = (
    "sku_rows", "offer_rows", "stock_rows", "published_rows", "comparison_rows", "demand_rows", "stock_risk_rows",
    "risk_grid_rows", "policy_preview_rows", "transaction_rows",
)  # fmt: skip
FORGOTTEN = "personal.forgotten"  # the bookmark before which nobody's personal data is kept

_EVENT_COLUMNS: dict[str, Any] = {
    "event_id": TEXT, "kind": TEXT, "subject": TEXT, "order_id": TEXT, "actor": TEXT,
    "run_id": TEXT, "snapshot_id": TEXT, "body": TEXT, "happened_at": MOMENT,
}  # fmt: skip
_SNAPSHOT = [*_EVENT_COLUMNS].index("snapshot_id")
_PERSON_COLUMNS: dict[str, Any] = {
    "order_id": TEXT, "body": TEXT, "placed_at": MOMENT,
    "recorded_at": MOMENT,
}  # fmt: skip
_WRITE_PERSONAL = """
insert into personal by name
select * from people
where placed_at >= coalesce(
    (select try_cast(value as timestamptz) from bookmarks where name = $name), '-infinity'::timestamptz
)
on conflict do update set body = excluded.body, placed_at = excluded.placed_at, recorded_at = excluded.recorded_at
"""
_AGAIN_COLUMNS: dict[str, Any] = {"event_id": TEXT, "snapshot_id": TEXT}
_READ_AGAIN = """
merge into read_again as known
using (select event_id::uuid as event_id, snapshot_id::uuid as snapshot_id from again) as new
on known.event_id = new.event_id
when matched then update set read_count = known.read_count + 1, snapshot_id = new.snapshot_id, read_at = $now
when not matched then insert values (new.event_id, 1, new.snapshot_id, $now)
"""
_INSERT_EVENTS = """
insert into events
select
    event_id::uuid, $base + row_number() over (), kind, subject, order_id, actor,
    run_id::uuid, snapshot_id::uuid, body, happened_at, $recorded_at
from incoming
"""


@dataclass(frozen=True, slots=True)
class Personal:
    """The personal data of one order, as JSON."""

    order_id: str
    placed_at: datetime
    body: str


class Journal:
    """The one writer of the store; every lane hands its events here."""

    def __init__(
        self, database: Database, clock: Clock, *, shop: str, on_trouble: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._clock = clock
        self._shop = shop
        self._lock = threading.Lock()
        self._connection = database.connect()
        self._evidence = Evidence(self._connection)
        self._incoming = Slot(self._connection, "incoming", _EVENT_COLUMNS)
        self._again = Slot(self._connection, "again", _AGAIN_COLUMNS)
        self._people = Slot(self._connection, "people", _PERSON_COLUMNS)
        self._folds = _folds()
        self._seq = newest_seq(self._connection)
        self._trouble: StoreUnwritable | None = None
        self._on_trouble = on_trouble

    @property
    def trouble(self) -> StoreUnwritable | None:
        """Why nothing can be written any more; None: all is well. Only a new start mends it."""
        return self._trouble

    def append(
        self,
        events: Sequence[Event] = (),
        *,
        snapshots: Sequence[Snapshot] = (),
        personal: Sequence[Personal] = (),
        edits: Mapping[str, str] | None = None,
        reworded: Mapping[UUID, str] | None = None,
        bookmarks: Mapping[str, str] | None = None,
        run_id: UUID | None = None,
    ) -> int:
        """Write everything given in one transaction; the number of events that were new.

        `edits`: by order, what people changed of its personal data (JSON). `reworded`: by command, its body without
        a customer's text.

        Raises StoreUnwritable when the disk does not take it: then nothing of it is kept, and nothing is written
        after.
        """
        rows = self._event_rows(events, run_id)
        with self._writing() as connection:
            self._evidence.keep(snapshots, run_id)
            self._write_personal(connection, personal)
            _change_texts(connection, edits or {}, reworded or {})
            _write_bookmarks(connection, bookmarks or {}, self._clock.now())
            return self._write_events(connection, rows, _topics(events)) if rows else 0

    def append_series(self, table: str, frame: pl.DataFrame) -> None:
        """Append bulk rows outside the lock; they count once an event names their read. Raises as `append` does."""
        if table not in SERIES:
            raise ValueError(f"{table} is not a series; there are {', '.join(SERIES)}")
        with contextlib.closing(self._database.connect()) as connection, self._noticing():
            for start in range(0, frame.height, CHUNK):
                with registered(connection, "rows", frame.slice(start, CHUNK)):
                    connection.execute(f"insert into {table} by name select * from rows")

    def beat(self, *, pid: int, doing: str) -> None:
        """Say that the worker lives and what it is doing."""
        values = {"pid": pid, "doing": doing, "domain_at": self._clock.now(), "wall_at": wall_now()}
        with self._writing() as connection:
            connection.execute(
                "insert or replace into heartbeat values (1, $pid, $doing, $domain_at, $wall_at)", values
            )

    def forget_personal(self, before: datetime) -> int:
        """Delete personal data of orders placed before a moment, for good; how many orders it was.

        An order that old may be shown to us again: its personal data is not taken up any more.
        """
        with self._writing() as connection:
            gone = connection.execute(
                "delete from personal where placed_at < $before returning order_id", {"before": before}
            ).fetchall()
            connection.execute(_REMEMBER_FORGOTTEN, {"name": FORGOTTEN, "before": before, "now": self._clock.now()})
        return len(gone)

    def forget_bodies(self, *, resources: Sequence[str], bulk_before: datetime, others_before: datetime) -> int:
        """Drop bodies of old exchanges (bulk pages earlier than the rest); hash and headers stay."""
        values = {"bulk": list(resources), "bulk_before": bulk_before, "others_before": others_before}
        values["now"] = self._clock.now()
        with self._writing() as connection:
            return purge(connection, values)

    def rebuild(self) -> int:
        """Fold every event again while nobody writes; how many there were."""
        with self._lock, self._noticing():
            return rebuild(self._connection)

    def close(self) -> None:
        """Give up the connection; nothing can be written after."""
        with self._lock:
            self._connection.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The one lock and one transaction on the one connection."""
        with self._lock, self._noticing(), transaction(self._connection):
            yield self._connection

    @contextlib.contextmanager
    def _noticing(self) -> Iterator[None]:
        """What the disk does not take ends the writing for good: no later step may stand without this one."""
        if self._trouble is not None:
            raise self._trouble
        try:
            yield
        except duckdb.Error as trouble:
            if not _is_of_the_disk(trouble):
                raise
            self._trouble = StoreUnwritable(
                f"The store {self._database.path} cannot be written: {str(trouble).strip().splitlines()[0]}."
                " What was written before is whole, nothing of this step was kept."
                " Free space on its disk, then start the worker again: it goes on where it was."
            )
            self._on_trouble()
            raise self._trouble from trouble

    def _event_rows(self, events: Sequence[Event], run_id: UUID | None) -> dict[UUID, tuple[object, ...]]:
        run = str(run_id) if run_id else None
        rows: dict[UUID, tuple[object, ...]] = {}
        for event in events:
            event_id = event.event_id(self._shop)
            snapshot = str(event.snapshot_id) if event.snapshot_id else None
            rows.setdefault(
                event_id,
                (str(event_id), event.kind, event.subject, event.about_order, event.actor, run, snapshot,
                 event.body(), aware(event.happened_at)),
            )  # fmt: skip
        return rows

    def _write_personal(self, connection: duckdb.DuckDBPyConnection, personal: Sequence[Personal]) -> None:
        if not personal:
            return
        now = self._clock.now()
        rows = {one.order_id: (one.order_id, one.body, one.placed_at, now) for one in personal}
        with self._people.holding(rows.values()):
            connection.execute(_WRITE_PERSONAL, {"name": FORGOTTEN})

    def _note_again(
        self,
        connection: duckdb.DuckDBPyConnection,
        rows: Mapping[UUID, tuple[object, ...]],
        known: Mapping[UUID, UUID | None],
    ) -> None:
        """Of what was read before and is read again from another answer, note that it was."""
        again = [
            (str(event_id), rows[event_id][_SNAPSHOT])
            for event_id, first in known.items()
            if first is not None and rows[event_id][_SNAPSHOT] not in (None, str(first))
        ]
        if again:
            with self._again.holding(again):
                connection.execute(_READ_AGAIN, {"now": self._clock.now()})

    def _write_events(
        self, connection: duckdb.DuckDBPyConnection, rows: Mapping[UUID, tuple[object, ...]], topics: set[str]
    ) -> int:
        select = "select event_id, snapshot_id from events where event_id in"
        known = dict(found(connection, select, [*rows]))
        self._note_again(connection, rows, known)
        new = [row for event_id, row in rows.items() if event_id not in known]
        if not new:
            return 0
        with self._incoming.holding(new):
            connection.execute(_INSERT_EVENTS, {"base": self._seq, "recorded_at": self._clock.now()})
        since, self._seq = self._seq, self._seq + len(new)  # what is rolled back is never given again
        connection.execute(FRESH, {"since": since, "until": self._seq})
        fold(connection, self._folds, FOLDED_KINDS, topics)
        return len(new)


def rebuild(connection: duckdb.DuckDBPyConnection, *, slice_size: int = SLICE) -> int:
    """Empty every fact table and fold all events again, in slices; the number of events folded."""
    with transaction(connection):
        for table in _filled(connection):
            connection.execute(f"delete from {table}")
        refold(connection, _folds(), reads=FOLDED_KINDS, slice_size=slice_size)
    return _one(connection, "select count(*) from events")


def differences(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Fold everything again beside the facts as they are; rows that differ, by fact table (none: all is well).

    Works on the given store in place: give it a copy.
    """
    before = _filled(connection)
    for table in before:
        connection.execute(f"create or replace temp table before_{table} as select * from {table}")
    rebuild(connection)
    after = _filled(connection)
    found = {}
    for table in sorted(before.keys() | after.keys()):
        same = 0
        if table in before and table in after:
            same = _one(
                connection,
                f"select count(*) from (select * from {table} intersect all select * from before_{table})",
            )
        if count := before.get(table, 0) + after.get(table, 0) - 2 * same:
            found[table] = count
    return found


def rebuild_facts(database: Database) -> int:
    """Fold every event of an open store again, without a journal at work; how many there were."""
    with contextlib.closing(database.connect()) as connection:
        return rebuild(connection)


def check_rebuild(database: Database) -> dict[str, int]:
    """Fold a copy of the store again, to the position it was copied at; rows that differ, by fact table."""
    copy = backups_of(database.path) / f"check-{uuid4().hex}.duckdb"
    try:
        database.copy_to(copy)
        with contextlib.closing(duckdb.connect(str(copy))) as connection:
            limit(connection, copy)
            connection.execute("pragma disable_checkpoint_on_shutdown")  # it is thrown away
            return differences(connection)
    finally:
        for left in copy.parent.glob(f"{copy.name}*"):
            left.unlink()


def fact_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables that are written by folds alone."""
    rows = connection.execute(
        "select table_name from duckdb_tables() where not temporary and table_name like '%\\_facts' escape '\\' "
        "and database_name = current_database() order by table_name"
    ).fetchall()
    return [str(row[0]) for row in rows]


_REMEMBER_FORGOTTEN = """
insert into bookmarks
select
    $name,
    greatest(
        $before::timestamptz, (select try_cast(value as timestamptz) from bookmarks where name = $name)
    )::varchar,
    $now
on conflict do update set value = excluded.value, moved_at = excluded.moved_at
"""


def _write_bookmarks(connection: duckdb.DuckDBPyConnection, bookmarks: Mapping[str, str], now: datetime) -> None:
    for name, value in bookmarks.items():
        connection.execute(
            "insert or replace into bookmarks values ($name, $value, $now)",
            {"name": name, "value": value, "now": now},
        )


def _change_texts(
    connection: duckdb.DuckDBPyConnection, edits: Mapping[str, str], reworded: Mapping[UUID, str]
) -> None:
    for order_id, text in edits.items():
        connection.execute("update personal set edits = $text where order_id = $id", {"text": text, "id": order_id})
    for command_id, body in reworded.items():
        connection.execute(
            "update commands set body = $body where id = $id::uuid", {"body": body, "id": str(command_id)}
        )


def _filled(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The fact tables that are not empty, and how many rows each has."""
    counted = count_rows(connection, catalog_of(connection), fact_tables(connection))
    return {table: rows for table, rows in counted.items() if rows}


def _folds() -> dict[str, str]:
    parts = parts_of(Schema())
    return {name: parts[name]["fold"] for name in FOLDED_KINDS}


def _topics(events: Sequence[Event]) -> set[str]:
    """The kinds of these events, and which kinds of intent are among them."""
    return {event.kind for event in events} | {
        f"{event.kind} {event.intent_kind}" for event in events if isinstance(event, IntentRecorded)
    }


def _is_of_the_disk(trouble: duckdb.Error) -> bool:
    """Whether the file could not be written (full, gone, closed to us), as against a mistake in what we asked."""
    if isinstance(trouble, (duckdb.IOException, duckdb.FatalException)):
        return True
    return isinstance(trouble, duckdb.TransactionException) and "Failed to commit" in str(trouble)


def _one(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, object] | None = None) -> int:
    row = connection.execute(sql, dict(values or {})).fetchone()
    return int(row[0]) if row else 0
