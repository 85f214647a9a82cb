"""A lot nothing is sold from is held once a FULL batch was read; until then somebody is told that it is on sale."""

from pathlib import Path
from typing import Any, cast

import polars as pl

from store.journal import check_rebuild
from sync.flows.inventory_basis import basis
from sync.flows.inventory_batches import look, newest
from sync.flows.inventory_board import board
from tests.flows.posting import BEGIN, MINUTE, Erp, by_sku
from tests.flows.shop import Shop, settings_of
from tests.told import NOW, key_of

SHIRT, SCARF = "NMK-04117-WHT-A-R-M", "NMK-09999-WHT-A-R-M"


def test_a_lot_held_since_the_last_full_batch_is_named_until_the_next_is_read(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "store.duckdb", settings_of(warehouses=["WH1"]))
    shop.told.clock.moment = BEGIN
    shop.told.skus(SHIRT, SCARF)
    shop.told.offers({SHIRT: 5, SCARF: 5})
    erp = Erp()
    shop.run.house.erp = cast("Any", erp)
    shirts = (row(SHIRT, 6), row(SHIRT, 4, lot="QA"))

    def seen(minute: int) -> tuple[int, list[str]]:
        """The shirts that may be sold, and the lots that are named."""
        shop.told.clock.moment = BEGIN + (minute + 1) * MINUTE
        look(shop.run)
        batch = newest(shop.run)
        assert batch is not None
        rows = board(shop.run, basis(shop.run, batch), until=NOW)
        wrong = shop.rows(
            "select * from conditions($at) where kind = 'held_lot_awaited'", at=shop.told.clock.moment
        )
        return int(rows.filter(pl.col("sku") == SHIRT)["supply"].item()), [one["cause"] for one in wrong]

    erp.post("F1", 60, by_sku(*shirts, row(SCARF, 4)))
    found = [seen(60)]
    shop.run.house.settings = settings_of(warehouses=["WH1"], held_lots=["QA"])
    found.append(seen(90))
    erp.post("D2", 120, by_sku(row(SCARF, 5)))
    found.append(seen(120))
    erp.post("F3", 180, by_sku(*shirts, row(SCARF, 4)))
    found.append(seen(180))

    assert found == [(10, []), (10, ["QA"]), (10, ["QA"]), (6, [])]
    assert check_rebuild(shop.told.database) == {}
    shop.told.close()


def row(sku: str, on_hand: int, **told: str) -> dict[str, Any]:
    return {"sku_key": key_of(sku), "on_hand": on_hand, **told}
