"""How fast orders reach BlueCherry with everything written down, against a bare loop making the same calls."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from sync.assembly import Assembled, assemble
from sync.flows import orders as orders_flow
from sync.lanes import once
from sync.rules.orders import decide
from sync.runs import EVERYTHING, running
from sync.settings import Settings
from tests.bench.ground import Row, advance, place, sandbox, unless

_Made = tuple[float, int]  # seconds, and how many

LEAST_A_SECOND = 1_000 / 60
# How many orders, how many calls at once: what the settings say unless told; and what a generous gateway may allow.
BACKLOGS = ((5_000, 2), (10_000, 2), (5_000, 8))


def measure(folder: Path) -> list[Row]:
    """The bare loop and the worker, each on a world of its own, one after the other."""
    return [row for count, at_once in BACKLOGS for row in _measure(folder, count, at_once)]


def _measure(folder: Path, count: int, at_once: int) -> tuple[Row, Row, Row]:
    ((bare, taken),) = _on_a_sandbox(folder / f"bare{count}-{at_once}.duckdb", count, at_once, _bare_loop)
    worker = _on_a_sandbox(folder / f"ours{count}-{at_once}.duckdb", count, at_once, _worker, _read_back)
    (ours, created), (took, calls) = worker
    least = max(taken / bare / 2, LEAST_A_SECOND)
    how = f"orders to BlueCherry, its call budget lifted, {at_once} at once"
    return (
        Row(f"bare loop, {taken:,} {how}", f"{taken / bare * 60:,.0f} a minute"),
        Row(
            f"the worker, {created:,} {how}",
            f"{created / ours * 60:,.0f} a minute",
            f"{(created / ours) / (taken / bare):.2f} of the bare loop's rate",
            unless(
                created / ours >= least,
                f"{created:,} orders, {at_once} at once, go slower than {least * 60:,.0f} a minute.",
            ),
        ),
        Row(
            f"read back by change date once they show, {created:,} sales orders in {calls:,} calls",
            f"{created / took * 60:,.0f} a minute",
            f"{took / ours:.2f} of the time it took to create them",
        ),
    )


def _on_a_sandbox(store: Path, count: int, at_once: int, *work: Callable[[Assembled], _Made]) -> list[_Made]:
    with sandbox("--days", "0.2", "--skus", "60", "--still") as settings:
        settings |= {"CHERRYLANE_STORE": str(store), "CHERRYLANE_ERP_CONCURRENCY": str(at_once)}
        settings |= {"CHERRYLANE_ERP_REQUESTS_PER_MINUTE": "1000000"}
        os.environ.update(settings)
        assembled = assemble(Settings(_env_file=None))
        try:
            for flow in ("start", "catalogue"):
                assert once(assembled.house, flow).state == "succeeded"
            place(assembled.house, count)
            return [step(assembled) for step in work]
        finally:
            assembled.close()


def _worker(assembled: Assembled) -> tuple[float, int]:
    began = time.perf_counter()
    with running(assembled.house, "orders") as run:
        decision = decide(orders_flow.known(run))
        orders_flow.act(run, decision)
    return time.perf_counter() - began, run.counts["created"]


def _read_back(assembled: Assembled) -> tuple[float, int]:
    """The look at BlueCherry that shows what was created, once it can; seconds, and the calls it took."""
    house = assembled.house
    advance(house, minutes=(house.settings.erp_visibility_minutes or 0) + 1)
    began = time.perf_counter()
    with running(house, "orders") as run:
        orders_flow._look_at_erp(run, EVERYTHING)
    took = time.perf_counter() - began

    hidden = house.ask(
        "select count(*) from intent_facts as sent where sent.intent_kind = 'create_sales_order'"
        " and not exists (from sales_order_facts as seen where seen.ord_num = sent.reference)"
    ).item()
    assert hidden == 0, f"{hidden} sales orders were created and not read back"
    return took, run.calls["salesOrder"]


def _bare_loop(assembled: Assembled) -> tuple[float, int]:
    """The same documents, posted with nothing but httpx."""

    erp: Any = assembled.house.erp  # its words are its own, and the bare loop is to send the same
    with running(assembled.house, "orders") as run:
        decision = decide(orders_flow.known(run))
        documents = orders_flow.drafted(run, decision.create).values()
    bodies = [erp._words.document(document, "MKT") for document in documents]
    settings = assembled.house.settings
    headers = {"Ocp-Apim-Subscription-Key": settings.erp_key.get_secret_value()}
    with httpx.Client(base_url=settings.erp_url, headers=headers, timeout=60) as client:

        def post(body: dict[str, Any]) -> int:
            return client.post("/api/salesOrder", json=[body]).status_code

        began = time.perf_counter()
        with ThreadPoolExecutor(settings.erp_concurrency) as crew:
            codes: Sequence[int] = list(crew.map(post, bodies))
        took = time.perf_counter() - began

    assert set(codes) <= {200, 201}, f"BlueCherry refused: {set(codes)}"
    return took, len(codes)
