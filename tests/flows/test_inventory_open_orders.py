"""Where BlueCherry allocates order by order: what open orders want is taken off once, by its batches or by ours.

Three of a shirt were sold and are open in BlueCherry since before the FULL batch; ten are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from store.journal import check_rebuild
from sync.flows.inventory_basis import basis
from sync.flows.inventory_batches import look, newest
from sync.flows.inventory_board import board
from tests.flows.posting import Erp, by_sku
from tests.flows.shop import Shop, settings_of
from tests.rules.test_size_buckets import row, wide
from tests.told import HOUR, NOW, key_of

SHIRT, SCARF = "NMK-04117-WHT-A-R-M", "NMK-09999-WHT-A-R-M"


@dataclass
class House:
    shop: Shop
    erp: Erp

    def free(self) -> int:
        """Look, and how many shirts are there for new orders."""
        look(self.shop.run)
        batch = newest(self.shop.run)
        assert batch is not None
        rows = board(self.shop.run, basis(self.shop.run, batch), until=NOW)
        shirt = rows.row(by_predicate=pl.col("sku") == SHIRT, named=True)
        return int(shirt["supply"] - shirt["inflight"])

    def odd(self) -> list[str]:
        rows = self.shop.rows("select subject from conditions($at) where kind = 'batch_doubtful'", at=NOW)
        return [row["subject"] for row in rows]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    shop = Shop(tmp_path / "store.duckdb", settings_of(batch_deducts_open_orders=False, warehouses=["WH1"]))
    shop.told.skus(SHIRT, SCARF, size_bucket=2)
    shop.told.offers({SHIRT: 5, SCARF: 5})
    for number in range(3):
        shop.told.order(f"JL{number}", skus=(SHIRT,), placed=NOW - 15 * HOUR)
        shop.told.sales_order(f"SO{number}", f"JL{number}", skus=(SHIRT,), entered=NOW - 14 * HOUR)
    erp = Erp()
    shop.run.house.erp = cast("Any", erp)
    yield House(shop, erp)
    shop.told.close()


def sku_row(sku: str, on_hand: int, **told: int) -> dict[str, Any]:
    return {"sku_key": key_of(sku), "on_hand": on_hand, "allocated": 0, "picked": 0, **told}


SILENT = wide(row("R1", {2: 10}), row("R1", {2: 4}, style="09999"))


@pytest.mark.parametrize(
    ("full", "delta"),
    [
        (by_sku(sku_row(SHIRT, 10), sku_row(SCARF, 4, open_orders=0)), by_sku(sku_row(SCARF, 6, open_orders=0))),
        (SILENT, wide(row("R1", {2: 6}, style="09999"), row("OP", {2: 0}, style="09999"))),
    ],
    ids=["SKU by SKU", "by size bucket"],
)
def test_a_delta_that_says_what_open_orders_want_of_its_skus_says_it_of_no_others(
    house: House, full: pl.DataFrame, delta: pl.DataFrame
) -> None:
    house.erp.post("F1", 60, full)
    before = house.free()
    house.erp.post("D2", 120, delta)

    assert (before, house.free()) == (7, 7)


def test_a_delta_that_is_silent_of_one_sku_takes_nothing_off_twice_of_others(house: House) -> None:
    house.erp.post("F1", 60, by_sku(sku_row(SHIRT, 10, open_orders=3), sku_row(SCARF, 4, open_orders=0)))
    before = house.free()
    house.erp.post("D2", 120, by_sku(sku_row(SCARF, 6)))
    silent_of_the_scarf = house.free()
    house.erp.post("D3", 180, by_sku(sku_row(SHIRT, 10)))

    assert (before, silent_of_the_scarf, house.free()) == (7, 7, 7)
    assert check_rebuild(house.shop.told.database) == {}


def test_a_delta_that_says_it_of_a_sku_ends_that_for_the_sku(house: House) -> None:
    house.erp.post("F1", 60, SILENT)
    before = house.free()
    house.erp.post("D2", 120, by_sku(sku_row(SHIRT, 10, open_orders=3)))

    assert (before, house.free()) == (7, 7)


def test_a_full_batch_that_says_it_ends_that(house: House) -> None:
    house.erp.post("F1", 60, SILENT)
    house.free()
    house.erp.post("D2", 120, wide(row("R1", {2: 6}, style="09999"), row("OP", {2: 0}, style="09999")))
    house.free()
    house.erp.post("F3", 180, wide(row("R1", {2: 10}), row("OP", {2: 3}), row("R1", {2: 4}, style="09999")))

    assert (house.free(), house.odd()) == (7, [])
    assert house.shop.rows("select deducts_open_orders from stock_terms_facts") == [{"deducts_open_orders": True}]


def test_a_delta_of_size_buckets_of_goods_nobody_ordered_takes_no_order_off_twice(house: House) -> None:
    """It leaves out the kinds of which there is nothing: a kind left out is none."""
    house.erp.post("F1", 60, wide(row("R1", {2: 10}), row("OP", {2: 3}), row("R1", {2: 4}, style="09999")))
    before = house.free()
    house.erp.post("D2", 120, wide(row("R1", {2: 6}, style="09999")))

    assert (before, house.free()) == (7, 7)
    assert house.odd() == []
