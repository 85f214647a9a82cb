"""What is served: two real processes, one holding the store and one asking."""

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
import pytest

from store.database import open_database
from store.errors import Refused, StoreLocked
from store.guard import GUARD, guard_sql
from store.server import announcement_of, serve, token_for
from store.window import Window

ID = "6b1f4a52-0000-4000-8000-00000000000a"

REFUSED = [
    # found by trying, each once let in by a guard that only asked whether the statement reads
    "select * from quack_stop('quack:localhost:1')",
    "select * from quack_serve('quack:0.0.0.0:1', allow_other_hostname := true)",
    "select nextval('any')",
    "select currval('any')",
    "select * from checkpoint()",
    "from force_checkpoint()",
    "select * from truncate_duckdb_logs()",
    "select 1; select 2",
    f"insert into commands(id, body) values ('{ID}', 'a') on conflict do update set body = 'b'",
    "insert into commands(id, body) select uuid(), 'a'",
    f"insert into commands(id, body, received_at) values ('{ID}', 'a', timestamptz '2020-01-01')",
    # the rest of what reaches beyond the rows, or writes
    f"insert into commands(id, body) values ('{ID}', 'a'); select 1",
    f"insert into commands(id, body) values ('{ID}', 'a'), ('{ID}', 'b')",
    f"insert into commands(id, body) values ('{ID}', 'a' || 'b')",
    f"insert into commands(id, body) values ('{ID}', 'it's')",
    f"insert into commands(id, body) values ('{ID}', 'a') returning *",
    f"insert into commands(id, body) values ('{ID}', 'a') -- b'",
    f"insert into events(id, body) values ('{ID}', 'a')",
    f"INSERT INTO commands(id, body) VALUES ('{ID}', 'a')",
    "insert into commands(id, body) values ('not-a-uuid', 'a')",
    "update commands set body = ''",
    "delete from commands",
    "drop table commands",
    "create table more (a int)",
    "create or replace macro anything() as 1",
    f"create or replace macro {GUARD}(a, b) as true",
    "attach '/tmp/other.duckdb'",
    "copy commands to '/tmp/commands.csv'",
    "pragma version",
    "set threads = 64",
    "checkpoint",
    "call pragma_version()",
    "show tables",
    "describe commands",
    "from (describe commands)",
    "summarize commands",
    "explain select 1",
    "begin",
    "use memory",
    "load httpfs",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('/etc/passwd')",
    "select * from '/etc/passwd'",
    'select * from "data.csv"',
    "select * from 'C:stuff'",
    "select * from glob('*')",
    "select * from sniff_csv('a')",
    "select * from query('select 1')",
    "select * from query_table('commands')",
    "select * from json_execute_serialized_sql('{}')",
    "select json_serialize_plan('select 1')",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select * from duckdb_logs",
    "select * from pragma_database_list",
    "select * from quack_active_connections()",
    "select * from QUACK_Active_Connections()",
    "select * from main.quack_active_connections()",
    "select \"quack_check_token\"('a', 'b', 'c')",
    "select write_log('a')",
    "select sleep_ms(60000)",
    "select pg_sleep(60)",
    "select setseed(0.5)",
    "select 'any'.nextval()",
    "select [1, 2].list_transform(lambda x: nextval('any'))",
    "select (select count(*) from (select * from range(10)))",
    "select * from range(1000000000000)",
    "with recursive r as (select 1 as a union all select a + 1 from r) select count(*) from r",
    "with x as (select * from glob('*')) select 1",
    "select 1 where exists (from quack_server_list())",
    "select 1 union all select count(*) from glob('*')",
    "select * from temp.main.commands",
    "select * from elsewhere.commands",
    "select count(*) filter (where nextval('any') > 0) from commands",
    "select 1 order by nextval('any')",
    "select 1 limit (select nextval('any'))",
    "with x as (delete from commands returning *) select * from x",
    "",
    ";",
    "not even sql",
]

ALLOWED = [
    "select count(*) as n from commands",
    "from commands",
    "select * from main.commands",
    "select * from aged(timestamptz '2026-01-01 00:00:00+00') where step > 3 order by step limit 5",
    "with a as (select body from commands), b as (select body from a) select count(*) from b",
    "select unnest([1, 2, 3]) as n",
    "select * from unnest([1, 2, 3])",
    "select sum(n) over (partition by n) from (values (1), (2)) t(n) qualify row_number() over () = 1",
    "select case when body like '%x%' then 1 else 2 end from commands group by all having count(*) > 0",
    "select 'quack_stop('';/.:drop' as text, \"body\" from commands where body = '; select 2'",
    "select a.id from commands a join commands b using (id) left join commands c on c.id = a.id",
    "select strftime(received_at, '%d %b'), date_trunc('hour', received_at), now() from commands",
    "select table_name from information_schema.tables",
    "select list_sort(list(body)), count(distinct id), quantile_cont(length(body), 0.5) from commands;",
    f"insert into commands(id, body) values ('{ID}', 'it''s; a \"body\" with -- and /* and \\ and\na line')",
    f"insert into commands(id, body) values ('{ID}', '')",
]


