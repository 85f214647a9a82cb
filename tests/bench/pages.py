"""How long the pages' questions take over 100,000 orders while the worker writes, against a quiet store."""

import statistics
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from store import reads
from store.journal import Journal
from store.server import serve, token_for
from store.window import Window
from tests.bench.ground import PLACED_AT, Row, open_with_orders, order

ORDERS = 100_000
ROUNDS = 15
AS_OF = PLACED_AT + timedelta(days=3)


def measure(folder: Path) -> list[Row]:
    """One run."""
    path = folder / "pages.duckdb"
    database, journal = open_with_orders(path, ORDERS)
    server = serve(database, token=token_for(path))
    window = Window(path)
    questions: dict[str, Callable[[], Any]] = {
        "Today": lambda: reads.today(window.ask, AS_OF),
        "Orders": lambda: reads.orders(window.ask, AS_OF),
        "Order": lambda: reads.order(window.ask, AS_OF, "JLM0050000-A"),
        "Time line": lambda: reads.order_timeline(window.ask, "JLM0050000-A"),
        "Dispatch": lambda: reads.dispatch(window.ask, AS_OF),
        "Exceptions": lambda: reads.causes(window.ask, AS_OF),
    }
    try:
        quiet = {name: _median(question) for name, question in questions.items()}
        stop = threading.Event()
        writer = threading.Thread(target=_write, args=(journal, stop))
        writer.start()
        busy = {name: _median(question) for name, question in questions.items()}
        stop.set()
        writer.join()
    finally:
        server.close()
        journal.close()
        database.close()
    return [
        Row(
            f"{name} over {ORDERS:,} orders while writing",
            f"{busy[name] * 1000:.0f} ms",
            f"{busy[name] / quiet[name]:.1f} times the quiet store",
        )
        for name in questions
    ]


def _median(question: Callable[[], Any]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        question()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _write(journal: Journal, stop: threading.Event) -> None:
    number = 10_000_000
    while not stop.is_set():
        journal.append([order(number + step) for step in range(50)])
        number += 50
        stop.wait(0.2)
