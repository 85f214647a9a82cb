"""The delivery address of a sales order, from BlueCherry's words to what differs: none and two differ too."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from store.journal import Personal
from sync.clients.bluecherry_words import Words
from sync.clients.erp_time import ErpTime
from sync.flows.orders_seen import record_sales_orders
from sync.ports import Address, Page
from tests.flows.shop import Shop, settings_of

HOME = Address("Zoë Kettle", "1 Pretend Row", "", "Leeds", "", "LS1 0AA", "GBR")
THERE = {
    "addr_type": "ST", "name": "ZOË KETTLE", "addr1": "1 PRETEND ROW", "city": "LEEDS", "zipcode": "LS1 0AA",
    "country": "GBR",
}  # fmt: skip
ELSEWHERE = {**THERE, "zipcode": "HU1 1AA"}
BILLED = {**ELSEWHERE, "addr_type": "BT"}
PLACED = datetime(2026, 11, 24, 9, tzinfo=UTC)
SALES_ORDER = {
    "ord_num": "0400001", "po_num": "JL1-A", "ord_status": "40", "division": "NMK", "customer": "JLM",
    "location": "WH1", "shipper": "RML", "entered_at": "2026-11-24 04:00:00", "last_mod": "2026-11-24 04:10:00",
    "detail": {"rows": []},
}  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of(ERP_CUSTOMER="JLM"))
    opened.told.order("JL1-A", placed=PLACED)
    yield opened
    opened.told.close()


@pytest.mark.parametrize(
    ("shown", "changes"),
    [
        ({"address": {"rows": [BILLED, THERE]}}, []),
        ({"address": {"rows": [BILLED, ELSEWHERE]}}, ["postcode"]),
        ({"address": {"rows": [BILLED]}}, ["none"]),
        ({"address": {"rows": []}}, ["none"]),
        ({"address": {"rows": [THERE, ELSEWHERE]}}, ["several"]),
        ({}, None),  # it does not tell addresses: nothing is known of them
    ],
    ids=["as sent", "another", "to be billed alone", "no address", "two", "not told"],
)
def test_what_of_the_delivery_address_is_not_as_sent(shop: Shop, shown: dict[str, Any], changes: Any) -> None:
    person = json.dumps({"ship_to": asdict(HOME), "bill_to": None, "email": ""})
    shop.told.tell(personal=[Personal("JL1-A", PLACED, person)])
    order = Words(ErpTime("America/New_York")).sales_order({**SALES_ORDER, **shown})
    record_sales_orders(shop.run, Page((order,), None, ()))

    assert shop.rows("select address_changes from sales_order_facts") == [{"address_changes": changes}]


def test_without_the_customers_address_nothing_is_said(shop: Shop) -> None:
    order = Words(ErpTime("America/New_York")).sales_order({**SALES_ORDER, "address": {"rows": []}})
    record_sales_orders(shop.run, Page((order,), None, ()))

    assert shop.rows("select address_changes from sales_order_facts") == [{"address_changes": None}]
