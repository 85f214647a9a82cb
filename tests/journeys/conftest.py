"""The worker as the process it is in life: started, asked, stopped, killed; and the world it stands in."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from store.database import open_database
from store.errors import AskError, StoreError
from store.journal import check_rebuild
from store.window import Window

ROOT = Path(__file__).resolve().parents[2]
FLOWS = ("catalogue", "orders", "inventory", "dispatch", "returns", "settlement", "watch", "alerts")
PATIENCE = 90.0  # real seconds; the machine may be busy
OFTEN = {f"CHERRYLANE_{flow.upper()}_EVERY": "60" for flow in FLOWS}
# The pace, and whether an order's units are there, have tests of their own.
UNPACED = {"CHERRYLANE_ERP_REQUESTS_PER_MINUTE": "6000", "CHERRYLANE_ACCEPTS": "all"}


# Imports what `python -m sync run` imports, then becomes a worker each time it is told to: starts are quick enough
# to be killed by the dozen. Whoever is to live and to end well is started as in life instead.
NURSERY = """
import os, sys
import sync.__main__, sync.assembly, sync.daemon, store.server, sync.logs
import duckdb
duckdb.default_connection().close()  # it has a thread, which no child would have
__file__ = "nursery"  # without a file DuckDB takes us for a person and draws progress bars
for line in sys.stdin:
    word, what = line.split()
    if word == "wait":
        print(os.waitstatus_to_exitcode(os.waitpid(int(what), 0)[1]), flush=True)
        continue
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(what, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    os.dup2(2, 1)
    sys.argv = ["cherrylane", "run"]
    sync.__main__.main()
"""


@dataclass
class House:
    """A store, the settings of its worker, and every process we started on them."""

    sandbox: Any
    store: Path
    environment: dict[str, str]
    logs: list[Path] = field(default_factory=list)
    alive: dict[int, subprocess.Popen[bytes] | None] = field(default_factory=dict)
    nursery: subprocess.Popen[str] | None = None

    def start(self, *, ready: bool = True, settings: dict[str, str] | None = None) -> int:
        """`cherrylane run`, a process of its own; its pid. `ready`: only once it answers."""
        with self._new_log().open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sync", "run"],
                cwd=ROOT, env={**self.environment, **(settings or {})}, stdout=log, stderr=log,
            )  # fmt: skip
        self.alive[process.pid] = process
        if ready:
            self.until(lambda: self.window().state().pid == process.pid, "the worker serves")
        return process.pid

    def start_to_kill(self) -> int:
        """A worker that costs little to start; only ever to be killed."""
        pid = int(self._told(f"start {self._new_log()}"))
        self.alive[pid] = None
        return pid

    def _new_log(self) -> Path:
        self.logs.append(self.store.parent / f"worker-{len(self.logs)}.log")
        self.logs[-1].touch()
        return self.logs[-1]

    def stop(self, pid: int) -> int:
        """SIGTERM, as a supervisor sends it; the exit code."""
        os.kill(pid, signal.SIGTERM)
        return self.ended(pid)

    def kill(self, pid: int) -> int:
        """The plug is pulled."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.ended(pid)

    def ended(self, pid: int, *, patience: float = PATIENCE) -> int:
        """The exit code of a worker that ends."""
        process = self.alive[pid]
        code = int(self._told(f"wait {pid}")) if process is None else process.wait(patience)
        del self.alive[pid]
        return code

    def _told(self, words: str) -> str:
        if self.nursery is None:
            self.nursery = subprocess.Popen(
                [sys.executable, "-c", NURSERY],
                cwd=ROOT, env=self.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write(f"{words}\n")
        self.nursery.stdin.flush()
        return self.nursery.stdout.readline()

    def log(self, number: int = -1) -> str:
        """What a worker wrote."""
        return self.logs[number].read_text()

    def command(self, *words: str, ok: bool = True, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """`cherrylane words…`, ended."""
        ended = subprocess.run(
            [sys.executable, "-m", "sync", *words],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        assert not ok or ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.command("status", "--json").stdout)
        return told

    def window(self) -> Window:
        return Window(self.store, keep_seconds=0.0)

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Ask the store, over the wire or from the file; a worker that is just starting is waited for."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self.window().ask(sql, values, deadline=20.0).to_dicts()
            except (AskError, StoreError):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def until(self, holds: Callable[[], object], what: str, *, patience: float = PATIENCE) -> None:
        """Wait, with an end to it."""
        give_up_at = time.monotonic() + patience
        while not holds():
            assert time.monotonic() < give_up_at, f"it never came true: {what}\n{self._last_words()}"
            time.sleep(0.2)

    def advance(self, minutes: float, *flows: str, patience: float = PATIENCE) -> None:
        """Move the world, then let the worker run each flow named (all, when none is) on what it finds there."""
        moment = datetime.fromisoformat(self.sandbox.advance(minutes)["now"])
        waited = flows or FLOWS

        def have_run() -> bool:
            rows = self.rows("select distinct flow from run_facts where started_at >= $moment", moment=moment)
            return {row["flow"] for row in rows} >= set(waited)

        self.until(have_run, f"{', '.join(waited)} ran after {moment}", patience=patience)

    def rebuild_differences(self) -> dict[str, int]:
        """What `rebuild --check` finds, with the worker stopped."""
        with open_database(self.store, serves=False) as database:
            return check_rebuild(database)

    def forget(self) -> None:
        for pid in list(self.alive):
            self.kill(pid)
        if self.nursery is not None:
            for pipe in (self.nursery.stdin, self.nursery.stdout):
                assert pipe is not None
                pipe.close()
            self.nursery.wait(timeout=30)

    def _last_words(self) -> str:
        return "\n".join(
            line for line in self.log().splitlines() if '"action": "exchange"' not in line
        )[-4000:] if self.logs else ""  # fmt: skip


@pytest.fixture
def house(tmp_path: Path, sandbox: Callable[..., Any]) -> Iterator[Callable[..., House]]:
    """`house(orders_per_day=30, …)`: a still sandbox of that kind and a store for its worker.

    Whatever was done to it, its facts equal its journal at the end.
    """
    built: list[House] = []

    def build(*, settings: dict[str, str] | None = None, **world: Any) -> House:
        running = sandbox(**{"days": 1, "skus": 40, "orders_per_day": 30, **world})
        path = tmp_path / "store" / "cherrylane.duckdb"
        path.parent.mkdir(exist_ok=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHERRYLANE_")}
        made = House(
            running,
            path,
            {**clean, **running.environment, **OFTEN, **UNPACED, "CHERRYLANE_STORE": str(path), **(settings or {})},
        )
        built.append(made)
        return made

    yield build
    for each in built:
        each.forget()
    for each in built:
        if each.store.exists():
            assert each.rebuild_differences() == {}
