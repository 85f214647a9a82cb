"""The second showing of the autumn hour in BlueCherry: what is stamped behind the first counts all the same."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from store.journal import check_rebuild
from sync.clients.erp_time import ErpTime
from sync.flows.dispatch_look import read_shipments
from sync.flows.orders_seen import record_sales_orders
from sync.flows.returns_settle import record_returns
from sync.ports import ErpReturn, Page, SalesOrder, Shipment
from sync.runs import EVERYTHING
from tests.flows.shop import Shop, settings_of
from tests.told import NOW

FACE = ErpTime("America/New_York")
FIRST, SECOND = FACE.earlier("2026-11-01 01:50:00"), FACE.earlier("2026-11-01 01:10:00")  # twenty minutes later
ORDER = SalesOrder(
    ord_num="SO-1", order_id="JL1-A", division="NMK", warehouse="WH1", customer="JLM", ship_via="DPD",
    raw_status="O", entered_at=FIRST, updated_at=FIRST, updated_by="", revision=0, lines=(),
)  # fmt: skip
SHIPMENT = Shipment(
    ship_id="SH-1", ord_num="SO-1", order_id="JL1-A", warehouse="WH1", ship_via="DPD", scac="", shipped_at=FIRST,
    updated_at=FIRST, is_voided=False, cartons=(),
)  # fmt: skip
RETURN = ErpReturn(
    ret_num="RA-1", order_id="JL1-A", ord_num="SO-1", return_id="", raw_status="O", is_closed=False,
    entered_at=FIRST, updated_at=FIRST, lines=(),
)  # fmt: skip


class Listing:
    """A BlueCherry that lists one shipment."""

    def __init__(self, shipment: Shipment) -> None:
        self._shipment = shipment

    def shipments(self, **_: Any) -> Iterator[Page[Shipment]]:
        yield Page((self._shipment,), None, ())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of(ERP_CUSTOMER="JLM"))
    opened.told.order("JL1-A", placed=NOW)
    yield opened
    opened.told.close()


def read_shipment(shop: Shop, one: Shipment) -> None:
    shop.run.house.erp = cast("Any", Listing(one))
    read_shipments(shop.run, EVERYTHING)


@pytest.mark.parametrize(
    ("record", "first", "changes", "shown"),
    [
        (lambda shop, one: record_sales_orders(shop.run, Page((one,), None, ())), ORDER, {"warehouse": "WH2"},
         "select warehouse = 'WH2' as it, changed_at from sales_order_facts"),
        (read_shipment, SHIPMENT, {"is_voided": True},
         "select is_voided as it, changed_at from shipment_facts"),
        (lambda shop, one: record_returns(shop.run, Page((one,), None, ())), RETURN, {"is_closed": True},
         "select is_closed as it, changed_at from erp_return_facts"),
    ],
    ids=["a sales order", "a shipment", "a return"],
)  # fmt: skip
def test_what_is_stamped_in_the_second_showing_of_an_hour_is_not_lost_behind_the_first(
    shop: Shop, record: Callable[[Shop, Any], object], first: Any, changes: dict[str, Any], shown: str
) -> None:
    later = replace(first, updated_at=SECOND, **changes)
    for one in (first, later, later):  # the overlap of two looks shows it twice
        record(shop, one)
    kinds = "('sales_order.read', 'shipment.posted', 'return.read')"

    assert SECOND < FIRST
    assert shop.rows(shown) == [{"it": True, "changed_at": SECOND}]
    assert shop.rows(f"select count(*)::integer as n from events where kind in {kinds}") == [{"n": 2}]
    assert check_rebuild(shop.told.database) == {}
