"""What every room's tests may share: the real sandbox as a process of its own.

Law: a test gets real parts on loopback ports nobody else has, and nothing it started outlives it.
"""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute

import store.database
from tests.nursery import PATIENCE, Nursery

# To wake a second thread for questions of a millisecond is a quarter of what all these tests cost. The workers that
# run as processes have the two that a store is given.
store.database.THREADS = 1
ROOT = Path(__file__).resolve().parent.parent
START = "2026-11-20T09:00:00Z"
SYSTEMS = ("john_lewis", "bluecherry")
PLACEHOLDERS = ("65001", "65002")
# One for all: to make one reads the machine's certificates. It keeps no connection, for a sandbox may end.
ASKING = httpx.Client(timeout=120, limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)


@dataclass
class RunningSandbox:
    """A sandbox that answers; `urls` by system, and the settings that point a worker at it."""

    urls: dict[str, str]
    start: str
    stop: Callable[[], int]  # ask it to stop; its exit code

    @property
    def john_lewis(self) -> str:
        return self.urls["john_lewis"]

    @property
    def bluecherry(self) -> str:
        return self.urls["bluecherry"]

    @property
    def environment(self) -> dict[str, str]:
        """The worker's settings, as `--print-env` prints them."""
        settings = _printed(self.start)
        for placeholder, url in zip(PLACEHOLDERS, (self.john_lewis, self.bluecherry), strict=True):
            settings = settings.replace(f":{placeholder}", f":{url.rpartition(':')[2]}")
        pairs = (line.partition("=")[::2] for line in settings.splitlines())
        return {name: value.strip("'") for name, value in pairs}

    def now(self) -> dict[str, Any]:
        return self._ask("john_lewis", "GET", "now")

    def advance(self, minutes: float) -> dict[str, Any]:
        return self._ask("john_lewis", "POST", "advance", {"minutes": minutes})

    def faults(self, **settings: Any) -> dict[str, Any]:
        return self._ask("john_lewis", "POST", "faults", settings)

    def scenario(self, name: str) -> dict[str, Any]:
        return self._ask("john_lewis", "POST", "scenario", {"name": name})

    def state(self, system: str) -> dict[str, Any]:
        """The full truth of one system."""
        return self._ask(system, "GET", "state")

    def requests(self, system: str, since: int = 0) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = self._ask(system, "GET", f"requests?since={since}")["requests"]
        return asked

    def _ask(self, system: str, method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = ASKING.request(method, f"{self.urls[system]}/_sandbox/{name}", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told


@cache
def _printed(start: str) -> str:
    """What `--print-env` says of a world that begins then, with placeholders for the ports."""
    ports = ("--mirakl-port", PLACEHOLDERS[0], "--bluecherry-port", PLACEHOLDERS[1])
    asked = [sys.executable, "-m", "sync.sandbox", "--start", start, "--print-env", *ports]
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout


class InProcess:
    """A sandbox's routes asked without a port: every request goes straight into the application."""

    def __init__(self, routes: Sequence[BaseRoute], headers: dict[str, str]) -> None:
        self.app = Starlette(routes=list(routes))
        self.headers = headers

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            base = "http://john-lewis.test"
            async with httpx.AsyncClient(transport=transport, base_url=base, headers=self.headers) as client:
                return await client.request(method, path, **request)

        return asyncio.run(send())


@pytest.fixture(scope="session")
def in_process() -> type[InProcess]:
    """`in_process(routes, headers).ask("GET", "/api/version")`."""
    return InProcess


@contextlib.contextmanager
def sandboxes(nursery: Nursery) -> Iterator[Callable[..., RunningSandbox]]:
    """Start sandboxes: `begin(days=2, skus=60, seed=1, orders_per_day=40, start=…)`; still unless `live`.

    `apart`: an interpreter of its own, as in life.
    """
    running: list[RunningSandbox] = []

    def begin(
        *,
        days: float = 2,
        skus: int = 60,
        seed: int = 1,
        orders_per_day: float = 40,
        start: str = START,
        live: bool = False,
        begin_with: Sequence[str] = (),
        apart: bool = False,
    ) -> RunningSandbox:
        arguments = (
            *("--seed", str(seed), "--days", str(days), "--skus", str(skus), "--start", start),
            *("--orders-per-day", str(orders_per_day), "--live" if live else "--still"),
            *(word for name in begin_with for word in ("--begin-with", name)),
            *("--mirakl-port", "0", "--bluecherry-port", "0"),
        )
        if apart:
            process, *said = _apart(arguments)
            stop = partial(_end, process)
        else:
            pid, *said = nursery.start(arguments)
            stop = partial(nursery.stop, pid)
        started = RunningSandbox({}, start, stop)
        running.append(started)
        for line in said:
            system, _, url = line.strip().partition(" ")
            assert system in SYSTEMS, f"the sandbox did not start: exit code {stop()}"
            started.urls[system] = url
        started.now()
        return started

    try:
        yield begin
    finally:
        for each in running:
            each.stop()


def _apart(arguments: Sequence[str]) -> tuple[subprocess.Popen[str], str, str]:
    """A sandbox as in life, and the two lines it says once it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sync.sandbox", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as said:
        return process, said.readline(), said.readline()


def _end(process: subprocess.Popen[str]) -> int:
    process.terminate()
    try:
        return process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(timeout=PATIENCE)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Where this process' sandboxes come from."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture
def sandbox(nursery: Nursery) -> Iterator[Callable[..., RunningSandbox]]:
    """Sandboxes for one test: `sandbox(days=2, skus=60, seed=1, orders_per_day=40, start=…)`."""
    with sandboxes(nursery) as begin:
        yield begin


@pytest.fixture(scope="session")
def lasting_sandbox(nursery: Nursery) -> Iterator[Callable[..., RunningSandbox]]:
    """Sandboxes that last as long as the tests do, for what is dear to start."""
    with sandboxes(nursery) as begin:
        yield begin
