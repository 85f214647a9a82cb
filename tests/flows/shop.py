"""A store with offers and what the inventory makes of it; neither outside system is asked."""

import os
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import polars as pl
import pytest

from store.database import local_ask
from sync.flows.inventory_basis import Basis
from sync.flows.inventory_board import board
from sync.rules.aging import CAREFREE, AgeLimits
from sync.rules.batches import Newest
from sync.rules.timetable import Due
from sync.runs import House, Notebook, Run
from sync.settings import Settings
from tests.told import DAY, HOUR, NOW, Told

T_B = NOW - 2 * HOUR
SKEW = timedelta(seconds=120)
BASIS = Basis(
    batch=Newest("B1", T_B, T_B + HOUR / 3), warehouses=frozenset({"WH1"}), has_open_orders=True, caution=CAREFREE,
    due=Due(None, ""), limits=AgeLimits(12 * HOUR, 24 * HOUR),
)  # fmt: skip
QUICK, SLOW = "NMK-04117-WHT-A--M", "NMK-04117-WHT-A--L"
WAREHOUSE = "WH1"
NEWEST_NUMBER = 18  # three days of batches
NEWEST_ID = f"B{NEWEST_NUMBER}"
BASE = 10
NEWEST = replace(BASIS, batch=replace(BASIS.batch, batch_id=NEWEST_ID), due=Due(T_B + 4 * HOUR, "erp"))
# Nobody is asked: only the settings must be whole.
_NEEDED = {
    "MARKETPLACE_URL": "https://marketplace.example", "MARKETPLACE_KEY": "none", "MARKETPLACE_SHOP_ID": "4107",
    "ERP_URL": "https://erp.example", "ERP_KEY": "none", "ERP_TIMEZONE": "Europe/London",
}  # fmt: skip


def settings_of(**given: Any) -> Settings:
    """Settings with nothing of this machine's environment in them."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("CHERRYLANE_")]:
            environment.delenv(name)
        for name, value in _NEEDED.items():
            environment.setenv(f"CHERRYLANE_{name}", value)
        return Settings(_env_file=None, **given)


class Shop:
    """One store, and the board drawn from it."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.told = Told(path)
        house = House(
            settings=settings,
            clock=self.told.clock,
            journal=self.told.journal,
            ask=local_ask(self.told.database),
            marketplace=cast("Any", None),
            erp=cast("Any", None),
            notebook=Notebook(),
            start_on=NOW,
            stopping=threading.Event(),
        )
        self.run = Run(house, "inventory", uuid4(), NOW)
        self.stalls = 0

    def board(self) -> pl.DataFrame:
        return board(self.run, BASIS, until=T_B + 5 * HOUR)

    def rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        return self.run.rows(sql, values)


class Stall:
    """One SKU of the shop, of one test alone: its orders are called JL-1 … and its sales orders SO-1 …"""

    def __init__(self, shop: Shop) -> None:
        shop.stalls += 1
        self.shop, self.told = shop, shop.told
        self.name = f"T{shop.stalls}"
        self.sku = f"NMK-{self.name}-WHT-A--M"
        self.told.skus(self.sku)
        self.told.offers({self.sku: 10})

    def order(self, order_id: str, **more: Any) -> None:
        self.told.order(self._own(order_id), skus=(self.sku,), **more)

    def sales_order(self, ord_num: str, order_id: str, **more: Any) -> None:
        self.told.sales_order(self._own(ord_num), self._own(order_id), skus=(self.sku,), **more)

    def creating(self, order_id: str, state: str, *, ord_num: str = "", **more: Any) -> None:
        """We set out to create its sales order."""
        order_id, ord_num = self._own(order_id), ord_num and self._own(ord_num)
        self.told.intent(
            "create_sales_order", f"{order_id}|NMK|WH1", state, order_id=order_id, reference=ord_num, **more
        )

    def publish(self, quantity: int, **more: Any) -> None:
        self.told.publish({self.sku: quantity}, name=self.name, **more)

    def differs(self, shown: int, *, least: int, most: int, read_count: int, at: datetime) -> None:
        """A reading compared with what should stand there."""
        self.told.compared({self.sku: shown}, least=least, most=most, read_count=read_count, at=at)

    def row(self) -> dict[str, Any]:
        return self.shop.board().row(by_predicate=pl.col("sku") == self.sku, named=True)

    @property
    def inflight(self) -> int:
        return int(self.row()["inflight"])

    def _own(self, name: str) -> str:
        return f"{self.name}-{name}"


def complete_at(number: int) -> datetime:
    """When batch `number` of the trade was complete, and read."""
    return T_B - (NEWEST_NUMBER - number) * 4 * HOUR + HOUR / 3


def trade(shop: Shop) -> None:
    """QUICK sells six a day here, for two weeks, and more elsewhere, for three days; SLOW hardly sells."""
    told = shop.told
    with told.in_one_go():
        told.skus(QUICK, SLOW)
        for number in range(84):
            told.order(f"JL-{number}", skus=(QUICK,), placed=NOW - 14 * DAY + number * 4 * HOUR, state="CLOSED")
            told.sales_order(f"SO-{number}", f"JL-{number}", entered=NOW - 14 * DAY + number * 4 * HOUR)
        told.order("JL-SLOW", skus=(SLOW,), placed=NOW - 9 * DAY, state="CLOSED")
        told.sales_order("SO-SLOW", "JL-SLOW", skus=(SLOW,), entered=NOW - 9 * DAY)
        for number in range(NEWEST_NUMBER + 1):  # every four hours four go, of which one is ours
            before = NEWEST_NUMBER - number
            told.batch(
                f"B{number}",
                {(QUICK, WAREHOUSE): {"on_hand": BASE + 4 * before}, (SLOW, WAREHOUSE): {"on_hand": 40}},
                at=T_B - before * 4 * HOUR,
                read=complete_at(number),
            )
        told.offers({QUICK: BASE, SLOW: 40})
        told.mapping("warehouse", "NMK", WAREHOUSE)
    told.journal.append(bookmarks={"orders.changed": NOW.isoformat()})
