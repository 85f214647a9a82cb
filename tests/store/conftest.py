"""A second process that holds and serves a store, as the worker does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]

# Opens the store, serves it, and counts upwards in table `heart`, one transaction a step, as fast as a worker.
WORKER = """
import signal, sys, threading, time
from pathlib import Path
from store.database import open_database
from store.server import serve, token_for

path, mode = Path(sys.argv[1]), sys.argv[2]
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
database = open_database(path, wait_seconds=30)
connection = database.connect()
connection.execute("create table if not exists heart (step bigint, half varchar)")
server = serve(database, token=token_for(path)) if mode != "silent" else None
print("ready", flush=True)
step = connection.execute("select coalesce(max(step), 0) from heart").fetchone()[0]
while not over.wait(0.02):
    step += 1
    connection.execute("begin")
    connection.execute("insert into heart values (?, 'first')", [step])
    if mode == "tearing":
        print("torn", flush=True)
        time.sleep(30)
    connection.execute("insert into heart values (?, 'second')", [step])
    connection.execute("commit")
    if server and mode == "watched" and server.oldest_query_seconds() > 1:
        print("overdue", flush=True)
        sys.exit(75)
if server:
    server.close()
database.close()
print("closed", flush=True)
"""

StartWorker = Callable[..., "WorkerProcess"]


class WorkerProcess:
    """The other process, with its end in our hands."""

    def __init__(self, path: Path, mode: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(HOUSE), "TZ": "UTC"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(path), mode],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def says(self, word: str) -> None:
        """Wait until the process prints this word; a process that ends first says why."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        pytest.fail(f"the worker ended without saying {word!r}: {self.process.stderr.read()[-2000:]}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=30)

    def stop(self) -> int:
        """SIGTERM, as a supervisor sends it; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def forget(self) -> None:
        if self.process.poll() is None:
            self.kill()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def start_worker() -> Iterator[StartWorker]:
    """Start a worker on a store and wait until it is ready."""
    started: list[WorkerProcess] = []

    def start(path: Path, mode: str = "serving", *, ready: bool = True) -> WorkerProcess:
        worker = WorkerProcess(path, mode)
        started.append(worker)
        if ready:
            worker.says("ready")
        return worker

    yield start
    for worker in started:
        worker.forget()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """A served store that the tests which leave the worker alone share: its path and the worker's process."""
    path = tmp_path_factory.mktemp("served") / "store.duckdb"
    worker = WorkerProcess(path, "serving")
    worker.says("ready")
    yield path, worker.process.pid
    assert worker.stop() == 0
    worker.forget()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait, with an end to it, until something holds."""

    def wait(holds: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + 30
        while time.monotonic() < give_up_at:
            if holds():
                return
            time.sleep(0.05)
        pytest.fail("it did not come to hold within 30 s")

    return wait
