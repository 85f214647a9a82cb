"""What the screens' tests share: an ordinary day told to a store, and a screen drawn and read without a browser."""

import shutil
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from streamlit.testing.v1 import AppTest

from store import events
from tests.told import DAY, HOUR, NOW, SHIRT, Told, thing

ROOT = Path(__file__).resolve().parents[2]
ORDER = "JL1-A"
READING = '{"orders": "reading"}'
_KEPT = TemporaryDirectory(prefix="days-")
TEST = thing("back-test")
# Every screen that reads the store, and what it is asked for in its address.
SCREENS = (
    "today", "exceptions", "orders", "order", "inventory", "sku", "dispatch", "settlement", "runs", "mappings",
    "back_test",
)  # fmt: skip
ASKED = {"order": {"order_id": ORDER}, "sku": {"sku": SHIRT}}
# Holds a store and says nothing, as a worker that is starting or stuck.
SILENT = """
import sys
from pathlib import Path
from store.database import open_database
with open_database(Path(sys.argv[1]), serves=False):
    print("ready", flush=True)
    sys.stdin.read()
"""


def ordinary_day(told: Told) -> None:
    """One order has shipped by a carrier nobody mapped, one waits to be picked; stock and money are well."""
    with told.in_one_go():
        told.skus(SHIRT)
        told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 9}})
        told.mapping("warehouse", "NMK", "WH1")
        told.publish({SHIRT: 7})
        told.offers({SHIRT: 7})
        told.order(ORDER, snapshot_id=told.snapshot("orders", body='{"orders": [{"order_id": "JL1-A"}]}'))
        told.sales_order("SO-1", ORDER, shipped=1)
        told.shipment("S1", ORDER, ship_via="DPX")
        told.shipment_held("S1", ORDER, "unmapped_carrier", "DPX")
        told.order("JL2-A", placed=NOW - 3 * HOUR, deadline=NOW + 9 * HOUR)
        told.sales_order("SO-2", "JL2-A")
        told.wrong(
            "unmapped_carrier", "S1/C1", cause="DPX", order_id=ORDER, amount="42.50", deadline=NOW + 2 * HOUR
        )
        back_test(told)
        told.transactions({"amount": "39.00", "order_id": ORDER, "order_line_id": "JL1-A-1", "cycle_id": "c1"})
        told.payout("c1", "39.00")
        told.invoice("INV-1", ORDER, "42.50")
        told.runs_of_all()
    told.beat(doing=READING)


@cache
def _ordinary_day() -> Path:
    path = Path(_KEPT.name) / "ordinary.duckdb"
    story = Told(path)
    ordinary_day(story)
    story.close()
    return path


def lay_ordinary_day(path: Path) -> None:
    """Put a store here that was told of an ordinary day: told once, and copied."""
    shutil.copyfile(_ordinary_day(), path)


def back_test(told: Told, test_id: UUID = TEST, *, lost: str = "120.00", hours: int = 1) -> None:
    """Six weeks were replayed as things are, and with ten percent held back: that sold more and oversold twice."""
    week = NOW.date() - timedelta(days=43)
    weeks = [
        events.TrialWeekPart(
            side=side, week_on=week, window_count=42, listed_units=4200, wanted_units=100, sold_units=100 - lost,
            lost_units=lost, oversells=oversold, oversold_units=oversold, lost_amount=Decimal(lost_amount),
            oversold_amount=Decimal(60 * oversold),
        )
        for side, lost, oversold, lost_amount in (("a", 30, 0, "360.00"), ("b", 10, 2, lost))
    ]  # fmt: skip
    told.tell(
        events.BackTestFinished(
            happened_at=NOW - hours * HOUR, actor="Ops", test_id=test_id, from_on=week,
            until_on=week + timedelta(days=42), first_at=NOW - 43 * DAY, last_at=NOW - 2 * DAY, window_count=250,
            offer_count=392, left_out_count=634, currency="GBP",
            trials=(
                events.TrialPart(side="a", policy="as it is now", brier_score=0.00021, is_beyond=False),
                events.TrialPart(side="b", policy="10 %", brier_score=0.0009, is_beyond=True),
            ),
            weeks=tuple(weeks),
            tenths=(
                events.TrialTenthPart(
                    side="b", tenth=0, case_count=2000, predicted=0.2, happened=2, squares=1.8
                ),
            ),
        )
    )  # fmt: skip


def quiet_day(told: Told) -> None:
    """Everything has run and nothing is wrong."""
    with told.in_one_go():
        told.order("JL3-A", placed=NOW - 3 * DAY, state="RECEIVED")
        told.runs_of_all()
    told.beat()


def show(name: str, *, query: dict[str, str] | None = None, person: str = "") -> AppTest:
    """A screen on its own, drawn once."""
    page = AppTest.from_string(f"from dashboard.screens import {name}\n{name}.show()\n", default_timeout=60)
    asked = ASKED.get(name, {}) if query is None else query
    for key, value in asked.items():
        page.query_params[key] = value
    if person:
        page.session_state["person"] = person
    return page.run()


def words(page: AppTest) -> str:
    """All text on the page but what stands in tables."""
    parts = [*page.title, *page.subheader, *page.markdown, *page.caption]
    parts += [*page.error, *page.warning, *page.success, *page.info]
    numbers = [f"{one.label} {one.value} {one.delta}" for one in page.metric]
    return "\n".join([*(str(part.value) for part in parts), *numbers, *(box.label for box in page.expander)])


def cells(page: AppTest) -> str:
    """All text in tables."""
    return "\n".join(
        str(cell) for table in page.dataframe for row in table.value.to_dict("records") for cell in row.values()
    )


def is_green(page: AppTest) -> bool:
    """Whether anything on it says that all is well."""
    return bool(page.success) or ":green" in words(page)


def senders(page: AppTest) -> list[tuple[str, bool, str]]:
    """The buttons that send commands: label, whether disabled, and the reason."""
    return [
        (button.label, button.disabled, button.help) for button in page.button if str(button.key).startswith("ask-")
    ]


def hold(store: Path) -> "subprocess.Popen[bytes]":
    """A process that holds the store and does not answer."""
    process = subprocess.Popen(
        [sys.executable, "-c", SILENT, str(store)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process
