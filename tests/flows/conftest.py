"""A whole house without its lanes: real clients, a real store, a real sandbox."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from store.database import open_database
from store.journal import check_rebuild
from sync.assembly import Assembled, assemble
from sync.lanes import FLOWS, once
from sync.runs import EVERYTHING, Run, Scope
from sync.settings import Settings
from tests.empty import lay_empty_store
from tests.flows.shop import Shop, Stall, settings_of


class Sandbox(Protocol):
    """What these tests use of tests/conftest.py's running sandbox."""

    environment: dict[str, str]

    def advance(self, minutes: float) -> dict[str, Any]: ...
    def faults(self, **settings: Any) -> dict[str, Any]: ...
    def scenario(self, name: str) -> dict[str, Any]: ...
    def state(self, system: str) -> dict[str, Any]: ...


class Bench:
    """A house on a bench: its flows are run by hand and the world is moved by hand."""

    def __init__(self, sandbox: Sandbox, assembled: Assembled) -> None:
        self.sandbox = sandbox
        self.assembled = assembled
        self.house = assembled.house

    def run(self, flow: str, scope: Scope = EVERYTHING) -> Run:
        return once(self.house, flow, scope)

    def run_all(self, *flows: str) -> dict[str, Run]:
        return {flow: self.run(flow) for flow in flows or FLOWS}

    def advance(self, minutes: float) -> None:
        """Move the world; the worker's clock is read again at once."""
        self.sandbox.advance(minutes)
        self.house.clock._read_at = 0.0  # type: ignore[attr-defined]  # a sandbox's clock, read again at once

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        return self.house.ask(sql, values).to_dicts()

    def value(self, sql: str, **values: object) -> Any:
        return next(iter(self.rows(sql, **values)[0].values()))

    def rebuild_differences(self) -> dict[str, int]:
        return check_rebuild(self.assembled.database)


@contextlib.contextmanager
def benches(sandbox: Callable[..., Any], folder: Path) -> Iterator[Callable[..., Bench]]:
    """Start houses: `begin(days=2, orders_per_day=40, …)`; the settings of the last stand in the environment."""
    opened: list[Bench] = []

    def begin(*, settings: dict[str, object] | None = None, begun: bool = True, **world: Any) -> Bench:
        running = sandbox(**world)
        for name in [name for name in os.environ if name.startswith("CHERRYLANE_")]:
            environment.delenv(name)
        for name, value in running.environment.items():
            environment.setenv(name, value)
        environment.setenv("CHERRYLANE_STORE", str(folder / f"store-{len(opened)}.duckdb"))
        environment.setenv("CHERRYLANE_ERP_REQUESTS_PER_MINUTE", "6000")  # the pace has tests of its own
        for name, value in (settings or {}).items():
            environment.setenv(f"CHERRYLANE_{name.upper()}", value if isinstance(value, str) else json.dumps(value))
        given = Settings(_env_file=None)
        lay_empty_store(given.store)
        made = Bench(running, assemble(given, open_store=partial(open_database, serves=False)))
        opened.append(made)
        if begun:
            assert made.run("start").state == "succeeded"
        return made

    with pytest.MonkeyPatch.context() as environment:
        yield begin
        for each in opened:
            each.assembled.close()


@pytest.fixture
def bench(tmp_path: Path, sandbox: Callable[..., Any]) -> Iterator[Callable[..., Bench]]:
    """`bench(days=2, orders_per_day=40, …)`: a started house on a sandbox of that kind."""
    with benches(sandbox, tmp_path) as begin:
        yield begin


@pytest.fixture(scope="module")
def lasting_bench(
    tmp_path_factory: pytest.TempPathFactory, lasting_sandbox: Callable[..., Any]
) -> Iterator[Callable[..., Bench]]:
    """The same, for tests of one file that change nothing in it."""
    with benches(lasting_sandbox, tmp_path_factory.mktemp("bench")) as begin:
        yield begin


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with one store for all tests of a room: opening one takes longer than all of them."""
    opened = Shop(tmp_path_factory.mktemp("counter") / "store.duckdb", settings_of())
    yield opened
    opened.told.close()


@pytest.fixture
def stall(counter: Shop) -> Stall:
    return Stall(counter)
