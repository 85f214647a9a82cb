"""DELTA batches are read on top of everything begun before them, or wait for the next FULL one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from store.journal import check_rebuild
from sync.errors import Retriable
from sync.flows.inventory_batches import look, newest
from sync.ports import INVENTORY_COLUMNS, Code, Page, StockBatch
from sync.runs import Stopped
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW

MINUTE = timedelta(minutes=1)
BEGIN = NOW - 12 * HOUR


@dataclass
class Erp:
    """A BlueCherry whose batches may overlap: what each says is there of each SKU, and how it is read."""

    stop: Any
    all: dict[str, StockBatch] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)  # what happens the first time a batch is read

    def post(self, name: str, begun: int, ended: int | None, state: str = "COMPLETE", **on_hand: int) -> None:
        """F… is FULL, D… a DELTA; minutes after the beginning."""
        done = BEGIN + ended * MINUTE if ended is not None else None
        self.rows[name] = on_hand
        self.all[name] = StockBatch(
            batch_id=name, kind="FULL" if name.startswith("F") else "DELTA", state=state,
            as_of=BEGIN + begun * MINUTE, started_at=BEGIN + begun * MINUTE, completed_at=done,
            row_count=len(on_hand), checksum=str(sum(on_hand.values())), next_expected_at=None,
        )  # fmt: skip

    def batches(self, *, completed_from: datetime | None = None) -> Iterator[Page[StockBatch]]:
        """The newest complete one; or those changed since, as BlueCherry filters them."""
        shown = list(self.all.values())
        if completed_from is None:
            shown = [max((one for one in shown if one.state == "COMPLETE"), key=lambda one: one.as_of)]
        else:
            shown = [one for one in shown if (one.completed_at or one.as_of) >= completed_from]
        yield Page(tuple(shown), None)

    def inventory(self, name: str) -> Iterator[tuple[pl.DataFrame, None]]:
        trouble = self.once.pop(name, "")
        if trouble == "is down":
            raise Retriable("BlueCherry does not answer")
        if trouble == "we are stopped":
            self.stop.set()
        on_hand = self.rows[name]
        if trouble == "half of it comes":
            on_hand = dict(list(on_hand.items())[1:])
        told = pl.DataFrame(
            [
                {"sku_key": key, "location": "WH1", "lot": "N", "on_hand": units, "allocated": 0, "picked": 0}
                for key, units in on_hand.items()
            ]
        )
        blank = {one: pl.lit(None) for one in INVENTORY_COLUMNS if one not in told.columns}
        yield (
            told.with_columns(**blank).select(pl.col(one).cast(kind) for one, kind in INVENTORY_COLUMNS.items()),
            None,
        )

    def locations(self) -> tuple[Code, ...]:
        return (Code("WH1", "WH1", {}),)


@dataclass
class House:
    shop: Shop
    erp: Erp

    def look(self, minute: int, *, is_asked: bool = False) -> str:
        """Look at that minute, of itself or when asked; the newest batch read then."""
        self.shop.told.clock.moment = BEGIN + minute * MINUTE
        try:
            look(self.shop.run, is_asked=is_asked)
        except (Retriable, Stopped):
            self.erp.stop.clear()
        found = newest(self.shop.run)
        return found.batch_id if found else ""

    @property
    def stock(self) -> dict[str, int]:
        return {
            row["sku_key"]: row["on_hand"] for row in self.shop.rows("select sku_key, on_hand from stock_facts")
        }


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    shop = Shop(tmp_path / "store.duckdb", settings_of())
    erp = Erp(stop=shop.run.house.stopping)
    shop.run.house.erp = cast("Any", erp)
    erp.post("F0", 0, 5, SHIRT=10, COAT=10)
    found = House(shop, erp)
    assert found.look(6) == "F0"
    yield found
    shop.told.close()


@pytest.mark.parametrize("trouble", ["is down", "half of it comes", "we are stopped"])
def test_a_delta_that_ended_before_the_full_batch_it_follows_is_read_though_its_first_reading_fails(
    house: House, trouble: str
) -> None:
    """F1 takes forty minutes; D2 was begun within and ended long before it, and says that the shirt is sold out."""
    house.erp.post("F1", 60, 100, SHIRT=10, COAT=10)
    house.erp.post("D2", 65, 66, SHIRT=0)
    house.erp.post("D3", 70, 71, COAT=3)
    house.erp.once["D2"] = trouble
    first = house.look(101)
    soon = house.look(102)
    later = house.look(110)

    assert (first, later) == ("F1", "D3")
    assert soon == ("F1" if trouble == "half of it comes" else "D3")
    assert house.stock == {"SHIRT": 0, "COAT": 3}


def test_one_that_was_rejected_again_and_again_waits_longer_each_time_unless_a_person_asks(house: House) -> None:
    house.erp.post("D1", 60, 61, SHIRT=0)
    for minute in (62, 72, 90):  # each time half of it comes
        house.erp.once["D1"] = "half of it comes"
        house.look(minute)
    counted = house.shop.rows("select rejected_count from batch_reading_facts where batch_id = 'D1'")
    soon = house.look(100)
    asked = house.look(101, is_asked=True)

    assert counted == [{"rejected_count": 3}]
    assert (soon, asked) == ("F0", "D1")
    assert check_rebuild(house.shop.told.database) == {}


def test_a_delta_that_is_shown_no_more_is_not_read_over(house: House) -> None:
    house.erp.post("F1", 60, 100, SHIRT=10, COAT=10)
    house.erp.post("D2", 65, 66, SHIRT=0)
    house.erp.post("D3", 70, 71, COAT=3)
    house.erp.once["D2"] = "is down"
    house.look(101)
    del house.erp.all["D2"]
    without = house.look(110)
    house.erp.post("F4", 120, 121, SHIRT=0, COAT=12)

    assert without == "F1"
    assert house.look(122) == "F4"
    assert house.stock == {"SHIRT": 0, "COAT": 12}


def test_deltas_after_a_failed_one_wait_for_the_next_full_batch(house: House) -> None:
    house.erp.post("D1", 60, 61, SHIRT=9)
    house.erp.post("D2", 65, None, "FAILED")
    house.erp.post("D3", 70, 71, COAT=3)
    behind = house.look(101)
    house.erp.post("F4", 400, 420, SHIRT=0, COAT=12)
    house.erp.post("D5", 430, 431, COAT=11)

    assert behind == "D1"
    assert house.look(431) == "D5"
    assert house.stock == {"SHIRT": 0, "COAT": 11}


@pytest.mark.parametrize("hours", [1, 7, 30])
def test_one_that_hangs_is_read_in_its_place_when_it_completes(house: House, hours: int) -> None:
    house.erp.post("D2", 65, None, "RUNNING")
    house.erp.post("D3", 70, 71, SHIRT=7, COAT=3)
    before = [house.look(minute) for minute in (72, 65 + 60 * hours)]
    house.erp.post("D2", 65, 66 + 60 * hours, SHIRT=0)

    assert before == ["F0", "F0"]
    assert house.look(67 + 60 * hours) == "D3"
    assert house.stock == {"SHIRT": 7, "COAT": 3}


def test_one_that_hung_and_was_overtaken_by_a_full_batch_is_never_read(house: House) -> None:
    house.erp.post("D2", 65, None, "RUNNING")
    house.erp.post("F3", 120, 121, SHIRT=7, COAT=9)
    overtaken = house.look(122)
    house.erp.post("D2", 65, 700, SHIRT=0)
    house.erp.post("D4", 690, 691, COAT=8)

    assert overtaken == "F3"
    assert house.look(701) == "D4"
    assert house.stock == {"SHIRT": 7, "COAT": 8}
