"""The dashboard's side of the store: serving, starting or stuck, stopped; never waiting, never guessing."""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import polars as pl
import pytest

from store.database import local_ask, open_database
from store.errors import QuestionFailed, Reload, StoreMissing, TooSlow, WorkerAway
from store.window import MAX_WAITING, PING_SECONDS, Window, Worker
from tests.store.statements import HEAVY


def test_reading_goes_on_while_the_worker_writes(served: tuple[Path, int]) -> None:
    window = Window(served[0])

    seen = []
    for _ in range(15):
        frame = window.ask("select count(*) as n, count(distinct step) as steps from heart", deadline=20)
        seen.append(frame.row(0))
        time.sleep(0.05)

    assert [row[0] for row in seen] == sorted(row[0] for row in seen)
    assert seen[-1][0] > seen[0][0]
    assert all(rows == 2 * steps for rows, steps in seen)


def test_the_same_question_has_the_same_answer_near_and_far(
    tmp_path: Path, start_worker: Callable[..., Any]
) -> None:
    path = tmp_path / "store.duckdb"
    question = (
        "select $text as text, $moment as seen_at, $amount as amount, $day as day, $flag as flag,"
        " $count + 1 as next, list_contains($names, $text) as is_in, $nothing is null as is_none,"
        " [$text, 'b'] as texts"
    )
    moment = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)
    values = {
        "text": "O'Neill; drop table \\ $flag ☕", "moment": moment, "amount": Decimal("-19.990000"),
        "day": moment.date(), "flag": True, "count": 41, "names": ["a", "O'Neill; drop table \\ $flag ☕"],
        "nothing": None,
    }  # fmt: skip
    with open_database(path, serves=False) as database:
        near = local_ask(database)(question, values)
    worker = start_worker(path)
    far = Window(path).ask(question, values, deadline=20)
    worker.stop()
    alone = Window(path).ask(question, values, deadline=20)

    assert far.to_dicts() == near.to_dicts() == alone.to_dicts()
    assert far.schema["seen_at"] == near.schema["seen_at"] == alone.schema["seen_at"] == pl.Datetime("us", "UTC")
    assert far.item(0, "is_in") is True


