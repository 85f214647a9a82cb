"""Puts a backup back. Nothing is created outside afterwards until everything there has been seen again."""

from pathlib import Path

from store.clock import Clock
from store.copies import check_backup, newest_backup
from store.database import open_database, restore
from store.events import StoreRestored
from store.journal import Journal


def restore_newest(source: Path, path: Path, clock: Clock) -> Path | None:
    """Restore a backup (the newest of a folder); where the replaced store was put. Raises StoreError.

    `clock` is the worker's: what it says is compared with when orders were placed.
    """
    clock.now()  # where no clock answers nothing is replaced
    chosen = source if source.is_file() else newest_backup(source)
    made_at = check_backup(chosen).made_at
    kept = restore(chosen, path)
    with open_database(path) as database:
        journal = Journal(database, clock, shop="")
        journal.append([StoreRestored(happened_at=clock.now(), backup_at=made_at)])
        journal.close()
    return kept
