"""Frames under a name SQL knows. Making a name known costs as much as a small statement: a slot does it once."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

# More than these are no longer looked up in the index but in the whole table.
_AT_ONCE = 1000
TEXT, MOMENT = pa.string(), pa.timestamp("us", "UTC")


class Slot:
    """A named table without rows that a connection knows for good; it holds rows for as long as it is asked to."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, Any]) -> None:
        self._columns = pa.schema(columns)
        self._table = self._empty = self._made(())
        connection.register(name, self)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """DuckDB asks at each statement what there is now (the Arrow PyCapsule interface)."""
        return self._table.__arrow_c_stream__(requested_schema)

    @contextlib.contextmanager
    def holding(self, rows: Iterable[tuple[object, ...]]) -> Iterator[None]:
        """Let SQL see these rows, for a while."""
        self._table = self._made(rows)
        try:
            yield
        finally:
            self._table = self._empty

    def _made(self, rows: Iterable[tuple[object, ...]]) -> Any:
        columns = list(zip(*rows, strict=True)) or [()] * len(self._columns)
        return pa.Table.from_arrays(
            [pa.array(values, field.type) for values, field in zip(columns, self._columns, strict=True)],
            schema=self._columns,
        )


@contextlib.contextmanager
def registered(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> Iterator[None]:
    """Let SQL see a large frame of any shape under a name, for a while."""
    connection.register(name, frame.to_arrow())
    try:
        yield
    finally:
        connection.unregister(name)


def found(connection: duckdb.DuckDBPyConnection, select: str, keys: Sequence[object]) -> list[tuple[Any, ...]]:
    """Rows of `select … where key in` for these keys, by the table's index; `on conflict` reads the whole table."""
    rows = []
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        rows += connection.execute(f"{select} ({', '.join('?' * len(some))})", some).fetchall()
    return rows
