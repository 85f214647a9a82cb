"""The whole of Cherrylane as it runs in life: the two pretend systems, the worker and the dashboard.

Three processes on free ports. Law: nothing it started outlives it, and every wait has an end.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from store.errors import StoreError
from store.window import Window
from tests.conftest import RunningSandbox

ROOT = Path(__file__).resolve().parents[2]
FLOWS = ("catalogue", "orders", "inventory", "dispatch", "returns", "settlement", "watch", "alerts")
OFTEN = {f"CHERRYLANE_{flow.upper()}_EVERY": "60" for flow in FLOWS}  # each moves when the world moves a minute
PATIENCE = 90.0  # real seconds; the machine may be busy


@dataclass
class System:
    """A store, the worker that writes it, and the dashboard that shows it at `url`."""

    sandbox: RunningSandbox
    store: Path
    settings: dict[str, str] = field(default_factory=dict)
    url: str = ""
    worker: subprocess.Popen[bytes] | None = None
    web: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """The worker and the dashboard, once every flow has run and the dashboard answers."""
        self.start_worker()
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.web = self._begin("web", "-m", "streamlit", "run", "dashboard/app.py", "--server.port", str(port))
        self.until(self._is_shown, "the dashboard answers")
        self.until(lambda: self.have_run_since("1970-01-01T00:00:00Z"), "every flow has run")

    def start_worker(self) -> None:
        """A worker, once it answers."""
        self.worker = self._begin("worker", "-m", "sync", "run")
        pid = self.worker.pid
        self.until(lambda: self.window().state().pid == pid, "the worker serves")

    def end_worker(self, sign: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end (SIGTERM), or pull the plug (SIGKILL); its exit code."""
        assert self.worker is not None
        self.worker.send_signal(sign)
        return self.worker.wait(timeout=PATIENCE)

    def window(self) -> Window:
        return Window(self.store, keep_seconds=0.0)

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        """Ask the store."""
        return self.window().ask(sql, values, deadline=20.0).to_dicts()

    def advance(self, minutes: float, *flows: str) -> None:
        """Move the world, then wait until each flow named (all, when none is) has run on what it finds there."""
        moment = self.sandbox.advance(minutes)["now"]
        self.until(lambda: self.have_run_since(moment, *flows), f"{flows or FLOWS} ran after {moment}")

    def have_run_since(self, moment: str, *flows: str) -> bool:
        """Whether each flow named (all, when none is) has ended a run that began at the moment or later."""
        try:
            rows = self.rows(
                "select distinct flow from run_facts where started_at >= $moment",
                moment=datetime.fromisoformat(moment),
            )
        except StoreError:
            return False
        return {row["flow"] for row in rows} >= set(flows or FLOWS)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait, with an end to it."""
        give_up_at = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < give_up_at, f"it never came true: {what}"
            time.sleep(0.2)

    def close(self) -> None:
        for process in (self.web, self.worker):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(timeout=30)

    def _is_shown(self) -> bool:
        return answers(self.url)

    def _begin(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CHERRYLANE_")}
        environment = {
            **clean, **self.sandbox.environment, **OFTEN, "CHERRYLANE_STORE": str(self.store),
            **self.settings,
        }  # fmt: skip
        with (self.store.parent / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


def answers(url: str) -> bool:
    """Whether the dashboard there answers."""
    try:
        return httpx.get(f"{url}/_stcore/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
