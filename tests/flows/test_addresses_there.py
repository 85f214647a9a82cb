"""The addresses of a sales order, from BlueCherry's words to what differs: none and two differ too."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
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
BILLED, BILLED_ELSEWHERE = {**THERE, "addr_type": "BT"}, {**ELSEWHERE, "addr_type": "BT"}
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
    ("shown", "delivery", "billing"),
    [
        ({"address": {"rows": [BILLED, THERE]}}, [], []),
        ({"address": {"rows": [BILLED, ELSEWHERE]}}, ["postcode"], []),
        ({"address": {"rows": [BILLED_ELSEWHERE, THERE]}}, [], ["postcode"]),
        ({"address": {"rows": [BILLED]}}, ["none"], []),
        ({"address": {"rows": [THERE]}}, [], ["none"]),
        ({"address": {"rows": []}}, ["none"], ["none"]),
        ({"address": {"rows": [THERE, ELSEWHERE, BILLED, BILLED]}}, ["several"], ["several"]),
        ({}, None, None),  # it does not tell addresses: nothing is known of them
    ],
    ids=[
        "as sent",
        "another",
        "billed to another",
        "to be billed alone",
        "billed to nobody",
        "none",
        "two",
        "not told",
    ],
)
@pytest.mark.parametrize("bill_to", [None, asdict(HOME)], ids=["billed where it goes", "billed by address"])
def test_what_of_its_addresses_is_not_as_sent(
    shop: Shop, shown: dict[str, Any], delivery: Any, billing: Any, bill_to: Any
) -> None:
    person = json.dumps({"ship_to": asdict(HOME), "bill_to": bill_to, "email": ""})
    shop.told.tell(personal=[Personal("JL1-A", PLACED, person)])
    order = Words(ErpTime("America/New_York")).sales_order({**SALES_ORDER, **shown})
    record_sales_orders(shop.run, Page((order,), None, ()))

    assert shop.rows("select address_changes, billing_changes from sales_order_facts") == [
        {"address_changes": delivery, "billing_changes": billing}
    ]


def test_without_the_customers_address_nothing_is_said(shop: Shop) -> None:
    order = Words(ErpTime("America/New_York")).sales_order({**SALES_ORDER, "address": {"rows": []}})
    record_sales_orders(shop.run, Page((order,), None, ()))

    assert shop.rows("select address_changes, billing_changes from sales_order_facts") == [
        {"address_changes": None, "billing_changes": None}
    ]


def test_who_is_billed_elsewhere_than_it_goes_is_compared_with_their_own_address(shop: Shop) -> None:
    away = {**asdict(HOME), "postcode": "HU1 1AA"}
    person = json.dumps({"ship_to": asdict(HOME), "bill_to": away, "email": ""})
    shop.told.tell(personal=[Personal("JL1-A", PLACED, person)])
    order = Words(ErpTime("America/New_York")).sales_order(
        {**SALES_ORDER, "address": {"rows": [THERE, BILLED_ELSEWHERE]}}
    )
    record_sales_orders(shop.run, Page((order,), None, ()))

    assert shop.rows("select address_changes, billing_changes from sales_order_facts") == [
        {"address_changes": [], "billing_changes": []}
    ]
    assert "HU1 1AA" not in "".join(row["body"] for row in shop.rows("select body::varchar as body from events"))


@pytest.mark.parametrize(
    ("taxes", "of_lines"), [(("1.00", "0.50"), "1.50"), (("0", "0"), "0.00"), (("1.00", None), None)]
)
def test_the_taxes_the_currency_and_the_account_are_read_where_they_are_told(
    shop: Shop, taxes: tuple[str | None, ...], of_lines: str | None
) -> None:
    line: dict[str, Any] = {
        "style": "04117", "color_code": "WHT", "lbl_code": "A", "dimension": "", "size_desc": "M", "qty": 1,
        "qty_open": 1, "qty_picked": 0, "qty_shipped": 0, "qty_cancelled": 0,
    }  # fmt: skip
    rows = [
        {**line, "line_seq": number, "ext_line_id": f"JL1-A-{number}", **({"tax_amt": tax} if tax else {})}
        for number, tax in enumerate(taxes, 1)
    ]
    silent: dict[str, Any] = {**SALES_ORDER, "detail": {"rows": rows}}
    told = {**silent, "ord_num": "0400002", "tax_amt": "2.00", "curr_code": "GBP "}
    for shown in (told, silent):
        order = Words(ErpTime("America/New_York")).sales_order(shown)
        record_sales_orders(shop.run, Page((order,), None, ()))
    facts = shop.rows(
        "select tax_amount, line_tax_amount, currency, customer from sales_order_facts order by ord_num desc"
    )
    line_tax = None if of_lines is None else Decimal(of_lines)

    assert facts == [
        {"tax_amount": Decimal(2), "line_tax_amount": line_tax, "currency": "GBP", "customer": "JLM"},
        {"tax_amount": None, "line_tax_amount": line_tax, "currency": None, "customer": "JLM"},
    ]


@pytest.mark.parametrize("lost", [{"po_num": ""}, {"customer": "WEB"}, {"po_num": "", "customer": "WEB"}])
def test_a_sales_order_of_ours_is_read_on_without_its_number_or_under_another_account(
    shop: Shop, lost: dict[str, str]
) -> None:
    words = Words(ErpTime("America/New_York"))
    first = {**SALES_ORDER, "last_mod": "2026-11-24 03:50:00"}
    later = {"last_mod": "2026-11-24 03:55:00", "edit_seq": 1}
    nobodys = {"ord_num": "0400009", "po_num": "", "customer": "WEB"}
    for shown in (first, {**first, **lost, **later}, {**first, **nobodys}):
        record_sales_orders(shop.run, Page((words.sales_order(shown),), None, ()))
    expected = {"order_id": "JL1-A", "customer": "JLM", **{
        {"po_num": "order_id"}.get(name, name): value for name, value in lost.items()
    }}  # fmt: skip

    assert shop.rows("select ord_num, order_id, customer from sales_order_facts") == [
        {"ord_num": "0400001", **expected}
    ]