@pytest.fixture(scope="module")
def guard() -> Iterator[Callable[[str], Any]]:
    """The guard alone, as DuckDB runs it before each statement."""
    with duckdb.connect() as connection:
        connection.execute(guard_sql(["aged", "orders"]))
        yield lambda statement: connection.execute(f"select {GUARD}('session', $s)", {"s": statement}).fetchall()[
            0
        ][0]


@pytest.mark.parametrize("statement", REFUSED)
def test_the_guard_refuses(guard: Callable[[str], Any], statement: str) -> None:
    assert guard(statement) is False


@pytest.mark.parametrize("statement", ALLOWED)
def test_the_guard_lets_in(guard: Callable[[str], Any], statement: str) -> None:
    assert guard(statement) is True


def test_every_refused_statement_is_refused_over_the_wire_and_harms_nothing(served: tuple[Path, int]) -> None:
    window = Window(served[0])
    window.send(UUID(ID), "the only one")

    for statement in REFUSED:
        with pytest.raises(Refused):
            window._over_the_wire(statement, 20.0)

    found = window.ask("select body from commands where id = $id", {"id": UUID(ID)}, deadline=20)
    assert found.to_dicts() == [{"body": "the only one"}]
    assert window.state().is_serving


def test_only_loopback_is_listened_on(tmp_path: Path) -> None:
    with open_database(tmp_path / "store.duckdb") as database:
        server = serve(database, token="word-of-the-test")
        listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        sixth = [line.split() for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]]
        server.close()

    here = [row[1] for row in [*listening, *sixth] if row[1].endswith(f":{server.port:04X}") and row[3] == "0A"]
    assert here == [f"0100007F:{server.port:04X}"]


def test_the_token_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"

    first, again = token_for(path), token_for(path)

    assert first == again
    assert len(first) > 30
    assert stat.S_IMODE((tmp_path / "store.duckdb.token").stat().st_mode) == 0o600
    assert token_for(path, "configured") == "configured"


def test_the_wrong_token_is_refused(served: tuple[Path, int]) -> None:
    with pytest.raises(Refused, match="token"):
        Window(served[0], "not-the-word").ask("select 1 as one", deadline=20)


def test_the_announcement_is_private_and_goes_with_the_server(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    with open_database(path) as database:
        server = serve(database, token=token_for(path))
        announced = announcement_of(path)
        mode = stat.S_IMODE((tmp_path / "store.duckdb.serving").stat().st_mode)
        server.close()

        assert announced is not None
        assert (announced.port, announced.pid) == (server.port, os.getpid())
        assert announced.schema_number == database.schema_number
        assert mode == 0o600
        assert announcement_of(path) is None


def test_a_second_worker_is_told_who_holds_the_store(served: tuple[Path, int]) -> None:
    path, pid = served

    with pytest.raises(StoreLocked, match=rf"process {pid} .*waited 1 s.*[Oo]ne worker") as held:
        open_database(path, wait_seconds=1)

    assert held.value.holder == pid


def test_a_worker_waits_for_the_one_before_it(tmp_path: Path, start_worker: Callable[..., Any]) -> None:
    path = tmp_path / "store.duckdb"
    first = start_worker(path)
    second = start_worker(path, ready=False)

    assert first.stop() == 0
    second.says("ready")


def test_a_transaction_cut_off_by_kill_9_leaves_nothing_behind(
    tmp_path: Path, start_worker: Callable[..., Any]
) -> None:
    path = tmp_path / "store.duckdb"
    start_worker(path).stop()
    before = Window(path).ask("select count(*) as n from heart", deadline=20).item()
    torn = start_worker(path, "tearing")
    torn.says("torn")

    torn.kill()

    after = Window(path).ask("select count(*) as n, count(distinct step) as steps from heart", deadline=20).row(0)
    assert after[0] == before
    start_worker(path).stop()
    halves = Window(path).ask(
        "select count(*) as n from (select step from heart group by step having count(*) <> 2)", deadline=20
    )
    assert halves.item() == 0


def test_an_overdue_question_shows_on_the_watch(tmp_path: Path, start_worker: Callable[..., Any]) -> None:
    path = tmp_path / "store.duckdb"
    worker = start_worker(path, "watched")
    heavy = "select count(*) as n from heart a, heart b, heart c, heart d, heart e, heart f, heart g, heart h"
    window = Window(path)
    for _ in range(3):
        window.ask("select count(*) from heart", deadline=20)

    with pytest.raises(Exception, match=r"No answer within|does not answer|hold"):
        window.ask(
            heavy + " where a.step + b.step + c.step + d.step + e.step <> f.step * g.step - h.step", deadline=3
        )

    worker.says("overdue")
    assert worker.process.wait(timeout=30) == 75


def test_awkward_commands_all_arrive_as_they_were_sent(served: tuple[Path, int]) -> None:
    window = Window(served[0])
    bodies = {uuid4(): json.dumps({"note": f"it's {n}; drop table commands; -- \\ “quoted” ☕"}) for n in range(20)}

    for command_id, body in bodies.items():
        window.send(command_id, body, deadline=20)

    found = window.ask(
        "select id, body from commands where list_contains($ids, id)", {"ids": list(bodies)}, deadline=20
    )
    assert {UUID(row["id"]): row["body"] for row in found.to_dicts()} == bodies
