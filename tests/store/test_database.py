"""The store is opened by one, brought up to date, locked down, copied and put back."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from store import copies
from store.database import (
    FACTS,
    SQL,
    VIEWS,
    Schema,
    backup,
    backups_of,
    local_ask,
    open_database,
    restore,
    sections,
)
from store.errors import QuestionFailed, StoreDamaged, StoreLocked, StoreMissing, StoreNewer
from tests.told import Told

STEPS = (
    "create table if not exists schema_steps ("
    "number integer primary key, name varchar not null, applied_at timestamptz not null default now());"
)


def schema_in(folder: Path, tables: str, *, steps: dict[str, str], views: dict[str, str] | None = None) -> Schema:
    """A schema written in the test itself."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "steps").mkdir(parents=True)
    (folder / "tables.sql").write_text(STEPS + tables)
    for name, sql in steps.items():
        (folder / "steps" / f"{name}.sql").write_text(sql)
    for name, sql in (views or {}).items():
        (folder / f"{name}.sql").write_text(sql)
    return Schema(folder, (), tuple(views or {}))


def shape_of(path: Path) -> copies.Shape:
    with duckdb.connect(str(path), read_only=True) as connection:
        return copies.shape(connection, copies.catalog_of(connection))


def test_every_file_of_sql_is_installed_and_every_installed_file_exists() -> None:
    assert {file.stem for file in (SQL / "facts").glob("*.sql")} == set(FACTS)
    assert {file.stem for file in SQL.glob("*.sql")} == {*VIEWS, "tables"}
    assert len(set(FACTS)) == len(FACTS)
    assert len(set(VIEWS)) == len(VIEWS)


@pytest.mark.parametrize("fact", FACTS)
def test_every_fact_has_a_table_and_a_fold(fact: str) -> None:
    found = sections(fact)

    assert set(found) == {"table", "fold"}
    assert found["table"].startswith("create table if not exists")


def test_the_steps_are_numbered_without_a_gap() -> None:
    numbers = [number for number, _ in Schema().steps()]

    assert numbers == list(range(1, len(numbers) + 1))


def test_a_new_store_is_at_the_newest_step_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "made" / "store.duckdb"
    for _ in range(2):
        with open_database(path, serves=False) as database:
            assert database.schema_number == Schema().number

    with open_database(path, read_only=True) as database:
        steps = local_ask(database)("select number from schema_steps order by number")["number"].to_list()

    assert steps == [number for number, _ in Schema().steps()]


def test_an_old_store_brought_up_to_date_is_like_a_new_one(tmp_path: Path) -> None:
    old = schema_in(
        tmp_path / "old",
        "create table if not exists orders_seen (order_id varchar primary key);",
        steps={"001_first": "-- the first"},
    )
    new = schema_in(
        tmp_path / "new",
        "create table if not exists orders_seen (order_id varchar primary key, channel varchar default 'jl');"
        "create table if not exists later (day date);",
        steps={
            "001_first": "-- the first",
            "002_channel": "alter table orders_seen add column channel varchar default 'jl'",
            "003_later": "create table later (day date)",
        },
    )
    path, fresh = tmp_path / "store.duckdb", tmp_path / "fresh.duckdb"
    with open_database(path, schema=old, serves=False) as database:
        database.connect().execute("insert into orders_seen values ('JL-1')")

    with open_database(path, schema=new, serves=False) as database:
        orders = local_ask(database)("select * from orders_seen").to_dicts()
        number = database.schema_number
    open_database(fresh, schema=new, serves=False).close()

    assert number == 3
    assert orders == [{"order_id": "JL-1", "channel": "jl"}]
    assert shape_of(path) == shape_of(fresh)
    kept = list(backups_of(path).glob("before-step-003-*.duckdb"))
    assert len(kept) == 1
    assert list(shape_of(kept[0])["orders_seen"]) == [("order_id", "VARCHAR", False)]


def test_a_store_of_the_first_step_is_brought_to_the_present_with_what_is_in_it(tmp_path: Path) -> None:
    path, fresh = tmp_path / "store.duckdb", tmp_path / "fresh.duckdb"
    open_database(fresh, serves=False).close()
    told = Told(tmp_path / "told.duckdb")
    told.order("JL1-A")
    told.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute((Path(__file__).parent / "tables_at_step_1.sql").read_text())
        connection.execute("insert into schema_steps (number, name) values (1, '001_first_tables')")
        connection.execute(f"attach '{tmp_path / 'told.duckdb'}' as told (read_only)")
        connection.execute("insert into events by name select * from told.events")

    with open_database(path, serves=False) as database:
        orders = local_ask(database)("select order_id from order_facts").rows()

    assert shape_of(path) == shape_of(fresh)
    assert orders == [("JL1-A",)]


