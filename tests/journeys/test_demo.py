"""`make demo`, as somebody who has just cloned it tries it: one command, an address, a living world behind it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from store.database import open_database
from store.errors import AskError, StoreError
from store.journal import check_rebuild
from store.window import Window, Worker
from tests.journeys.conftest import FLOWS, ROOT

PATIENCE = 180.0  # real seconds; the machine may be busy


class Demo:
    """A demo that runs in a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.store = folder / "var" / "demo" / "cherrylane.duckdb"
        self.printed = folder / "printed"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHERRYLANE_")}
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sync", "demo", "--days", "2", "--skus", "40", "--port", str(port)],
                cwd=folder, env={**clean, "PYTHONPATH": str(ROOT)}, stdout=out,
            )  # fmt: skip

    def until(self, holds: Callable[[], object], what: str) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while not holds():
            assert self.process.poll() is None, f"it ended: {self.said()}"
            assert time.monotonic() < give_up_at, f"it never came true: {what}; {self.said()}"
            time.sleep(0.2)

    def said(self) -> str:
        return self.printed.read_text()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with contextlib.suppress(AskError, StoreError):  # a worker that is just starting
            return Window(self.store, keep_seconds=0.0).ask(sql, {}, deadline=20.0).to_dicts()
        return []

    def worker(self) -> int | None:
        """Which process serves, if one does."""
        state = Window(self.store, keep_seconds=0.0).state()
        return state.pid if state.worker is Worker.SERVING else None

    def kill_worker(self) -> None:
        self.until(self.worker, "a worker serves")
        pid = self.worker()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[Demo, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    started = Demo(tmp_path, port)
    yield started, port
    if started.process.poll() is None:
        started.stop()


def answers(port: int) -> bool:
    with (
        contextlib.suppress(urllib.error.URLError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as told,
    ):
        return bool(told.status == 200)
    return False


def test_the_demo_gives_an_address_lives_survives_a_killed_worker_and_ends_clean(demo: tuple[Demo, int]) -> None:
    running, port = demo

    running.until(lambda: f"http://localhost:{port}\n" in running.said(), "it says where to look")
    assert answers(port)
    ended = "select distinct flow, state from run_facts"
    running.until(lambda: {row["flow"] for row in running.rows(ended)} >= set(FLOWS), "every flow has run")
    assert {row["state"] for row in running.rows(ended)} <= {"succeeded", "deferred"}
    there_are = (
        "select (from order_facts select count(*)) > 0 and (from published_facts select count(*)) > 0 as both"
    )
    running.until(lambda: running.rows(there_are) == [{"both": True}], "orders are read, stock is sent")

    running.kill_worker()
    running.until(lambda: "starting it again" in running.said(), "the demo sees it")
    running.until(running.worker, "another worker serves")

    assert running.stop() == 0
    assert not answers(port)
    with open_database(running.store) as database:
        assert check_rebuild(database) == {}
