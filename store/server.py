"""Serves the store to the dashboard and the command line: Quack, on loopback, behind the guard.

The worker announces where it listens in `<store>.serving`; whoever may read that file and `<store>.token` may
ask. Law: what is served is what the guard lets in. A question cannot be cancelled from outside, so the worker
watches the age of the oldest and starts anew rather than let it run on.
"""

import contextlib
import os
import secrets
import socket
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from pydantic import BaseModel, ValidationError

from store.database import Database
from store.errors import StoreError
from store.guard import guard_sql
from store.literals import literal


class Announcement(BaseModel):
    """Where a worker serves its store, and since when."""

    port: int
    pid: int
    schema_number: int
    started_at: datetime


@dataclass(slots=True)
class Server:
    """A store being served."""

    port: int
    path: Path
    _connection: duckdb.DuckDBPyConnection

    def oldest_query_seconds(self) -> float:
        """How long the longest question of the moment has been running; 0.0 when none is. Raises StoreError."""
        try:
            row = self._connection.execute(
                "select coalesce(max(epoch(now()) - epoch(query_started_at)), 0.0)"
                " from quack_active_connections() where state = 'active'"
            ).fetchone()
        except duckdb.Error as trouble:
            raise StoreError(f"The store does not answer any more: {trouble}") from trouble
        return max(float(row[0]), 0.0) if row else 0.0

    def close(self) -> None:
        """Stop listening; a question still running is cut off."""
        with contextlib.suppress(duckdb.Error):
            self._connection.execute("select * from quack_stop(?)", [_uri(self.port)])
        self._connection.close()
        self.withdraw()

    def withdraw(self) -> None:
        """Announce it no more; everything else stays as it is."""
        announced = announcement_of(self.path)
        if announced and announced.pid == os.getpid():
            _serving_path(self.path).unlink(missing_ok=True)


def serve(database: Database, *, token: str, port: int = 0) -> Server:
    """Serve an open store on loopback (port 0: a free one) and announce it. Raises StoreError."""
    connection = database.connect()
    port = port or _free_port()
    try:
        models = connection.execute(
            "select distinct function_name from duckdb_functions()"
            " where function_type = 'table_macro' and not internal and database_name = current_database()"
        ).fetchall()
        connection.execute(guard_sql(name for (name,) in models))
        connection.execute(f"select * from quack_serve({literal(_uri(port))}, token := {literal(token)})")
    except duckdb.Error as trouble:
        connection.close()
        raise StoreError(f"The store cannot be served on port {port}: {trouble}") from trouble
    announced = Announcement(
        port=port, pid=os.getpid(), schema_number=database.schema_number, started_at=datetime.now(UTC)
    )
    _write_private(_serving_path(database.path), announced.model_dump_json())
    return Server(port, database.path, connection)


def announcement_of(path: Path) -> Announcement | None:
    """Where the last worker of this store said it serves; it may be gone since."""
    try:
        return Announcement.model_validate_json(_serving_path(path).read_text())
    except (OSError, ValidationError):
        return None


def token_for(path: Path, configured: str | None = None) -> str:
    """What opens the store over the wire: the configured word, else one made once and kept private."""
    if configured:
        return configured
    file = path.absolute().with_name(path.name + ".token")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_private(file, secrets.token_urlsafe(32), only_if_new=True)
    return file.read_text().strip()


def _uri(port: int) -> str:
    return f"quack:localhost:{port}"


def _serving_path(path: Path) -> Path:
    return path.absolute().with_name(path.name + ".serving")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_private(target: Path, text: str, *, only_if_new: bool = False) -> None:
    """Write a file that only we may read, whole or not at all; with `only_if_new` the first to come wins."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.name)  # mode 0600
    written = Path(name)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
    if not only_if_new:
        written.replace(target)
        return
    with contextlib.suppress(FileExistsError):
        os.link(written, target)
    written.unlink()
