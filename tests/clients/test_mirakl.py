"""The marketplace's orders in our words, odd ones too, and what we answer to them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sync.errors import Deferred, Refused, Retriable
from tests.clients.market import answering, order, pages


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


def test_why_an_order_is_in_its_state_is_read_with_its_code_as_far_as_it_is_told(outside: Any) -> None:
    told = [("Not accepted in time", "AUTO-REFUSED"), (None, "AUTO-REFUSED"), ("Sold out", None), (None, None)]
    sent = [
        order(f"JLM{number}-A", order_state_reason_label=label, order_state_reason_code=code)
        for number, (label, code) in enumerate(told)
    ]
    (page,) = outside.marketplace(pages(sent)).orders()

    assert [one.state_reason for one in page.items] == [
        "Not accepted in time (AUTO-REFUSED)", "AUTO-REFUSED", "Sold out", "",
    ]  # fmt: skip


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
