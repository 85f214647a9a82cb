"""The ERP's answers in our words, odd ones too, and our sales orders in its words."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sync.clients.bluecherry import filter_of
from sync.errors import Refused, Retriable, Unclear
from sync.ports import Address, SalesLineDraft, SalesOrderDraft
from tests.clients.answers import answering, documents


def sales_order(number: int = 1, **members: Any) -> dict[str, Any]:
    line = {
        "line_seq": 1,
        "style": "04117       ",
        "color_code": "WHT  ",
        "lbl_code": "A",
        "dimension": None,
        "size_desc": "M",
        "qty_ordered": 2,
        "qty_open": 1,
        "qty_picked": 0,
        "qty_shipped": 1,
        "qty_cancelled": 0,
        "ext_line_id": "JLM1-A-1",
        "price": "45.00",
    }
    return {
        "pkey": 700_000 + number,
        "ord_num": f"{400_000 + number:07d}",
        "po_num": "JLM1-A",
        "ord_status": "40",
        "division": "NMK",
        "customer": "JLM",
        "location": "WH1",
        "shipper": "RML",
        "entered_at": "2026-11-24 04:00:00",
        "last_mod": "2026-11-24 04:10:00",
        "last_user": "MARY",
        "edit_seq": 3,
        "detail": {"rows": [line]},
        **members,
    }


HOME = Address("Zoë Kettle", "1 Pretend Row", "Unit 3", "Leeds", "", "LS1 0AA", "GBR", "07700900123")
DRAFT = SalesOrderDraft(
    order_id="JLM1-A",
    commercial_id="JLM1",
    division="NMK",
    warehouse="WH1",
    customer="JLM",
    ship_via="RML",
    currency="GBP",
    starts_on=datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
    cancels_on=datetime(2026, 12, 1, 12, 0, tzinfo=UTC),
    shipping_amount=Decimal("3.95"),
    lines=(
        SalesLineDraft(1, "JLM1-A-1", "NMK|04117|WHT|A||M", "840110000015", 2, Decimal("45.00"), Decimal("7.5")),
    ),
    ship_to=HOME,
    bill_to=HOME,
    email="relay-1@customers.example",
)


def test_codes_lose_their_padding_and_keep_their_zeros(outside: Any) -> None:
    (page,) = outside.erp(answering(200, documents(sales_order()))).sales_orders(order_id="JLM1-A")
    (order,) = page.items

    assert order.lines[0].sku_key == "NMK|04117|WHT|A||M"
    assert (order.raw_status, order.revision, order.updated_by) == ("40", 3, "MARY")
    assert order.entered_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert order.lines[0].unit_price == Decimal("45.00")


@pytest.mark.parametrize(("told", "known"), [({"disc_amt": "5.00"}, Decimal(5)), ({}, None)])
def test_a_discount_on_the_whole_order_is_read_where_it_is_told(
    outside: Any, told: dict[str, Any], known: Decimal | None
) -> None:
    (page,) = outside.erp(answering(200, documents(sales_order(**told)))).sales_orders(order_id="JLM1-A")

    assert page.items[0].discount_amount == known


def test_questions_are_filters_and_children_are_asked_for(outside: Any) -> None:
    erp = outside.erp(answering(200, documents()))
    list(erp.sales_orders(order_id="JLM1'A", ord_num="0400001"))
    list(erp.shipments(updated_from=datetime(2026, 11, 24, 9, 0, tzinfo=UTC)))

    asked = [dict(request.url.params) for request in outside.requests]
    assert asked[0]["$filter"] == "po_num eq 'JLM1''A' and ord_num eq '0400001'"
    assert asked[0]["_include"] == "all"
    assert asked[1]["$filter"] == "last_mod gt '2026-11-24 03:59:59'"
    assert outside.requests[0].url.path == "/NORTHMOOR/api/salesOrder"
    assert outside.requests[0].headers["Ocp-Apim-Subscription-Key"] == "very-secret-key"


@pytest.mark.parametrize(
    "condition", [("po num", "eq", "x"), ("po_num", "like", "x"), ("po_num", "eq", "a\nb"), ("", "eq", "x")]
)
def test_a_filter_takes_only_what_a_filter_is(condition: tuple[str, str, str]) -> None:
    with pytest.raises(ValueError):
        filter_of(condition)


def test_what_moves_to_a_page_already_read_is_seen_again(outside: Any) -> None:
    moved = sales_order(999)

    def app(request: httpx.Request) -> httpx.Response:
        if request.url.params["_pgno"] == "2":
            return httpx.Response(200, json=documents(sales_order(201)))
        first = [sales_order(number) for number in range(1, 201)]
        is_second_look = len(outside.requests) > 2
        return httpx.Response(200, json=documents(*([moved, *first[1:]] if is_second_look else first)))

    found = [item.ord_num for page in outside.erp(app).sales_orders() for item in page.items]

    assert len(found) == len(set(found)) == 202
    assert found[-1] == "0400999"


def test_a_page_with_nothing_new_ends_the_walk(outside: Any) -> None:
    same = documents(*(sales_order(number) for number in range(200)))
    found = [item for page in outside.erp(answering(200, same)).sales_orders() for item in page.items]

    assert len(found) == 200
    assert len(outside.requests) == 3


@pytest.mark.parametrize(
    "member", ["ord_num", "ord_status", "division", "entered_at", "last_mod", "detail", "po_num", "customer"]
)
def test_a_sales_order_with_a_hole_is_named_and_the_others_go_on(outside: Any, member: str) -> None:
    holed = sales_order(2)
    del holed[member]
    (page,) = outside.erp(answering(200, documents(sales_order(1), holed, sales_order(3)))).sales_orders()

    assert [item.ord_num for item in page.items] == ["0400001", "0400003"]
    assert member in page.skipped[0]


def test_a_moment_that_is_none_is_named(outside: Any) -> None:
    (page,) = outside.erp(answering(200, documents(sales_order(last_mod="yesterday")))).sales_orders()

    assert page.skipped == ("sales order 0400001: a moment cannot be read",)


def test_an_answer_without_rows_is_not_an_empty_answer(outside: Any) -> None:
    with pytest.raises(Retriable, match="without its rows"):
        list(outside.erp(answering(200, {"version": "7.4"})).sales_orders())


def test_a_sales_order_is_posted_as_an_array_of_one(outside: Any) -> None:
    erp = outside.erp(answering(200, {"version": "7.4", "pkey": 7, "ord_num": "0400001", "duplicate": False}))

    assert erp.create_order(DRAFT, "key-1") == "0400001"
    (request,) = outside.requests
    (document,) = json.loads(request.content)
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.headers["X-Correlation-Id"] == str(outside.exchanges[0].snapshot_id)
    assert {name: document[name] for name in ("division", "location", "po_num", "ref_num2", "shipper")} == {
        "division": "NMK",
        "location": "WH1",
        "po_num": "JLM1-A",
        "ref_num2": "JLM1",
        "shipper": "RML",
    }
    # It is still the day before where the server stands.
    assert (document["start_date"], document["end_date"]) == ("2026-11-23", "2026-12-01")
    assert (document["frgt_amt"], document["tax_amt"]) == ("3.95", "7.5")
    assert document["detail"]["rows"][0] == {
        "line_seq": 1,
        "style": "04117",
        "color_code": "WHT",
        "lbl_code": "A",
        "dimension": "",
        "size_desc": "M",
        "upc": "840110000015",
        "qty": 2,
        "price": "45.00",
        "tax_amt": "7.5",
        "ext_line_id": "JLM1-A-1",
    }
    assert [row["addr_type"] for row in document["address"]["rows"]] == ["BT", "ST"]
    assert b"Kettle" not in outside.exchanges[0].request_body


@pytest.mark.parametrize(
    "body",
    [{"version": "7.4"}, {"version": "7.4", "pkey": 7}, {"pkey": None, "ord_num": "1"}, [], {"pkey": {"odd": 1}}],
)
def test_an_answer_that_does_not_say_what_was_created_is_unclear(outside: Any, body: Any) -> None:
    with pytest.raises(Unclear):
        outside.erp(answering(200, body)).create_order(DRAFT, "key-1")
    assert len(outside.requests) == 1


def test_an_order_the_erp_does_not_take_says_why_and_names_nobody(outside: Any) -> None:
    body = {"errors": [{"errorCode": "FIELD_TOO_LONG", "errorMessage": "1 Pretend Row", "field": "addr1"}]}

    with pytest.raises(Refused) as refused:
        outside.erp(answering(422, body)).create_order(DRAFT, "key-1")
    assert (refused.value.code, refused.value.reason) == ("FIELD_TOO_LONG", "personal:JLM1-A (addr1)")


def test_a_line_that_is_already_picked_cannot_be_cancelled(outside: Any) -> None:
    body = {"errors": [{"errorCode": "ORDER_LOCKED", "errorMessage": "picked"}]}

    with pytest.raises(Refused) as refused:
        outside.erp(answering(409, body)).cancel_line("0400001", 1, 2, "customer changed their mind")
    assert refused.value.code == "ORDER_LOCKED"
    assert json.loads(outside.requests[0].content)[0]["line_seq"] == 1


def style(**members: Any) -> dict[str, Any]:
    sizes = [
        {"upc": "840110000015", "color_code": "WHT  ", "lbl_code": "A", "dimension": "", "size_desc": "M"}
        | {"active": "Y", "price": "45.00", "min_multiple": 6, "last_mod": "2026-11-02 09:00:00", "size_bk": "02"},
        {"upc": None, "color_code": "WHT", "size_desc": "L", "active": "N", "size_bk": "25"},
    ]
    return {
        "pkey": 1,
        "style": "04117       ",
        "style_name": "Linen shirt",
        "group_code1": "WOM",
        "last_mod": "2026-11-01 09:00:00",
        "styledetail": {"rows": [{"division": "NMK", "season": "SS26", "std_cost": "15.75", "catg_dest1": "JLM"}]},
        "stylecolorsizes": {"rows-0": sizes},
        **members,
    }


def test_every_size_of_a_style_is_a_sku(outside: Any) -> None:
    (page,) = outside.erp(answering(200, documents(style()))).skus()
    medium, large = page.items

    assert (medium.key, medium.multiple, medium.destinations) == ("NMK|04117|WHT|A||M", 6, ("JLM",))
    assert (medium.cost, medium.price, medium.is_active) == (Decimal("15.75"), Decimal("45.00"), True)
    assert medium.updated_at == datetime(2026, 11, 2, 14, 0, tzinfo=UTC)
    assert (large.upc, large.is_active, large.price) == ("", False, None)
    assert (medium.size_bucket, large.size_bucket) == (2, None)


def test_a_style_with_a_hole_is_named(outside: Any) -> None:
    holed = style(pkey=2, stylecolorsizes={"rows-7": []})
    (page,) = outside.erp(answering(200, documents(holed, style()))).skus()

    assert len(page.items) == 2
    assert page.skipped == ("style 04117       : stylecolorsizes.rows-0 is missing",)


def test_code_tables_and_the_version_are_read(outside: Any) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        rows = {
            "Location": [{"pkey": 1, "location": "WH1 ", "loc_type": "W", "nation": "scotland"}],
            "Shipper": [{"pkey": 1, "shipper": "RML", "ship_name": "Royal Mail", "scac": "RMGB"}, {"pkey": 2}],
            "pick": {"header": []},
        }[request.url.path.rpartition("/")[2]]
        return httpx.Response(200, json={"version": "7.4.118", "data": rows})

    erp = outside.erp(app)

    assert erp.ping() == "7.4.118"
    assert [(code.code, code.detail["type"]) for code in erp.locations()] == [("WH1", "W")]
    assert [code.detail for code in erp.ship_vias()] == [{"scac": "RMGB", "is_active": True}]


def test_locations_of_which_one_cannot_be_read_are_not_read_at_all(outside: Any) -> None:
    """One that is left out would look as if BlueCherry had no such warehouse."""
    rows = [{"pkey": 1, "location": "WH1", "loc_type": {"code": "W"}}, {"pkey": 2, "location": "WH2"}]

    with pytest.raises(Retriable, match="Location cannot be read: location 1: loc_type"):
        outside.erp(answering(200, {"version": "7.4.118", "data": rows})).locations()


def test_a_version_that_is_missing_is_not_a_good_key(outside: Any) -> None:
    with pytest.raises(Retriable):
        outside.erp(answering(200, {})).ping()
