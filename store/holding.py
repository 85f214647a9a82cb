"""Takes hold of the store's file, or says who has it.

Law: the file's lock is what guarantees one worker. It is asked for again and again for a while, because the worker
before us may still be ending; then the sentence names the process that holds it.
"""

import os
import re
import time
from pathlib import Path
from typing import Any

import duckdb

from store.errors import StoreDamaged, StoreLocked

_HOLDER = re.compile(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")


def take(
    path: Path, *, read_only: bool, wait_seconds: float, checks_signatures: bool = True
) -> duckdb.DuckDBPyConnection:
    """Open the file, waiting for whoever holds it. Raises StoreLocked and StoreDamaged."""
    give_up_at = time.monotonic() + wait_seconds
    config: dict[str, Any] = {} if checks_signatures else {"allow_unsigned_extensions": True}
    while True:
        try:
            return _unshared(duckdb.connect(str(path), read_only=read_only, config=config), path)
        except duckdb.ConnectionException as trouble:  # the same file, read and written, in this very process
            raise _held_here(path) from trouble
        except duckdb.IOException as trouble:
            if "lock" not in str(trouble):
                raise StoreDamaged(f"{path} cannot be opened: {trouble}") from trouble
            if time.monotonic() >= give_up_at:
                raise _locked(path, str(trouble), wait_seconds) from trouble
        time.sleep(0.1)


def _unshared(connection: duckdb.DuckDBPyConnection, path: Path) -> duckdb.DuckDBPyConnection:
    """The connection, if this process has not the same file open already: DuckDB would share it silently."""
    if connection.execute("select current_setting('lock_configuration')").fetchone() == (True,):
        connection.close()
        raise _held_here(path)
    return connection


def _held_here(path: Path) -> StoreLocked:
    return StoreLocked(f"This process already holds the store {path}.", holder=os.getpid())


def _locked(path: Path, message: str, waited: float) -> StoreLocked:
    """Who holds the store, and what to do about it."""
    found = _HOLDER.search(message)
    holder = int(found["pid"]) if found else None
    who = f"process {holder} ({found['program']})" if found else "another process"
    return StoreLocked(
        f"The store {path} is held by {who}; waited {waited:.0f} s."
        f" Only one worker can run on a store: stop that process, or let it do the work.",
        holder=holder,
    )
