"""The guard, as DuckDB runs it before each statement: one reading question, or one command, and nothing else."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import duckdb
import polars as pl
import pytest

from store.database import FACTS, SQL, VIEWS, sections
from store.folding import table_of
from store.guard import GUARD, guard_sql
from store.literals import fill
from store.reads_risk import (
    risk_grid,
    sales_rate,
    sku_demand_events,
    stock_risk,
    stock_window,
    trading_hours,
)  # fmt: skip
from store.reads_stock import Goods
from tests.store.statements import ALLOWED, REFUSED
from tests.told import NOW

TABLES = re.findall(r"create table if not exists (\w+)", (SQL / "tables.sql").read_text())
AGED = [view for view in VIEWS if "create or replace macro" in (SQL / f"{view}.sql").read_text()]


Guard = Callable[[str], Any]


def guard_of(connection: duckdb.DuckDBPyConnection, read_models: Iterable[str]) -> Guard:
    connection.execute(guard_sql(read_models))

    def may_run(statement: str) -> Any:
        return connection.execute(f"select {GUARD}('session', $s)", {"s": statement}).fetchall()[0][0]

    return may_run


@pytest.fixture(scope="module")
def guard() -> Iterator[Guard]:
    """The guard of a store with two read models."""
    with duckdb.connect() as connection:
        yield guard_of(connection, ["aged", "orders"])


@pytest.fixture(scope="module")
def every_model() -> Iterator[Guard]:
    """The guard of the real store."""
    with duckdb.connect() as connection:
        yield guard_of(connection, AGED)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_guard_refuses(guard: Guard, statement: str) -> None:
    assert guard(statement) is False


@pytest.mark.parametrize("statement", ALLOWED)
def test_the_guard_lets_in(guard: Guard, statement: str) -> None:
    assert guard(statement) is True


@pytest.mark.parametrize("name", [*VIEWS, *(table_of(sections(fact)) for fact in FACTS), *TABLES])
def test_everything_of_ours_may_be_read(every_model: Guard, name: str) -> None:
    of_the_moment = "(timestamptz '2026-11-24 09:00:00+00')" if name in AGED else ""

    assert every_model(f"from {name}{of_the_moment}") is True


def test_the_oversell_risk_may_be_asked_for_over_the_wire(every_model: Guard) -> None:
    asked: list[str] = []

    def ask(sql: str, values: Mapping[str, object] | None = None) -> pl.DataFrame:
        asked.append(fill(sql, values or {}))
        return pl.DataFrame({"sku": ["NMK-04117-WHT-A--M"]})

    stock_risk(ask, NOW, only_at_risk=True, goods=Goods(division="NMK", warehouse="WH1"))
    stock_window(ask, NOW)
    risk_grid(ask, "NMK-04117-WHT-A--M")
    sales_rate(ask, NOW, "NMK-04117-WHT-A--M")
    sku_demand_events(ask, NOW, "NMK-04117-WHT-A--M")
    trading_hours(ask)

    assert [every_model(statement) for statement in asked] == [True] * 7