def halt(pid: int) -> None:
    """Stop a child where it stands. A busy machine takes its time over that."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)


def test_the_three_states_and_what_can_be_done_in_each(tmp_path: Path, start_worker: Callable[..., Any]) -> None:
    path = tmp_path / "store.duckdb"
    window = Window(path, keep_seconds=0.0)
    assert (window.state().worker, window.state().since) == (Worker.STOPPED, None)
    with pytest.raises(StoreMissing, match="cherrylane run"):
        window.ask("select 1 as one")

    worker = start_worker(path)
    serving = window.state()
    halt(worker.process.pid)
    stuck = window.state()
    with pytest.raises(TooSlow):
        window.ask("select 2 as two", deadline=1)
    os.kill(worker.process.pid, signal.SIGCONT)
    back = window.state()
    worker.kill()
    stopped = window.state()

    assert (serving.worker, serving.pid) == (Worker.SERVING, worker.process.pid)
    assert (stuck.worker, stuck.pid) == (Worker.STARTING_OR_STUCK, worker.process.pid)
    assert back.worker is Worker.SERVING
    assert stopped.worker is Worker.STOPPED
    assert stopped.since is not None
    assert datetime.now(UTC) - stopped.since < timedelta(minutes=2)
    assert window.ask("select count(*) > 0 as has_rows from heart", deadline=20).item() is True
    with pytest.raises(WorkerAway, match="Not sent"):
        window.send(uuid4(), "{}")


def test_a_silence_once_heard_is_believed_for_a_while(tmp_path: Path, start_worker: Callable[..., Any]) -> None:
    path = tmp_path / "store.duckdb"
    worker = start_worker(path)
    window = Window(path)
    halt(worker.process.pid)
    waited = window.state()
    began = time.monotonic()
    believed = window.state()
    took = time.monotonic() - began
    os.kill(worker.process.pid, signal.SIGCONT)
    worker.kill()
    again = start_worker(path)

    assert waited.worker is Worker.STARTING_OR_STUCK
    assert believed.worker is Worker.STARTING_OR_STUCK
    assert took < PING_SECONDS
    assert window.state().pid == again.process.pid


def test_a_worker_that_does_not_serve_yet_is_starting(tmp_path: Path, start_worker: Callable[..., Any]) -> None:
    path = tmp_path / "store.duckdb"
    worker = start_worker(path, "silent")
    window = Window(path)

    assert window.state().worker is Worker.STARTING_OR_STUCK
    with pytest.raises(WorkerAway, match=rf"Process {worker.process.pid} holds the store"):
        window.ask("select 1 as one", deadline=20)


def test_reading_the_file_never_keeps_the_worker_from_starting(
    tmp_path: Path, start_worker: Callable[..., Any]
) -> None:
    path = tmp_path / "store.duckdb"
    open_database(path, serves=False).close()
    window = Window(path)
    window.ask("select count(*) as n from commands", deadline=20)

    start_worker(path)

    assert window.state().is_serving


def test_a_reading_of_the_file_is_kept_for_a_while_and_not_for_long(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    open_database(path, serves=False).close()
    window = Window(path, keep_seconds=600)
    question = "select count(*) as n from commands"
    first = window.ask(question, deadline=20).item()
    with open_database(path, serves=False) as database:
        database.connect().execute("insert into commands (id, body) values (uuid(), 'x')")

    kept = window.ask(question, deadline=20).item()
    fresh = Window(path, keep_seconds=0).ask(question, deadline=20).item()

    assert (first, kept, fresh) == (0, 0, 1)


def test_a_heavy_question_hits_its_deadline_and_the_worker_writes_on(
    tmp_path: Path, start_worker: Callable[..., Any]
) -> None:
    path = tmp_path / "store.duckdb"
    start_worker(path)
    window = Window(path)
    window.ask("select count(*) as n from heart", deadline=20)

    started = time.monotonic()
    with pytest.raises(TooSlow, match="No answer within 2 s"):
        window.ask(HEAVY, deadline=2)
    waited = time.monotonic() - started
    first = window.ask("select max(step) as step from heart", deadline=20).item()
    time.sleep(1)
    later = window.ask("select max(step) as step from heart", deadline=20).item()

    assert waited < 4
    assert later > first


def test_too_many_unanswered_questions_are_refused_at_once(
    tmp_path: Path, start_worker: Callable[..., Any]
) -> None:
    path = tmp_path / "store.duckdb"
    worker = start_worker(path)
    window = Window(path)
    window.ask("select 1 as one", deadline=20)
    halt(worker.process.pid)

    asking = [threading.Thread(target=_ask_in_vain, args=(window,)) for _ in range(MAX_WAITING)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(timeout=20)
    started = time.monotonic()
    with pytest.raises(TooSlow, match="earlier questions"):
        window.ask("select 1 as one", deadline=20)

    assert time.monotonic() - started < 15  # at once, not at its deadline; the machine may be busy


def _ask_in_vain(window: Window) -> None:
    with pytest.raises(TooSlow):
        window.ask("select 1 as one", deadline=1)


def test_a_slow_reading_of_the_file_is_broken_off_and_the_file_is_free_again(
    tmp_path: Path, start_worker: Callable[..., Any], eventually: Callable[[Callable[[], bool]], None]
) -> None:
    path = tmp_path / "store.duckdb"
    with open_database(path, serves=False) as database:
        database.connect().execute("create table heart as select n as step from range(2000) t(n)")

    with pytest.raises(TooSlow):
        Window(path).ask(HEAVY, deadline=1)

    eventually(lambda: _opens(path))
    start_worker(path)


def _opens(path: Path) -> bool:
    try:
        open_database(path, wait_seconds=0, serves=False).close()
    except Exception:  # noqa: BLE001 - any reason means not yet
        return False
    return True


def test_versions_that_differ_ask_for_a_restart_of_the_older(tmp_path: Path, served: tuple[Path, int]) -> None:
    open_database(tmp_path / "alone.duckdb", serves=False).close()

    for path in (served[0], tmp_path / "alone.duckdb"):
        with pytest.raises(Reload, match="restart the dashboard"):
            Window(path, schema_number=0).ask("select 1 as one", deadline=20)
        with pytest.raises(Reload, match="restart the worker"):
            Window(path, schema_number=99).ask("select 1 as one", deadline=20)


def test_the_same_command_sent_twice_arrives_once(served: tuple[Path, int]) -> None:
    window, command_id = Window(served[0]), uuid4()

    window.send(command_id, '{"command": "resync"}', deadline=20)
    window.send(command_id, '{"command": "resync"}', deadline=20)

    found = window.ask("select body, received_at from commands where id = $id", {"id": command_id}, deadline=20)
    assert found["body"].to_list() == ['{"command": "resync"}']
    assert found.item(0, "received_at") <= datetime.now(UTC)


def test_a_wrong_question_says_what_is_wrong(tmp_path: Path, served: tuple[Path, int]) -> None:
    open_database(tmp_path / "alone.duckdb", serves=False).close()

    for path in (served[0], tmp_path / "alone.duckdb"):
        with pytest.raises(QuestionFailed, match="no_such_thing"):
            Window(path).ask("select * from no_such_thing", deadline=20)
