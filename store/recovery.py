"""Puts a backup in the store's place.

Law: the present store is touched only once the backup lies whole beside it, and then it is kept, never deleted.
"""

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from store import copies
from store.errors import StoreDamaged, StoreNewer
from store.holding import take


def put_back(source: Path, path: Path, schema_number: int) -> Path | None:
    """Put a backup in the store's place, checked before and after it arrived; the replaced store is kept aside.

    Returns where the replaced store now lies. Until the backup lies whole beside it, the store is not touched.
    Raises StoreDamaged, StoreNewer, StoreUnwritable, or StoreLocked while any process holds the store.
    """
    manifest = copies.check_backup(source)
    refuse_newer(source, manifest.schema_number, schema_number)
    arriving = path.with_name(path.name + ".restoring")
    with copies.writing(f"{source} was not restored"), contextlib.ExitStack() as after:
        after.callback(arriving.unlink, missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _hold(path, after)
        shutil.copyfile(source, arriving)
        copies.check(arriving, manifest.schema_number, None, manifest.rows)
        copies.sync_to_disk(arriving)
        return _replace(path, arriving)


def _hold(path: Path, after: contextlib.ExitStack) -> None:
    """Keep every worker out until all is done, without a write to the store that is to be replaced."""
    with contextlib.suppress(duckdb.Error, StoreDamaged):  # too damaged to open: that is what restore is for
        holder = take(path, read_only=False, wait_seconds=0)
        after.enter_context(contextlib.closing(holder))
        holder.execute("pragma disable_checkpoint_on_shutdown")


def _replace(path: Path, arriving: Path) -> Path | None:
    """Move the present store aside, its log with it, and the new one to its place; where the old one lies now."""
    aside = path.with_name(f"{path.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
    moved = []
    try:
        for suffix in ("", ".wal"):  # a log without its store, left over, would be read into the new one
            there, away = path.with_name(path.name + suffix), aside.with_name(aside.name + suffix)
            if there.exists():
                there.rename(away)
                moved.append((there, away))
        arriving.replace(path)
    except OSError:
        for there, away in moved:
            away.rename(there)
        raise
    copies.sync_to_disk(path.parent)
    return aside if aside.exists() else None


def refuse_newer(path: Path, number: int, known: int) -> None:
    """Raises StoreNewer for a file of a later version than this program."""
    if number > known:
        raise StoreNewer(
            f"{path} is at schema step {number}, this program only knows {known}:"
            f" it was written by a newer version. Start that version, or restore a backup made before it."
        )
