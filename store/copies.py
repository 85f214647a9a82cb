"""Copies of the store: made while it is written to, checked before anybody relies on them.

Law: DuckDB itself makes the copy, in one transaction, in the backup folder (the only place it may write to
once it is locked down). The store's file is never opened by other means in the process that holds it: closing
such a handle would silently give up the file lock. Beside each copy stands a manifest, `<copy>.json`.
A copy that the disk does not take leaves nothing behind, and the store as it was.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import duckdb
from pydantic import BaseModel, ValidationError

from store.errors import StoreDamaged, StoreUnwritable
from store.literals import literal

Shape = dict[str, list[tuple[str, str, bool]]]
ROOM_TO_SPARE = 16 * 2**20  # what the store itself may want to write meanwhile, in bytes


class Manifest(BaseModel):
    """What a copy must contain."""

    made_at: datetime
    schema_number: int
    sha256: str
    rows: dict[str, int]


def quoted(name: str) -> str:
    """A name as SQL, whatever it contains."""
    return '"' + name.replace('"', '""') + '"'


def shape(connection: duckdb.DuckDBPyConnection, catalog: str) -> Shape:
    """Every table of the store with its columns: name, type, whether it may be empty."""
    rows = connection.execute(
        "select c.table_name, c.column_name, c.data_type, c.is_nullable from duckdb_columns() c"
        " join duckdb_tables() t using (database_name, schema_name, table_name)"
        " where c.database_name = ? and c.schema_name = 'main' order by c.table_name, c.column_index",
        [catalog],
    ).fetchall()
    found: Shape = {}
    for table, column, kind, nullable in rows:
        found.setdefault(table, []).append((column, kind, nullable))
    return found


def make_copy(
    connection: duckdb.DuckDBPyConnection, catalog: str, folder: Path, target: Path, schema_number: int
) -> Manifest:
    """Copy the store as of one moment to `target`, by way of the backup folder; checked, synced to disk.

    Raises StoreUnwritable, with nothing left behind, when the disk does not take it; StoreDamaged when what
    arrived is not what was sent.
    """
    target = target.absolute()
    working = folder.absolute() / f"working-{uuid4().hex}.duckdb"
    arriving = target.with_name(target.name + ".partial")
    try:
        with writing(f"The backup {target} was not made"):
            _make_room(connection, catalog, folder, target.parent)
            rows = _copy(connection, catalog, working)
            check(working, schema_number, shape(connection, catalog), rows)
            manifest = Manifest(
                made_at=datetime.now(UTC), schema_number=schema_number, sha256=_sha256(working), rows=rows
            )
            if target.parent == working.parent:
                working.rename(arriving)
            else:
                shutil.copyfile(working, arriving)
            if _sha256(arriving) != manifest.sha256:
                raise StoreDamaged(f"the copy at {target} is not what was written: check that disk")
            _put_in_place(arriving, target, manifest)
    finally:
        for left in (working, working.with_name(working.name + ".wal"), arriving):
            left.unlink(missing_ok=True)
    return manifest


def _put_in_place(arriving: Path, target: Path, manifest: Manifest) -> None:
    """The file under its name with its manifest beside it, on the disk; neither, if the disk does not take one."""
    beside = _manifest_path(target)
    try:
        beside.write_text(manifest.model_dump_json(indent=2) + "\n")
        sync_to_disk(arriving)
        sync_to_disk(beside)
        arriving.replace(target)
        sync_to_disk(target.parent)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _make_room(connection: duckdb.DuckDBPyConnection, catalog: str, *folders: Path) -> None:
    """Folders to write to, with room for the store: a disk found full half-way may stop DuckDB altogether."""
    row = connection.execute(
        "select coalesce(sum(total_blocks * block_size), 0) from pragma_database_size() where database_name = ?",
        [catalog],
    ).fetchone()
    needed = int(row[0]) if row else 0
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < needed + ROOM_TO_SPARE:
            raise OSError(
                errno.ENOSPC, f"{free:,} bytes are free in {folder}, {needed + ROOM_TO_SPARE:,} are needed"
            )


@contextmanager
def writing(outcome: str) -> Iterator[None]:
    """Trouble with the disk becomes StoreUnwritable: what did not happen, why, and what to do."""
    try:
        yield
    except (OSError, duckdb.IOException, duckdb.FatalException) as trouble:
        why = (trouble.strerror or str(trouble)) if isinstance(trouble, OSError) else _first_line(trouble)
        raise StoreUnwritable(
            f"{outcome}: {why}. Nothing was changed. Free space there or let us write there, then try again."
        ) from trouble


def _copy(connection: duckdb.DuckDBPyConnection, catalog: str, working: Path) -> dict[str, int]:
    """Copy and count every table, both as of the same moment.

    Views and macros are made anew at opening, so the mark on `schema_steps` that says they are there stays behind.
    """
    alias = f"copy_{uuid4().hex}"
    made = connection.execute(
        "select table_name, sql, if(table_name = 'schema_steps', null, comment)"
        " from duckdb_tables() where database_name = ? and schema_name = 'main'",
        [catalog],
    ).fetchall()
    connection.execute(f"attach {literal(str(working))} as {alias}")
    try:
        with transaction(connection):
            rows = count_rows(connection, catalog, [table for table, _, _ in made])
            for table, sql, comment in made:
                name = quoted(table)
                connection.execute(sql.replace("CREATE TABLE ", f"create table {alias}.main.", 1))
                connection.execute(f"comment on table {alias}.main.{name} is {literal(comment)}")
                if rows[table]:
                    connection.execute(f"insert into {alias}.main.{name} from {quoted(catalog)}.main.{name}")
        connection.execute(f"checkpoint {alias}")
    finally:
        connection.execute(f"detach {alias}")
    return rows


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Everything within happens, or nothing of it."""
    connection.execute("begin")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # a failed statement may have ended it already
            connection.execute("rollback")
        raise