def test_what_waited_and_what_was_thin_is_taken_over_from_the_words_of_older_numbers(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    told = Told(path)
    told.publish({"SHIRT": 4}, reason="9 in stock and free, 3 more wait for the next batch", degraded="")
    told.publish(
        {"SOCKS": 0}, reason="2 in stock and free, too thin for so old a batch", degraded="aged", name="two"
    )
    told.publish({"SCARF": 7}, reason="new batch", degraded="aged", name="three")
    told.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "alter table published_rows drop column waiting_units; alter table published_rows drop column is_thin;"
            " comment on table published_facts is 'folded otherwise then';"
            " delete from schema_steps where number >= 4"
        )
    with open_database(path, serves=False) as database:
        rows = local_ask(database)("select sku, waiting_units, is_thin from published_rows order by sku").rows()
        facts = local_ask(database)("select sku, waiting_units, is_thin from published_facts order by sku").rows()

    assert rows == facts == [("SCARF", 0, False), ("SHIRT", 3, False), ("SOCKS", 0, True)]


@pytest.mark.parametrize("made", [5, 4], ids=["without what was added to it later", "not at all"])
def test_a_store_that_made_the_fifth_step_reads_all_skus_for_their_size_buckets_at_once(
    tmp_path: Path, made: int
) -> None:
    path = tmp_path / "store.duckdb"
    told = Told(path)
    told.journal.append(
        bookmarks={"catalogue.full_on": "2026-11-24", "catalogue.skus": "2026-11-24T01:00:00+00:00"}
    )
    told.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from schema_steps where number > ?", [made])
    for _ in range(2):
        with open_database(path, serves=False) as database:
            names = local_ask(database)("select name from bookmarks").rows()

    assert names == [("catalogue.skus",)]


def test_a_step_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    table = "create table if not exists things (name varchar);"
    one = schema_in(tmp_path / "one", table, steps={"001_first": "-- the first"})
    open_database(path, schema=one, serves=False).close()
    two = schema_in(
        tmp_path / "two",
        table,
        steps={"001_first": "-- the first", "002_wrong": "create table half (a int); drop table nowhere"},
    )

    with pytest.raises(duckdb.Error):
        open_database(path, schema=two, serves=False)

    assert set(shape_of(path)) == {"schema_steps", "things"}
    with open_database(path, schema=one, serves=False) as database:
        assert database.schema_number == 1


def test_a_newer_store_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    open_database(path, serves=False).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("insert into schema_steps (number, name) values (900, 'of the future')")

    for read_only in (True, False):
        with pytest.raises(StoreNewer, match=r"schema step 900.*Start that version, or restore"):
            open_database(path, read_only=read_only)


def test_a_foreign_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path, text = tmp_path / "theirs.duckdb", tmp_path / "letter.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table theirs (a int)")
    text.write_text("Dear John Lewis, " * 500)

    with pytest.raises(StoreDamaged, match="no store of Cherrylane"):
        open_database(path, serves=False)
    with pytest.raises(StoreDamaged, match="cannot be opened"):
        open_database(text)
    assert set(shape_of(path)) == {"theirs"}


def test_views_are_those_of_the_program_that_opened_last(tmp_path: Path) -> None:
    path, folder = tmp_path / "store.duckdb", tmp_path / "sql"
    steps = {"001_first": "-- the first"}
    tables = "create table if not exists things (name varchar);"
    old = schema_in(
        folder, tables, steps=steps,
        views={"gone": "create or replace view gone as select name from things",
               "aged": "create or replace macro aged(as_of) as table select name, as_of as seen_at from things"},
    )  # fmt: skip
    open_database(path, schema=old, serves=False).close()
    new = schema_in(folder, tables, steps=steps, views={"kept": "create or replace view kept as select 1 as one"})

    with open_database(path, schema=new, serves=False) as database:
        ask = local_ask(database)

        assert ask("from kept").to_dicts() == [{"one": 1}]
        with pytest.raises(QuestionFailed, match="gone"):
            ask("from gone")
        with pytest.raises(QuestionFailed, match="aged"):
            ask("from aged(1)")


