"""Keeps what the outside systems said: each exchange once, each distinct content once, compressed.

Laws: a content is named by its hash, with personal data replaced by references before hashing; hash and headers are
kept for ever, a body for as long as the settings say, and a purged body says that it was purged.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa

from store.slots import MOMENT, TEXT, Slot, found

_SNAPSHOT_COLUMNS: dict[str, Any] = {
    "snapshot_id": TEXT, "source": TEXT, "resource": TEXT, "method": TEXT, "path": TEXT,
    "status": pa.int32(), "latency_ms": pa.int32(), "run_id": TEXT, "request_hash": TEXT,
    "content_hash": TEXT, "seen_at": MOMENT,
}  # fmt: skip
_BODY_COLUMNS: dict[str, Any] = {
    "content_hash": TEXT, "body": pa.binary(), "size_bytes": pa.int64(), "seen_at": MOMENT,
}  # fmt: skip
_KEEP_SNAPSHOTS = """
insert into snapshots by name
select * replace (snapshot_id::uuid as snapshot_id, run_id::uuid as run_id) from shots
"""
_KEEP_BODIES = "insert into bodies by name select *, null::timestamptz as purged_at from contents"
# The same words said again after they were purged are evidence anew.
_KEEP_AGAIN = f"""
{_KEEP_BODIES}
on conflict do update set body = excluded.body, seen_at = excluded.seen_at, purged_at = null
where bodies.body is null
"""
_KEPT = "select content_hash, body is null from bodies where content_hash in"
# A body may be an answer, a question of ours, or both: the newest of all that name it decides.
_PURGE_BODIES = """
update bodies set body = null, purged_at = $now
where body is not null and content_hash in (
    select name
    from (
        select content_hash as name, resource, seen_at from snapshots
        union all
        select request_hash as name, resource, seen_at from snapshots
    )
    where name <> ''
    group by name
    having
        max(seen_at)
        < case when bool_and(list_contains($bulk, resource)) then $bulk_before else $others_before end
)
returning content_hash
"""


@dataclass(frozen=True, slots=True)
class Content:
    """Words as they are kept: named by their hash (empty: no words), compressed; their size in bytes before."""

    name: str = ""
    packed: bytes = b""
    size: int = 0


NOTHING = Content()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an outside system said, personal data already replaced by references."""

    snapshot_id: UUID
    source: str
    resource: str
    method: str
    path: str
    status: int
    latency_ms: int
    seen_at: datetime
    asked: Content = NOTHING
    said: Content = NOTHING


def packed(body: bytes) -> Content:
    """Words made ready to be kept."""
    return Content(sha256(body).hexdigest(), zlib.compress(body, 1), len(body)) if body else NOTHING


def purge(connection: duckdb.DuckDBPyConnection, values: Mapping[str, object]) -> int:
    """Drop the bodies `bulk` resources said before `bulk_before`, the others before `others_before`; how many."""
    return len(connection.execute(_PURGE_BODIES, dict(values)).fetchall())


class Evidence:
    """Keeps exchanges on one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._shots = Slot(connection, "shots", _SNAPSHOT_COLUMNS)
        self._contents = Slot(connection, "contents", _BODY_COLUMNS)

    def keep(self, snapshots: Sequence[Snapshot], run_id: UUID | None) -> None:
        """Write exchanges, and the contents among them that are not kept yet."""
        if not snapshots:
            return
        run = str(run_id) if run_id else None
        with self._shots.holding(_row(shot, run) for shot in snapshots):
            self._connection.execute(_KEEP_SNAPSHOTS)
        bodies: dict[str, tuple[object, ...]] = {}
        for shot in snapshots:
            for content in (shot.asked, shot.said):
                if content is not NOTHING:
                    bodies.setdefault(content.name, (content.name, content.packed, content.size, shot.seen_at))
        known = dict(found(self._connection, _KEPT, [*bodies]))  # whether each was purged
        missing = [row for name, row in bodies.items() if known.get(name, True)]
        if missing:
            with self._contents.holding(missing):
                self._connection.execute(_KEEP_AGAIN if any(known.values()) else _KEEP_BODIES)


def _row(shot: Snapshot, run: str | None) -> tuple[object, ...]:
    return (
        str(shot.snapshot_id), shot.source, shot.resource, shot.method, shot.path, shot.status, shot.latency_ms,
        run, shot.asked.name, shot.said.name, shot.seen_at,
    )  # fmt: skip
