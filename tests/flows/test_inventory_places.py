"""What BlueCherry's list of locations does to the stock: no warehouse, nothing to sell; unread, it stays."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from store.journal import check_rebuild
from sync.errors import PartlyUnread
from sync.flows.inventory_basis import basis
from sync.flows.inventory_batches import look, newest
from sync.flows.inventory_board import board
from sync.ports import Code
from sync.rules.exceptions import kind_of
from sync.runs import Scope
from tests.flows.between import Between
from tests.flows.posting import BEGIN, Erp, by_sku
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW, key_of

SHIRT = "NMK-04117-WHT-A-R-M"


class Unlisted(Erp):
    """One of its locations cannot be read."""

    def locations(self) -> tuple[Code, ...]:
        return unlisted()


def unlisted(*_: Any) -> tuple[Code, ...]:
    fault = "location 1: loc_type (string_type)"
    raise PartlyUnread(f"Location cannot be read: {fault}", (fault,), None)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """A shirt is on sale; only WH1 may sell."""
    here = Shop(tmp_path / "store.duckdb", settings_of(warehouses=["WH1"]))
    here.told.clock.moment = BEGIN
    here.told.skus(SHIRT)
    here.told.offers({SHIRT: 9})
    typed(here, "W")
    yield here
    here.told.close()


def typed(shop: Shop, loc_type: str) -> None:
    """BlueCherry lists WH1 as of this type."""
    shop.told.described("warehouses", [{"code": "WH1", "label": "Daventry", "detail": {"type": loc_type}}])


def left(shop: Shop, number: int, on_hand: int, erp: Erp | None = None) -> int:
    """A FULL batch of so many shirts comes; those that are there to be sold."""
    run, erp = shop.run, erp or Erp()
    run.house.erp = cast("Any", erp)
    erp.post(f"F{number}", number * 60, by_sku({"sku_key": key_of(SHIRT), "on_hand": on_hand}))
    shop.told.clock.moment = BEGIN + number * HOUR + timedelta(minutes=1)
    look(run)
    batch = newest(run)
    assert batch is not None
    rows = board(run, basis(run, batch), until=NOW)
    return int(rows["supply"].item())


def test_what_lies_where_the_one_allowed_place_is_no_warehouse_any_more_is_sold_no_longer(shop: Shop) -> None:
    before = left(shop, 1, 10)
    typed(shop, "R")
    after = left(shop, 2, 6)
    said = {row["subject"]: row for row in shop.rows("select * from conditions($at)", at=shop.told.clock.moment)}
    drawn = shop.rows("select quantity from stock_history($at, $sku) where series = 'batch'", at=NOW, sku=SHIRT)

    assert (before, after) == (10, 0)
    assert (said["WH1"]["kind"], said["WH1"]["cause"]) == ("warehouse_not_counted", "none is left")
    assert kind_of("warehouse_not_counted", said["WH1"]["cause"]).severity == "urgent"
    assert said["WH1"]["detail"].startswith(
        "WH1 (Daventry) is allowed by the settings or a mapping, but is of type R"
    )
    assert drawn == [{"quantity": 10}, {"quantity": 0}]
    assert check_rebuild(shop.told.database) == {}


def test_stock_is_read_and_falls_while_a_location_of_bluecherry_cannot_be_read(shop: Shop) -> None:
    before = left(shop, 1, 10)

    assert (before, left(shop, 2, 6, Unlisted())) == (10, 6)


def test_a_location_that_cannot_be_read_is_named_until_it_can_and_the_list_stays_as_it_was(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=4)
    open_ones = "select subject from conditions($at) where kind = 'unreadable'"
    listed = "select value from marketplace_facts where topic = 'warehouses'"
    house.run("start")
    real, known, found = house.house.erp, house.rows(listed), []
    for erp in (Between(real, locations=unlisted), real):
        house.house.erp = erp
        house.run("start", Scope(is_full=True))
        found.append([row["subject"] for row in house.rows(open_ones, at=house.house.clock.now())])

    assert found == [["BlueCherry location 1"], []]
    assert house.rows(listed) == known
    assert house.rebuild_differences() == {}


def test_stock_is_read_though_the_first_list_of_locations_could_not_be(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "store.duckdb", settings_of(warehouses=["WH1"]))
    shop.told.skus(SHIRT)
    shop.told.offers({SHIRT: 9})

    assert left(shop, 1, 10, Unlisted()) == 10
    shop.told.close()