def test_reading_before_there_is_a_store_says_what_to_start(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing, match="cherrylane run"):
        open_database(tmp_path / "none.duckdb", read_only=True)


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/hostname')",
        "copy (select 1) to '/tmp/out-of-the-store.csv'",
        "attach '/tmp/out-of-the-store.duckdb'",
        "set enable_external_access = true",
        "set memory_limit = '64GB'",
        "set allowed_directories = ['/']",
        "install spatial",
        "load '/tmp/any.duckdb_extension'",
    ],
)
def test_an_open_store_reaches_nothing_outside_its_backup_folder(tmp_path: Path, statement: str) -> None:
    with open_database(tmp_path / "store.duckdb", serves=False) as database, pytest.raises(duckdb.Error):
        database.connect().execute(statement)


def test_what_the_journal_needs_still_works_once_locked_down(tmp_path: Path) -> None:
    with open_database(tmp_path / "store.duckdb", serves=False) as database:
        connection = database.connect()
        connection.register("frame", pl.DataFrame({"order_id": ["JL-1", "JL-2"], "units": [1, 2]}))
        connection.execute("create temp table fresh as select * from frame")
        connection.unregister("frame")
        connection.execute("checkpoint")

        assert connection.execute("select sum(units) from fresh").fetchall() == [(3,)]


def test_moments_come_out_aware_and_in_utc(tmp_path: Path) -> None:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    with open_database(tmp_path / "store.duckdb", serves=False) as database:
        frame = local_ask(database)(
            "select $m as seen_at, timestamptz '2026-07-01 13:30:00+01' as same_at", {"m": moment}
        )

    assert frame.schema == {"seen_at": pl.Datetime("us", "UTC"), "same_at": pl.Datetime("us", "UTC")}
    assert frame.row(0) == (moment, moment)


def test_a_backup_holds_everything_and_restores_to_the_same_store(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with open_database(path, serves=False) as database:
        connection = database.connect()
        connection.execute("insert into commands (id, body) select uuid(), 'body ' || n from range(1000) t(n)")
        before = local_ask(database)("from commands order by id")
        made = backup(database, tmp_path / "copies")
        connection.execute("delete from commands")

    aside = restore(tmp_path / "copies", path)

    with open_database(path, read_only=True) as database:
        assert local_ask(database)("from commands order by id").equals(before)
    assert aside is not None
    with open_database(aside, read_only=True) as database:
        assert local_ask(database)("select count(*) as n from commands").item() == 0
    assert made.parent == tmp_path / "copies"
    assert list(backups_of(path).iterdir()) == []


def test_a_copy_of_the_store_opens_as_a_store(tmp_path: Path) -> None:
    with open_database(tmp_path / "store.duckdb", serves=False) as database:
        shape = copies.shape(database.connect(), "store")
        database.copy_to(backups_of(database.path) / "check.duckdb")

        with open_database(backups_of(database.path) / "check.duckdb", serves=False) as copy:
            assert copy.schema_number == database.schema_number
    assert shape_of(tmp_path / "store.duckdb.backups" / "check.duckdb") == shape


@pytest.mark.parametrize("harm", ["a byte", "a row", "no manifest", "no file"])
def test_a_harmed_backup_is_not_restored(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "store.duckdb"
    with open_database(path, serves=False) as database:
        database.connect().execute("insert into commands (id, body) values (uuid(), 'kept')")
        made = backup(database, tmp_path / "copies")
    if harm == "a byte":
        content = bytearray(made.read_bytes())
        content[len(content) // 2] ^= 1
        made.write_bytes(content)
    elif harm == "a row":
        with duckdb.connect(str(made)) as connection:
            connection.execute("delete from commands")
    elif harm == "no manifest":
        made.with_name(made.name + ".json").unlink()
    else:
        made.unlink()

    with pytest.raises(StoreDamaged):
        restore(made, path)

    with open_database(path, read_only=True) as database:
        assert local_ask(database)("select body from commands").item() == "kept"


def test_an_unreadable_store_can_be_replaced_by_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with open_database(path, serves=False) as database:
        made = backup(database, tmp_path / "copies")
    path.write_bytes(b"spoiled" * 1000)

    aside = restore(made, path)

    assert aside is not None
    assert aside.read_bytes().startswith(b"spoiled")
    open_database(path, serves=False).close()


def test_a_backup_by_path_needs_the_store_free(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with open_database(path, serves=False), pytest.raises(StoreLocked):
        restore(backup_of_another(tmp_path), path)

    assert backup(path, tmp_path / "copies").exists()


def backup_of_another(folder: Path) -> Path:
    with open_database(folder / "another.duckdb", serves=False) as database:
        return backup(database, folder / "others")
