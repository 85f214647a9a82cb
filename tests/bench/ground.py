"""What the benches stand on: many orders, made from one real event by SQL, so that making them takes no time."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import httpx

from store.clock import SystemClock
from store.copies import transaction
from store.database import Database, open_database
from store.events import OrderLinePart, OrderPlaced
from store.journal import Journal, Personal, rebuild_facts
from sync.runs import House

ROOT = Path(__file__).resolve().parent.parent.parent
PLACED_AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
PERSON = json.dumps(
    {
        "ship_to": {"name": "A. Sample", "line_1": "1 Example Row", "line_2": "", "city": "Leeds", "state": "",
                    "postcode": "LS1 0AA", "country": "GB", "phone": ""},
        "bill_to": None,
        "email": "",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table a bench prints."""

    what: str
    figure: str
    ratio: str = ""
    broken: str = ""  # which bound was, as a sentence


def unless(holds: bool, sentence: str) -> str:
    """Nothing, or the sentence of the bound that is broken."""
    return "" if holds else sentence


@contextlib.contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Seconds a block took."""
    began = time.perf_counter()
    yield
    into[name] = time.perf_counter() - began


@contextlib.contextmanager
def sandbox(*arguments: str) -> Iterator[dict[str, str]]:
    """The two pretend systems as a process, at this minute unless told; the settings that point a worker there."""
    start = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:00Z")
    words = [sys.executable, "-m", "sync.sandbox", "--start", start, *arguments]
    process = subprocess.Popen(
        [*words, "--mirakl-port", "0", "--bluecherry-port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        ports = [process.stdout.readline().split()[1].rpartition(":")[2] for _ in range(2)]
        threading.Thread(target=process.stdout.read, daemon=True).start()
        printed = subprocess.run(
            [*words, "--mirakl-port", ports[0], "--bluecherry-port", ports[1], "--print-env"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        rows = (row.partition("=")[::2] for row in printed.splitlines())
        yield {name: value.strip("'") for name, value in rows}
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def advance(house: House, *, minutes: float) -> None:
    """Let time pass in the two pretend systems, and know of it at once."""
    url = f"{house.settings.clock}/_sandbox/advance"
    httpx.post(url, json={"minutes": minutes}, timeout=120).raise_for_status()
    house.clock._read_at = 0.0  # type: ignore[attr-defined]


def order(number: int, state: str = "SHIPPING", sku: str = "NMK-02417-OAT-A-REG-M") -> OrderPlaced:
    """An order of one line, numbered."""
    order_id = f"JLM{number:07d}-A"
    placed_at = PLACED_AT + timedelta(seconds=number)
    line = OrderLinePart(
        order_line_id=f"{order_id}-1", line_number=1, sku=sku, title="Lambswool crew jumper", state=state,
        quantity=1, cancelled_quantity=0, refunded_quantity=0, unit_price_amount=Decimal("45.00"),
        price_amount=Decimal("45.00"), shipping_amount=Decimal("3.95"), commission_amount=Decimal("11.75"),
        commission_vat_amount=Decimal("1.96"), cancelled_amount=Decimal(0), refunded_amount=Decimal(0),
    )  # fmt: skip
    return OrderPlaced(
        happened_at=placed_at, order_id=order_id, commercial_id=order_id[:-2], state=state, placed_at=placed_at,
        changed_at=placed_at, accepted_at=None, debited_at=placed_at,
        shipping_deadline_at=placed_at + timedelta(days=2), currency="GBP", tax_mode="TAX_INCLUDED", line_count=1,
        unit_count=1, price_amount=Decimal("45.00"), shipping_amount=Decimal("3.95"),
        total_amount=Decimal("48.95"), commission_amount=Decimal("11.75"), shipping_type="STD-UK",
        seller_reference="", has_incident=False, has_address=True, carrier_code="", tracking="",
        is_before_start=False, lines=(line,),
    )  # fmt: skip


def place(house: House, count: int, *, poison: Mapping[int, str] = MappingProxyType({})) -> list[str]:
    """Orders of one unit each in a store, paid and with an address, over twenty SKUs; `poison`: SKUs by number."""
    rows = house.ask(
        "select sku from sku_facts where problem = '' and is_active and not is_gone order by sku limit 20"
    )
    skus = [str(row[0]) for row in rows.rows()]
    moment = house.clock.now()
    orders = [
        order(number, sku=poison.get(number, skus[number % len(skus)])).model_copy(
            update={"placed_at": moment, "shipping_deadline_at": moment + timedelta(days=2)}
        )
        for number in range(count)
    ]
    house.journal.append(orders, personal=[Personal(one.order_id, moment, PERSON) for one in orders])
    return [one.order_id for one in orders]


def many_events(database: Database, count: int) -> None:
    """`count` orders as events, straight into the journal's table; nothing folded yet."""
    model = order(0).body()
    connection = database.connect()
    with transaction(connection):
        connection.execute(
            """
            insert into events
            select
                uuid(), n, 'order.placed', printf('JLM%07d-A', n), printf('JLM%07d-A', n), 'worker', null, null,
                replace($model, 'JLM0000000', printf('JLM%07d', n)),
                $placed_at + to_seconds(n), $placed_at + to_seconds(n)
            from range(1, $count + 1) as made(n)
            """,
            {"model": model, "count": count, "placed_at": PLACED_AT},
        )
    connection.close()


def open_with_orders(path: Path, count: int) -> tuple[Database, Journal]:
    """A store that has seen `count` orders."""
    database = open_database(path)
    many_events(database, count)
    rebuild_facts(database)
    return database, Journal(database, SystemClock(), shop="4107")
