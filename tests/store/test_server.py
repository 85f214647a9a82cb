"""What is served: two real processes, one holding the store and one asking."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from store.database import open_database
from store.errors import QuestionFailed, Refused, StoreLocked, TooSlow, WorkerAway
from store.server import announcement_of, serve, token_for
from store.window import Window
from tests.store.statements import HEAVY, ID, REFUSED


def test_every_refused_statement_is_refused_over_the_wire_and_harms_nothing(served: tuple[Path, int]) -> None:
    window = Window(served[0])
    window.send(UUID(ID), "the only one", deadline=20)

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
    window = Window(path)
    window.ask("select count(*) from heart", deadline=20)

    # the worker may end before the deadline does
    with pytest.raises((TooSlow, WorkerAway, QuestionFailed)):
        window.ask(HEAVY, deadline=10)

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