def count_rows(connection: duckdb.DuckDBPyConnection, catalog: str, tables: Iterable[str]) -> dict[str, int]:
    """How many rows each of these tables has."""
    asked = [
        f"select {literal(table)}, count(*) from {quoted(catalog)}.main.{quoted(table)}"  # one question: quicker
        for table in tables
    ]
    return dict(connection.execute(" union all ".join(asked)).fetchall()) if asked else {}


def check(path: Path, schema_number: int, expected: Shape | None, rows: dict[str, int]) -> None:
    """Open a copy and compare it with what it must contain. Raises StoreDamaged."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            catalog = catalog_of(connection)
            found = shape(connection, catalog)
            counted = count_rows(connection, catalog, found)
            number = number_of(connection)
    except duckdb.Error as trouble:
        raise StoreDamaged(f"{path} cannot be read as a store: {_first_line(trouble)}") from trouble
    if number != schema_number:
        raise StoreDamaged(f"{path} is at schema step {number}, its manifest says {schema_number}")
    if expected is not None and found != expected:
        changed = sorted(t for t in found.keys() | expected.keys() if found.get(t) != expected.get(t))
        raise StoreDamaged(f"{path} has other columns than the store in: {', '.join(changed)}")
    if counted != rows:
        wrong = sorted(t for t in counted.keys() | rows.keys() if counted.get(t) != rows.get(t))
        raise StoreDamaged(f"{path} has other row counts than its manifest in: {', '.join(wrong)}")


def check_backup(path: Path) -> Manifest:
    """Read a backup's manifest and hold the file to it. Raises StoreDamaged."""
    try:
        manifest = Manifest.model_validate_json(_manifest_path(path).read_text())
    except (OSError, ValidationError, json.JSONDecodeError) as trouble:
        raise StoreDamaged(f"{path} has no readable manifest beside it ({_manifest_path(path).name})") from trouble
    if not path.is_file():
        raise StoreDamaged(f"there is no backup at {path}")
    if _sha256(path) != manifest.sha256:
        raise StoreDamaged(f"{path} was changed or damaged after it was made: its checksum differs")
    check(path, manifest.schema_number, None, manifest.rows)
    return manifest


def newest_backup(folder: Path) -> Path:
    """The newest backup in a folder, by its manifest. Raises StoreDamaged if there is none."""
    found = []
    for beside in sorted(folder.glob("*.duckdb.json")):
        with suppress(ValueError):  # a manifest that cannot be read vouches for nothing
            found.append((Manifest.model_validate_json(beside.read_text()).made_at, beside.with_suffix("")))
    if not found:
        raise StoreDamaged(f"there is no backup in {folder}")
    return max(found)[1]


def catalog_of(connection: duckdb.DuckDBPyConnection) -> str:
    """The name DuckDB gave to the file of this connection."""
    row = connection.execute("select current_database()").fetchone()
    return str(row[0]) if row else ""


def number_of(connection: duckdb.DuckDBPyConnection) -> int | None:
    """The highest schema step applied; None: this is not one of our stores (or it is new)."""
    try:
        row = connection.execute("select max(number) from schema_steps").fetchone()
    except duckdb.CatalogException:
        return None
    return int(row[0]) if row and row[0] is not None else None


def sync_to_disk(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _manifest_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_line(trouble: Exception) -> str:
    return str(trouble).strip().splitlines()[0]
