"""What the command line prints: the figures of `cherrylane status`, answers, and tables of both."""

from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from store import reads
from store.clock import wall_now
from store.reads_status import status
from store.window import Window


def status_of(window: Window, path: Path) -> dict[str, Any]:
    """The status as a plain dict. Raises StoreError."""
    state = window.state()
    beat = reads.heartbeat(window.ask)
    as_of: datetime = beat.domain_at if beat is not None else wall_now()
    size = sum(file.stat().st_size for file in (path, path.with_name(f"{path.name}.wal")) if file.exists())
    return status(window.ask, as_of, store_bytes=size, worker=str(state.worker.value))


def show_status(screen: Console, told: dict[str, Any]) -> None:
    """The status as tables."""
    flows = Table("flow", "state", "last success", "lag (s)", "backlog", title=f"worker: {told['store']['worker']}")
    for flow in told["flows"]:
        flows.add_row(
            flow["name"],
            flow["state"],
            flow["last_success_at"] or "never",
            str(flow["lag_seconds"]),
            str(flow["backlog"]),
        )
    screen.print(flows)
    for topic in ("orders", "stock", "settlement", "store"):
        words = ", ".join(f"{name} {value}" for name, value in told[topic].items())
        screen.print(f"{topic}: {words}", highlight=False, soft_wrap=True)
    for place in told["order_places"]:
        words = ": ".join(filter(None, (place["place"].replace("_", " "), place["reason"])))
        screen.print(f"orders {words}: {place['orders']}", highlight=False, soft_wrap=True)
    for one in told["exceptions"]:
        screen.print(f"exception {one['kind']}: {one['open']} open since {one['oldest_at']}", highlight=False)


def show_resync(screen: Console, answer: dict[str, Any]) -> None:
    """The answer of a resync; of a dry run with its differences."""
    told = answer["answer"]
    _line(screen, answer["message"])
    if differences := told.get("differences"):
        names = list(differences[0])
        show_table(screen, names, [[str(row.get(name, "")) for name in names] for row in differences])
        if told["difference_count"] > len(differences):
            _line(screen, f"… and {told['difference_count'] - len(differences)} more")
    for name, count in told.get("calls", {}).items():
        _line(screen, f"would call {name}: {count}")


def show_table(screen: Console, names: list[str], rows: list[list[str]]) -> None:
    """A table whose cells may come from outside: none is taken for markup."""
    table = Table(*(Column(Text(name)) for name in names))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    screen.print(table)


def _line(screen: Console, words: str) -> None:
    screen.print(words, markup=False, highlight=False, soft_wrap=True)
