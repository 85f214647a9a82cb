"""The marketplace's answers in our words, odd ones too, and our orders in its words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sync.errors import Deferred, Fatal, Refused, Retriable, Unclear
from sync.ports import LineCancelation, ShipmentDraft, Tracking

Query = dict[str, str]


def order(order_id: str = "JLM1-A", **members: Any) -> dict[str, Any]:
    line = {
        "order_line_id": f"{order_id}-1",
        "order_line_index": 1,
        "order_line_state": "SHIPPING",
        "offer_sku": "NMK-NK2417-OAT-A-R-M",
        "product_title": "Lambswool crew jumper",
        "quantity": 2,
        "price_unit": 45.00,
        "price": 90.00,
        "shipping_price": 3.95,
        "commission_fee": 18.79,
        "commission_taxes": [{"code": "VAT20", "rate": 20, "amount": 3.76}],
        "total_commission": 22.55,
        "cancelations": [],
        "refunds": [],
    }
    return {
        "order_id": order_id,
        "commercial_id": "JLM1",
        "order_state": "SHIPPING",
        "created_date": "2026-11-24T08:00:00Z",
        "last_updated_date": "2026-11-24T08:30:00.120Z",
        "shipping_type_code": "STD-UK",
        "currency_iso_code": "GBP",
        "price": 90.00,
        "shipping_price": 3.95,
        "total_price": 93.95,
        "total_commission": 22.55,
        "customer": {
            "firstname": "Zoë",
            "lastname": "Kettle",
            "shipping_address": {
                "firstname": "Zoë",
                "lastname": "Kettle",
                "company": "Fictive & Sons",
                "street_1": "1 Pretend Row ",
                "street_2": "Unit 3",
                "zip_code": "LS1 0AA",
                "city": "Leeds",
                "country": "United Kingdom",
                "country_iso_code": "GBR",
                "phone": "07700900123",
            },
            "billing_address": None,
        },
        "customer_notification_email": "relay-1@customers.example",
        "order_lines": [line],
        **members,
    }


def pages(*bodies: list[dict[str, Any]], link: bool = True) -> Callable[[httpx.Request], httpx.Response]:
    """OR11 in pages of the sizes given, whatever page size is asked for."""
    total = sum(len(body) for body in bodies)
    starts = [sum(len(body) for body in bodies[:number]) for number in range(len(bodies))]

    def app(request: httpx.Request) -> httpx.Response:
        number = starts.index(int(request.url.params["offset"]))
        headers = {}
        if link and number + 1 < len(bodies):
            following = request.url.copy_set_param("offset", str(starts[number + 1]))
            headers["Link"] = f'<{following}>; rel="next", <https://market.example/?x=1>; rel="previous"'
        return httpx.Response(200, json={"orders": bodies[number], "total_count": total}, headers=headers)

    return app


def answering(status: int = 200, body: Any = None, **members: Any) -> Callable[[httpx.Request], httpx.Response]:
    content = b"" if body is None and not members else json.dumps(members if body is None else body).encode()
    return lambda _: httpx.Response(status, content=content)


def test_an_order_is_read_with_its_money_to_the_penny(outside: Any) -> None:
    (page,) = outside.marketplace(pages([order()])).orders(updated_from=outside.clock.now())
    (got,) = page.items
    (line,) = got.lines

    assert (got.order_id, got.state, got.total_amount) == ("JLM1-A", "SHIPPING", Decimal("93.95"))
    assert got.updated_at == datetime(2026, 11, 24, 8, 30, 0, 120_000, tzinfo=UTC)
    assert (line.unit_price, line.commission_amount, line.commission_vat) == (
        Decimal(45),
        Decimal("22.55"),
        Decimal("3.76"),
    )
    assert page.snapshot_id == outside.exchanges[0].snapshot_id
    assert page.total == 1


def test_a_person_is_read_for_the_erp_and_shown_to_nobody(outside: Any) -> None:
    (page,) = outside.marketplace(pages([order()])).orders()
    person = page.items[0].person

    assert person.ship_to.name == "Zoë Kettle"
    assert (person.ship_to.line_1, person.ship_to.line_2) == ("1 Pretend Row", "Unit 3, Fictive & Sons")
    assert (person.ship_to.postcode, person.ship_to.country) == ("LS1 0AA", "GBR")
    assert person.bill_to is None
    assert "Kettle" not in repr(page)
    assert b"Kettle" not in outside.exchanges[0].body


def test_before_acceptance_there_is_no_person(outside: Any) -> None:
    hidden = {"firstname": "Z.", "shipping_address": None, "billing_address": None}
    (page,) = outside.marketplace(pages([order(customer=hidden), order("JLM2-A", customer=None)])).orders()

    assert [item.person for item in page.items] == [None, None]


@pytest.mark.parametrize("quantity", [0, 2])
def test_a_cancelled_line_shown_with_nothing_left_is_read_from_its_cancelation_records(
    outside: Any, quantity: int
) -> None:
    raw = order()
    raw |= {"price": 0, "shipping_price": 0, "total_price": 0, "total_commission": 0}
    raw["order_lines"][0] |= {
        "order_line_state": "CANCELED", "quantity": quantity, "price": 0, "shipping_price": 0, "total_price": 0,
        "commission_fee": 0, "commission_taxes": [], "total_commission": 0,
        "cancelations": [
            {"id": "C1", "quantity": 1, "amount": 45.0, "shipping_amount": 0, "commission_total_amount": 11.27,
             "commission_taxes": [{"code": "VAT20", "amount": 1.88}], "reason_code": "X"},
            {"id": "C2", "quantity": 1, "amount": 45.0, "shipping_amount": 3.95, "commission_total_amount": 11.28,
             "commission_taxes": [{"code": "VAT20", "amount": 1.88}], "reason_code": "X"},
        ],
    }  # fmt: skip
    (page,) = outside.marketplace(pages([raw])).orders()
    item = page.items[0]
    (line,) = item.lines

    assert (line.quantity, line.unit_price, line.price) == (2, Decimal("45.0"), Decimal("90.0"))
    assert (line.shipping_amount, line.commission_amount) == (Decimal("3.95"), Decimal("22.55"))
    assert line.commission_vat == Decimal("3.76")
    assert (item.price, item.shipping_amount, item.total_amount, item.commission_amount) == (
        Decimal("90.0"), Decimal("3.95"), Decimal("93.95"), Decimal("22.55"),
    )  # fmt: skip


def test_changes_of_a_line_are_kept_with_whatever_state_they_have(outside: Any) -> None:
    raw = order()
    raw["order_lines"][0] |= {
        "cancelations": [{"id": "C1", "quantity": 1, "amount": 45.0, "shipping_amount": 0, "reason_code": "X"}],
        "refunds": [{"id": "R1", "amount": "10.005", "refund_state": "A_STATE_OF_NEXT_YEAR", "quantity": None}],
    }
    (page,) = outside.marketplace(pages([raw])).orders()
    cancelation, refund = page.items[0].lines[0].changes

    assert (cancelation.kind, cancelation.quantity, cancelation.amount) == ("cancelation", 1, Decimal("45.0"))
    assert (refund.state, refund.amount, refund.quantity) == ("A_STATE_OF_NEXT_YEAR", Decimal("10.005"), 0)


def test_unknown_states_and_members_are_kept_and_ignored(outside: Any) -> None:
    raw = order(order_state="ARCHIVED", loyalty_tier="PLUM", leadtime_to_ship={"odd": True})
    (page,) = outside.marketplace(pages([raw])).orders()

    assert page.items[0].state == "ARCHIVED"


@pytest.mark.parametrize("member", ["order_id", "order_state", "created_date", "last_updated_date", "order_lines"])
def test_an_order_with_a_hole_is_named_and_the_others_go_on(outside: Any, member: str) -> None:
    holed = order("JLM2-A")
    del holed[member]
    (page,) = outside.marketplace(pages([order("JLM1-A"), holed, order("JLM3-A")])).orders()

    assert [item.order_id for item in page.items] == ["JLM1-A", "JLM3-A"]
    assert len(page.skipped) == 1
    assert f"{member} is missing" in page.skipped[0]


@pytest.mark.parametrize("member", ["order_line_id", "offer_sku", "quantity", "order_line_state"])
def test_a_line_with_a_hole_makes_the_whole_order_unreadable(outside: Any, member: str) -> None:
    holed = order()
    del holed["order_lines"][0][member]
    (page,) = outside.marketplace(pages([holed])).orders()

    assert page.items == ()
    assert member in page.skipped[0]


def test_an_unreadable_member_is_named_without_its_value(outside: Any) -> None:
    raw = order(customer={"shipping_address": "Zoë Kettle, 1 Pretend Row"})
    (page,) = outside.marketplace(pages([raw])).orders()

    assert page.skipped[0].startswith("order JLM1-A: customer.shipping_address")
    assert "Kettle" not in page.skipped[0]


@pytest.mark.parametrize("member", ["price_unit", "price", "shipping_price", "total_price", "commission_fee"])
def test_one_missing_amount_follows_from_the_others(outside: Any, member: str) -> None:
    raw = order()
    raw["order_lines"][0]["total_price"] = 93.95
    del raw["order_lines"][0][member]
    (page,) = outside.marketplace(pages([raw])).orders()
    line = page.items[0].lines[0]

    assert (line.unit_price, line.price, line.shipping_amount) == (Decimal(45), Decimal(90), Decimal("3.95"))


def test_a_sweep_walks_every_page_and_counts_as_one_call(outside: Any) -> None:
    sent = [[order(f"JLM{number}-A") for number in chunk] for chunk in ([1, 2], [3, 4], [5])]
    marketplace = outside.marketplace(pages(*sent))
    found = [item.order_id for page in marketplace.orders() for item in page.items]

    assert found == ["JLM1-A", "JLM2-A", "JLM3-A", "JLM4-A", "JLM5-A"]
    assert all(request.url.params["shop_id"] == "4107" for request in outside.requests)
    with pytest.raises(Deferred):
        list(marketplace.orders())


def test_without_a_link_the_count_is_believed(outside: Any) -> None:
    sent = [[order("JLM1-A")], [order("JLM2-A")], [order("JLM3-A")]]
    found = [item for page in outside.marketplace(pages(*sent, link=False)).orders() for item in page.items]

    assert len(found) == 3


def test_an_order_that_slides_to_the_next_page_is_given_once_but_a_newer_one_again(outside: Any) -> None:
    newer = order("JLM1-A", last_updated_date="2026-11-24T08:59:00Z", order_state="SHIPPED")
    sent = [[order("JLM1-A")], [order("JLM1-A"), newer]]
    found = [item.state for page in outside.marketplace(pages(*sent)).orders() for item in page.items]

    assert found == ["SHIPPING", "SHIPPED"]


def test_pages_that_go_round_in_circles_are_not_taken_for_the_end(outside: Any) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        headers = {"Link": f'<{request.url.copy_set_param("offset", "0")}>; rel="next"'}
        return httpx.Response(200, json={"orders": [order()], "total_count": 9}, headers=headers)

    with pytest.raises(Retriable, match="circles"):
        list(outside.marketplace(app).orders())
    assert len(outside.requests) <= 2


def test_a_link_to_another_house_does_not_get_our_key(outside: Any) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        first = request.url.params["offset"] == "0"
        headers = {"Link": '<https://thief.example/api/orders?offset=1&max=100>; rel="next"'} if first else {}
        return httpx.Response(200, json={"orders": [order()], "total_count": 1}, headers=headers)

    list(outside.marketplace(app).orders())

    assert {request.url.host for request in outside.requests} == {"market.example"}


def test_orders_by_name_are_asked_in_hundreds_and_as_often_as_needed(outside: Any) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        ids = request.url.params["order_ids"].split(",")
        assert len(ids) <= 100
        return httpx.Response(200, json={"orders": [order(each) for each in ids], "total_count": len(ids)})

    wanted = [f"JLM{number}-A" for number in range(230)]
    marketplace = outside.marketplace(app)
    found = [item.order_id for page in marketplace.orders(order_ids=wanted) for item in page.items]

    assert found == wanted
    assert len(outside.requests) == 3
    assert len(list(marketplace.orders(order_ids=["JLM1-A"]))) == 1


def test_moments_are_asked_in_utc_with_a_zone(outside: Any) -> None:
    moment = outside.clock.now() - timedelta(minutes=10)
    list(outside.marketplace(pages([])).orders(created_from=moment, created_to=outside.clock.now()))

    assert outside.requests[0].url.params["start_date"] == "2026-11-24T08:50:00.000Z"
    with pytest.raises(ValueError, match="no time zone"):
        list(outside.marketplace(pages([])).orders(updated_from=moment.replace(tzinfo=None)))


def test_an_answer_without_its_list_is_not_an_empty_list(outside: Any) -> None:
    with pytest.raises(Retriable, match="no orders"):
        list(outside.marketplace(answering(total_count=0)).orders())


def test_every_line_is_accepted(outside: Any) -> None:
    snapshot_id = outside.marketplace(answering(204)).accept("JLM1-A", ["JLM1-A-1", "JLM1-A-2"])

    (request,) = outside.requests
    assert (request.method, request.url.path) == ("PUT", "/api/orders/JLM1-A/accept")
    assert [line["accepted"] for line in json.loads(request.content)["order_lines"]] == [True, True]
    assert snapshot_id == outside.exchanges[0].snapshot_id


def test_every_line_has_its_word_in_one_call(outside: Any) -> None:
    outside.marketplace(answering(204)).accept("JLM1-A", ["JLM1-A-1"], ["JLM1-A-2"])
    (request,) = outside.requests

    assert json.loads(request.content)["order_lines"] == [
        {"id": "JLM1-A-1", "accepted": True}, {"id": "JLM1-A-2", "accepted": False},
    ]  # fmt: skip


def test_accepting_what_is_no_longer_waiting_is_refused(outside: Any) -> None:
    body = {"status": 400, "message": "ORDER_INVALID_STATE"}

    with pytest.raises(Refused) as refused:
        outside.marketplace(answering(400, body)).accept("JLM1-A", ["JLM1-A-1"])
    assert refused.value.code == "ORDER_INVALID_STATE"


def test_references_come_back_one_by_one(outside: Any) -> None:
    body = {
        "updated_orders": [
            {"order_id": "JLM1-A", "errors": [], "updated": {}},
            {"order_id": "JLM2-A", "errors": [{"code": "ORDER_NOT_FOUND", "message": "unknown"}]},
        ]
    }
    outcomes = outside.marketplace(answering(200, body)).write_references(
        {"JLM1-A": "0400001", "JLM2-A": "0400002", "JLM3-A": "0400003"}
    )

    assert [(each.subject, each.is_ok, each.message) for each in outcomes] == [
        ("JLM1-A", True, ""),
        ("JLM2-A", False, "ORDER_NOT_FOUND unknown"),
    ]


def test_a_whole_order_gets_its_tracking_before_it_is_shipped(outside: Any) -> None:
    outside.marketplace(answering(204)).ship_whole("JLM1-A", Tracking("royal-mail", "", "RM123GB"))

    assert [request.url.path for request in outside.requests] == [
        "/api/orders/JLM1-A/tracking",
        "/api/orders/JLM1-A/ship",
    ]
    assert json.loads(outside.requests[0].content) == {"carrier_code": "royal-mail", "tracking_number": "RM123GB"}
    assert outside.requests[1].content == b""


def test_shipping_that_was_not_answered_is_unclear_but_its_tracking_may_be_sent_again(outside: Any) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        if len(outside.requests) == 1 or request.url.path.endswith("/ship"):
            raise httpx.ReadTimeout("slow", request=request)
        return httpx.Response(204)

    with pytest.raises(Unclear):
        outside.marketplace(app).ship_whole("JLM1-A", Tracking("royal-mail", "", "RM123GB"))
    assert [request.url.path.rpartition("/")[2] for request in outside.requests] == ["tracking", "tracking", "ship"]


DRAFTS = [
    ShipmentDraft("JLM1-A", "S1-CTN1", {"JLM1-A-1": 1}, Tracking("dpd-uk", "", "155001")),
    ShipmentDraft("JLM1-A", "S1/CTN2", {"JLM1-A-1": 1}, None),
    ShipmentDraft("JLM2-A", "S2-CTN1", {"JLM2-A-1": 3}, Tracking("", "Local Courier", "77")),
]


def made(draft: ShipmentDraft, number: int) -> dict[str, Any]:
    lines = [{"order_line_id": "x", "quantity": 1, "package_reference": draft.reference}]
    return {"id": f"ship-{number}", "order_id": draft.order_id, "status": "SHIPPED", "shipment_lines": lines}


def test_parcels_are_confirmed_or_refused_each_by_itself(outside: Any) -> None:
    body = {
        "shipment_success": [made(DRAFTS[2], 3), made(DRAFTS[0], 1)],
        "shipment_errors": [{"order_id": "JLM1-A", "message": "more than remains"}],
    }
    outcomes = outside.marketplace(answering(201, body)).create_shipments(DRAFTS)
    sent = json.loads(outside.requests[0].content)["shipments"]

    assert [(each.subject, each.is_ok, each.reference, each.message) for each in outcomes] == [
        ("S1-CTN1", True, "ship-1", ""),
        ("S1/CTN2", False, "", "more than remains"),
        ("S2-CTN1", True, "ship-3", ""),
    ]
    assert [each.get("invoice_reference") for each in sent] == ["S1-CTN1", None, "S2-CTN1"]
    assert sent[2]["tracking"] == {"carrier_name": "Local Courier", "tracking_number": "77"}
    assert "tracking" not in sent[1]


def test_a_parcel_the_answer_forgets_has_no_outcome(outside: Any) -> None:
    body = {"shipment_success": [made(DRAFTS[0], 1)], "shipment_errors": []}
    outcomes = outside.marketplace(answering(201, body)).create_shipments(DRAFTS)

    assert [each.subject for each in outcomes] == ["S1-CTN1"]


def test_a_parcel_whose_reference_got_lost_is_known_as_the_only_one_of_its_order(outside: Any) -> None:
    holed = made(DRAFTS[2], 3)
    del holed["shipment_lines"]
    outcomes = outside.marketplace(answering(201, {"shipment_success": [holed]})).create_shipments([DRAFTS[2]])

    assert outcomes[0].reference == "ship-3"


@pytest.mark.parametrize("body", [{}, {"shipment_success": []}, [], {"shipment_success": [{"id": {"odd": 1}}]}])
def test_an_answer_about_no_parcel_at_all_is_unclear(outside: Any, body: Any) -> None:
    with pytest.raises(Unclear):
        outside.marketplace(answering(201, body)).create_shipments(DRAFTS)


def test_shipments_are_found_again_by_our_reference(outside: Any) -> None:
    listed = {
        **made(DRAFTS[1], 2),
        "tracking": {"tracking_number": "155001"},
        "shipped_date": "2026-11-24T08:00:00Z",
    }
    (page,) = outside.marketplace(answering(data=[listed], next_page_token=None)).shipments(["JLM1-A", "JLM1-A"])

    (got,) = page.items
    assert (got.reference, got.tracking, got.quantities) == ("S1/CTN2", "155001", {"x": 1})
    assert outside.requests[0].url.params.get_list("order_id") == ["JLM1-A"]


def test_cancelled_units_are_sent_with_their_exact_amounts(outside: Any) -> None:
    body = {"cancelations": [{"cancelation_id": "C1", "order_line_id": "JLM1-A-1"}]}
    wanted = [LineCancelation("JLM1-A-1", 1, Decimal("45.10"), Decimal(0), "CNL-SHORT-PICK")]
    outside.marketplace(answering(200, body)).cancel_lines(wanted)

    assert b'"amount":45.10' in outside.requests[0].content


def test_a_cancelation_the_answer_does_not_mention_is_unclear(outside: Any) -> None:
    wanted = [LineCancelation("JLM1-A-1", 1, Decimal(45), Decimal(0), "CNL-SHORT-PICK")]

    with pytest.raises(Unclear, match="JLM1-A-1"):
        outside.marketplace(answering(200, {"cancelations": []})).cancel_lines(wanted)


def test_offers_keep_their_sku_byte_for_byte(outside: Any) -> None:
    offers = [
        {"offer_id": 1, "shop_sku": "NMK-04117 ", "quantity": 3, "price": 45, "active": True},
        {"offer_id": 2, "shop_sku": "nmk-04117", "quantity": 0, "inactivity_reasons": ["ZERO_QUANTITY", "NEW"]},
        {"offer_id": 3, "quantity": 1},
    ]
    (page,) = outside.marketplace(answering(offers=offers, total_count=3)).offers()

    assert [item.sku for item in page.items] == ["NMK-04117 ", "nmk-04117"]
    assert page.items[1].inactivity_reasons == ("ZERO_QUANTITY", "NEW")
    assert page.skipped == ("offer without a name: shop_sku is missing",)


def test_a_stock_file_is_quoted_so_that_every_sku_arrives_as_it_is(outside: Any) -> None:
    marketplace = outside.marketplace(answering(201, {"import_id": "6a2d"}))

    assert marketplace.import_stock({"NMK-04117-WHT": 12, 'ODD";"SKU': 0}) == "6a2d"
    sent = outside.requests[0].content
    assert b'"offer-sku";"quantity";"warehouse-code";"update-delete"\n"NMK-04117-WHT";"12";"";""\n' in sent
    assert b'"ODD"";""SKU";"0";"";""\n' in sent
    assert b'name="file"; filename="stock.csv"' in sent
    with pytest.raises(Deferred):
        marketplace.import_stock({"NMK-04117-WHT": 11})


def test_a_stock_import_without_an_id_is_unclear(outside: Any) -> None:
    with pytest.raises(Unclear):
        outside.marketplace(answering(201, {})).import_stock({"NMK-04117-WHT": 12})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("WAITING", "waiting"),
        ("QUEUED", "waiting"),
        ("RUNNING", "running"),
        ("COMPLETE", "complete"),
        ("FAILED", "failed"),
        ("A_STATE_OF_NEXT_YEAR", "running"),
    ],
)
def test_an_import_ends_only_in_a_state_we_know(outside: Any, theirs: str, ours: str) -> None:
    body = {"import_id": "6a2d", "status": theirs, "lines_in_success": 3, "has_error_report": True}
    status = outside.marketplace(answering(200, body)).import_status("6a2d")

    assert (status.state, status.raw_state, status.success_count) == (ours, theirs, 3)


@pytest.mark.parametrize("separator", [";", ","])
def test_an_error_report_says_why_for_each_sku(outside: Any, separator: str) -> None:
    rows = [["error-line", "error-message", "offer-sku", "quantity"], ["2", "The offer does not exist", "X 1", "3"]]
    text = "\ufeff" + "\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)

    def app(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=text.encode(), headers={"Content-Type": "text/csv"})

    assert outside.marketplace(app).import_errors("6a2d") == {"X 1": "The offer does not exist"}


def ledger(number: int, **members: Any) -> dict[str, Any]:
    moment = f"2026-11-24T0{number}:00:00Z"
    return {
        "id": f"T{number}",
        "type": "COMMISSION_VAT",
        "amount": -3.76,
        "currency_iso_code": "GBP",
        "date_created": moment,
        "last_updated": moment,
        **members,
    }


def test_the_ledger_is_walked_by_token_and_a_moved_row_is_given_again(outside: Any) -> None:
    first = [ledger(1), ledger(2, entities={"order": {"id": "JLM1-A"}, "shop_tax": {"rate": 20}})]
    second = [
        ledger(2),
        ledger(2, last_updated="2026-11-24T09:00:00Z", payment_state="PAID"),
        ledger(3, amount=None),
    ]

    def app(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("page_token") == "T2":
            return httpx.Response(200, json={"data": second, "next_page_token": None})
        return httpx.Response(200, json={"data": first, "next_page_token": "T2"})

    moment = outside.clock.now() - timedelta(days=1)
    found = list(outside.marketplace(app).transactions(updated_from=moment))

    assert [item.transaction_id for page in found for item in page.items] == ["T1", "T2", "T2"]
    assert found[0].items[1].order_id == "JLM1-A"
    assert found[0].items[1].tax_rate == 20
    assert found[1].skipped == ("transaction T3: amount is missing",)
    assert outside.requests[0].url.params["limit"] == "2000"


def test_a_token_that_repeats_is_an_error_and_not_an_endless_walk(outside: Any) -> None:
    body = {"data": [ledger(1)], "next_page_token": "AGAIN"}

    with pytest.raises(Retriable, match="circles"):
        list(outside.marketplace(answering(200, body)).transactions(updated_from=outside.clock.now()))
    assert len(outside.requests) == 2


def test_without_the_accountancy_role_the_role_is_named(outside: Any) -> None:
    with pytest.raises(Fatal, match="ROLE_SHOP_ACCOUNTANCY"):
        list(outside.marketplace(answering(403, {})).transactions(updated_from=outside.clock.now()))


def test_a_payout_keeps_its_totals(outside: Any) -> None:
    cycle = {
        "id": "C1",
        "date_created": "2026-11-14T00:00:00Z",
        "currency_iso_code": "GBP",
        "amount_transferred_to_seller": 3180.40,
        "payment_voucher_number": "V77",
        "pay_out": {"state": "PAID", "transaction_date": "2026-11-15T00:00:00Z"},
        "summary": {"total_commissions_incl_tax": -22.55, "total_subscription_incl_tax": None},
    }
    (page,) = outside.marketplace(answering(data=[cycle])).billing_cycles(created_from=outside.clock.now())

    assert page.items[0].amount == Decimal("3180.4")
    assert page.items[0].totals == {"total_commissions_incl_tax": Decimal("-22.55")}


def test_the_rules_must_say_how_orders_go(outside: Any) -> None:
    with pytest.raises(Retriable, match="order_acceptance"):
        outside.marketplace(answering(200, {"tenant_name": "x"})).rules()


def test_start_up_answers_are_read(outside: Any) -> None:
    bodies = {
        "/api/version": {"version": "3.412"},
        "/api/account": {"shop_id": 4107, "model": "MARKETPLACE", "payment_details": {"paid_balance": 1.5}},
        "/api/platform/configuration": {
            "tenant_name": "johnlewisuk-test",
            "features": {
                "order_workflows": {"order_acceptance": "NOT_AUTOMATIC"},
                "shipment": {"multi_shipment": True},
            },
            "platform_configuration": {"platform_model": {"marketplace": True}},
        },
        "/api/shipping/carriers": {"carriers": [{"code": "dpd-uk", "label": "DPD"}, {"label": "nameless"}]},
        "/api/shipping/types": {"shipping_types": [{"code": "STD"}, {"code": "L", "mandatory_tracking": False}]},
        "/api/reasons": {"reasons": [{"code": "CNL", "type": "CANCELATION", "is_shop_right": True}]},
    }
    marketplace = outside.marketplace(lambda request: httpx.Response(200, json=bodies[request.url.path]))

    assert marketplace.ping() == "3.412"
    account = marketplace.account()
    assert (account.shop_id, account.balances) == ("4107", {"paid": Decimal("1.5")})
    rules = marketplace.rules()
    assert (rules.multi_shipment, rules.is_marketplace, rules.address_before_acceptance) == (True, True, False)
    assert [code.code for code in marketplace.carriers()] == ["dpd-uk"]
    assert [code.detail["mandatory_tracking"] for code in marketplace.shipping_types()] == [True, False]
    assert marketplace.reasons()[0].detail == {"type": "CANCELATION", "is_ours": True}
