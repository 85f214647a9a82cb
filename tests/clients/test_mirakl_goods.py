"""Parcels, offers, stock files, the ledger and the rules, in the marketplace's words and in ours."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sync.errors import Deferred, Fatal, Retriable, Unclear
from sync.ports import LineCancelation, ShipmentDraft, Tracking
from tests.clients.market import answering


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
        ("CANCELLED", "failed"),
        ("CANCELED", "failed"),
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
