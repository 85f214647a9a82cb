"""What each write at the pretend marketplace refuses: unknown ids, wrong states, bodies not as described."""

from typing import Any

import pytest


def accept_path(order: Any) -> str:
    return f"/api/orders/{order.order_id}/accept"


def cancelation(order: Any, **changes: Any) -> dict[str, Any]:
    line = order.lines[0]
    return {
        "order_line_id": line.line_id,
        "amount": float(line.price),
        "shipping_amount": 0,
        "quantity": line.quantity,
        "reason_code": "CNL-OUT-OF-STOCK",
        **changes,
    }


def cancel(shop: Any, *rows: dict[str, Any], **more: Any) -> Any:
    return shop.ask("PUT", "/api/orders/cancel", json={"cancelations": list(rows), **more})


UNKNOWN: tuple[tuple[str, str, Any], ...] = (
    ("PUT", "/api/orders/JLM0-A/accept", {"order_lines": [{"id": "JLM0-A-1", "accepted": True}]}),
    ("PUT", "/api/orders/JLM0-A/tracking", {"carrier_code": "dpd-uk", "tracking_number": "1"}),
    ("PUT", "/api/orders/JLM0-A/ship", None),
    (
        "PUT",
        "/api/orders/cancel",
        {
            "cancelations": [
                {
                    "order_line_id": "JLM0-A-1",
                    "amount": 1,
                    "shipping_amount": 0,
                    "quantity": 1,
                    "reason_code": "CNL-OUT-OF-STOCK",
                }
            ]
        },
    ),
    ("GET", "/api/offers/stock/imports/0/status", None),
    ("GET", "/api/offers/stock/imports/0/error_report", None),
)


@pytest.mark.parametrize(("method", "path", "body"), UNKNOWN, ids=[each[1] for each in UNKNOWN])
def test_an_unknown_id_is_404(shop: Any, method: str, path: str, body: Any) -> None:
    answer = shop.ask(method, path, **({} if body is None else {"json": body}))

    assert (answer.status_code, answer.json()["status"]) == (404, 404)


def test_each_move_is_made_from_its_own_state_and_from_no_other(shop: Any) -> None:
    waiting, paid = shop.order(), shop.order(to_ship=True)
    line = paid.lines[0].line_id
    too_early = [
        shop.ask("PUT", f"/api/orders/{waiting.order_id}/tracking", json=TRACKING),
        shop.ask("PUT", f"/api/orders/{waiting.order_id}/ship"),
        cancel(shop, cancelation(waiting)),
    ]
    twice = shop.ask("PUT", accept_path(paid), json={"order_lines": [{"id": line, "accepted": True}]})
    shop.ship(paid, 1)
    too_late = [
        shop.ask("PUT", f"/api/orders/{paid.order_id}/ship"),
        cancel(shop, cancelation(paid)),
    ]

    assert {answer.status_code for answer in (*too_early, twice, *too_late)} == {400}
    assert shop.ship(waiting, 1).json()["shipment_errors"][0]["order_id"] == waiting.order_id
    assert shop.ship(paid, 1).json()["shipment_success"] == []
    assert (waiting.state, paid.state) == ("WAITING_ACCEPTANCE", "SHIPPED")


TRACKING = {"carrier_code": "dpd-uk", "tracking_number": "1550123"}


def test_an_order_in_staging_can_only_be_looked_at_until_the_operator_lets_it_go(shop: Any) -> None:
    stock = shop.world.john_lewis.offers[shop.skus[0]].quantity
    order = shop.order((shop.skus[0], 2), is_staged=True)
    seen = shop.seen(order)
    decisions = [{"id": order.lines[0].line_id, "accepted": True}]
    early = shop.ask("PUT", accept_path(order), json={"order_lines": decisions})
    shop.world.advance(60)
    waiting = order.state
    late = shop.ask("PUT", accept_path(order), json={"order_lines": decisions})

    assert (seen["order_state"], seen["customer"]["shipping_address"]) == ("STAGING", None)
    assert shop.world.john_lewis.offers[shop.skus[0]].quantity == stock - 2
    assert (early.status_code, waiting, late.status_code) == (400, "WAITING_ACCEPTANCE", 204)


def test_the_acceptance_window_of_a_staged_order_begins_when_it_is_let_go(shop: Any) -> None:
    order = shop.order(is_staged=True)
    shop.world.advance(24 * 60 + 5)
    still = order.state
    shop.world.advance(60)

    assert (still, order.state) == ("WAITING_ACCEPTANCE", "REFUSED")


def test_partial_acceptance_is_a_switch_of_the_operator(shop: Any) -> None:
    shop.world.scenario("no_partial_acceptance")
    order = shop.order((shop.skus[0], 1), (shop.skus[1], 1))
    first, second = (line.line_id for line in order.lines)

    def accept(first_too: bool, second_too: bool) -> Any:
        rows = [{"id": first, "accepted": first_too}, {"id": second, "accepted": second_too}]
        return shop.ask("PUT", accept_path(order), json={"order_lines": rows})

    assert "ORDER_PARTIAL_ACCEPTANCE_DISABLED" in accept(True, False).json()["message"]
    assert order.state == "WAITING_ACCEPTANCE"
    assert accept(False, False).status_code == 204
    assert order.state == "REFUSED"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"order_lines": [None]}, "ORDER_LINE_NULL_ELEMENT"),
        ({"order_lines": []}, "VALIDATION_ERROR"),
        ({"order_lines": "all"}, "VALIDATION_ERROR"),
        ({"order_lines": [{"id": "x"}]}, "VALIDATION_ERROR"),
        ({"order_lines": [{"id": 7, "accepted": True}]}, "VALIDATION_ERROR"),
        ({}, "VALIDATION_ERROR"),
        ([], "VALIDATION_ERROR"),
    ],
)
def test_an_acceptance_that_is_none_says_which_code(shop: Any, body: Any, code: str) -> None:
    answer = shop.ask("PUT", accept_path(shop.order()), json=body)

    assert (answer.status_code, answer.json()["message"].startswith(code)) == (400, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 0},
        {"quantity": 4},
        {"quantity": True},
        {"quantity": "1"},
        {"amount": 1e9},
        {"amount": -1},
        {"amount": "45"},
        {"amount": None},
        {"shipping_amount": 99},
        {"reason_code": "CNL-CUSTOMER"},  # not for the seller to use
        {"reason_code": "RFD-SIZE"},  # not a reason to cancel
        {"reason_code": None},
    ],
)
def test_a_cancelation_it_cannot_take_changes_nothing(shop: Any, changes: dict[str, Any]) -> None:
    order = shop.order((shop.skus[0], 3), to_ship=True)
    answer = cancel(shop, cancelation(order, **changes))

    assert answer.status_code == 400
    assert (order.lines[0].cancelations, order.state) == ([], "SHIPPING")


def test_one_bad_row_of_a_cancelation_spoils_the_whole_call(shop: Any) -> None:
    first, second = shop.order(to_ship=True), shop.order(to_ship=True)
    spoiled = cancel(shop, cancelation(first), cancelation(second, quantity=9))
    doubled = cancel(shop, cancelation(first), cancelation(first))
    whole = cancel(shop, cancelation(first), cancelation(second), order_tax_mode="TAX_EXCLUDED")

    assert (spoiled.status_code, doubled.status_code, whole.status_code) == (400, 400, 200)
    assert whole.json()["order_tax_mode"] == "TAX_EXCLUDED"
    assert (first.state, second.state) == ("CANCELED", "CANCELED")
    assert len(first.lines[0].cancelations) == 1


def test_a_sellers_reference_is_replaced_and_cleared_and_has_its_length(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    order = shop.order()

    def refer(reference: Any) -> int:
        row = {"order_id": order.order_id, "references": {"order_reference_for_seller": reference}}
        status: int = shop.ask("PUT", "/api/orders", json={"orders": [row]}).status_code
        return status

    assert (refer("0400001"), order.reference_for_seller) == (200, "0400001")
    assert (refer("x" * 2000), len(order.reference_for_seller)) == (200, 2000)
    assert (refer("x" * 2001), refer(""), refer(7)) == (400, 400, 400)
    assert (refer(None), order.reference_for_seller) == (200, None)
    assert shop.ask("PUT", "/api/orders", json={"orders": [{"order_id": "x"}] * 101}).status_code == 400


def test_a_parcel_is_made_first_and_shipped_by_its_order_later(shop: Any) -> None:
    order = shop.order((shop.skus[0], 2), to_ship=True)
    made = shop.ship(order, 2, shipped=False)
    over = shop.ship(order, 1)

    assert made.json()["shipment_success"][0]["status"] == "SHIPPING"
    assert (order.state, order.lines[0].shipped_quantity) == ("SHIPPING", 0)
    assert "has 2 to ship, not 3" in over.json()["shipment_errors"][0]["message"]


@pytest.mark.parametrize(
    "changes",
    [
        {"shipment_lines": []},
        {"shipment_lines": None},
        {"shipment_lines": [{"order_line_id": "x", "quantity": 0}]},
        {"shipment_lines": [{"order_line_id": "x", "quantity": 1.5}]},
        {"shipment_lines": [{"order_line_id": 7, "quantity": 1}]},
        {"order_id": None},
        {"tracking": "RM1"},
        {"tracking": {"carrier_code": "dpd-uk", "tracking_number": 1550123}},
        {"shipped": "yes"},
        {"invoice_reference": "with blanks"},
        {"invoice_reference": "x" * 256},
        {"shipping_from": "WH1"},
        {"shipping_from": {"warehouse": "WH1"}},
    ],
)
def test_a_parcel_that_is_not_as_described_spoils_the_whole_call(shop: Any, changes: dict[str, Any]) -> None:
    order = shop.order(to_ship=True)
    answer = shop.ship(order, 1, **changes)

    assert (answer.status_code, "VALIDATION_ERROR" in answer.json()["message"]) == (400, True)
    assert order.shipments == []


def test_parcels_of_many_orders_are_taken_up_to_a_thousand_and_each_by_itself(shop: Any) -> None:
    good, bad = shop.order(to_ship=True), shop.order()
    rows = [
        {
            "order_id": order.order_id,
            "shipped": True,
            "shipment_lines": [{"order_line_id": order.lines[0].line_id, "quantity": 1}],
            "tracking": TRACKING,
        }
        for order in (good, bad)
    ]
    mixed = shop.ask("POST", "/api/shipments", json={"shipments": rows})
    crowd = shop.ask("POST", "/api/shipments", json={"shipments": rows * 501})

    assert [each["order_id"] for each in mixed.json()["shipment_success"]] == [good.order_id]
    assert [each["order_id"] for each in mixed.json()["shipment_errors"]] == [bad.order_id]
    assert crowd.status_code == 400


@pytest.mark.parametrize(
    ("path", "method"),
    [("/api/shipments", "POST"), ("/api/shipments", "GET"), ("/api/shipments/items_to_ship", "GET")],
)
def test_without_multi_shipment_there_are_no_parcels_to_speak_of(shop: Any, path: str, method: str) -> None:
    shop.world.scenario("multi_shipment_off")

    assert shop.ask(method, path, **({"json": {}} if method == "POST" else {})).status_code == 400
    features = shop.ask("GET", "/api/platform/configuration").json()["features"]
    assert features["shipment"]["multi_shipment"] is False


def test_a_stock_file_needs_its_part_and_may_come_with_commas_and_a_byte_order_mark(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    sku = shop.skus[0]
    missing = shop.ask("POST", "/api/offers/stock/imports", files={"stock": ("s.csv", b"x", "text/csv")})
    sent = shop.send_stock(f'\ufeff"offer-sku","quantity"\n"{sku}","7"\n')
    latin = shop.ask(
        "POST", "/api/offers/stock/imports", files={"file": ("s.csv", b"offer-sku;quantity\n\xff;1\n", "text/csv")}
    )
    shop.world.advance(5)
    states = [
        shop.ask("GET", f"/api/offers/stock/imports/{each.json()['import_id']}/status").json()["status"]
        for each in (sent, latin)
    ]

    assert missing.status_code == 400
    assert sent.headers["location"].endswith(f"/{sent.json()['import_id']}/status")
    assert states == ["COMPLETE", "FAILED"]
    assert shop.world.john_lewis.offers[sku].quantity == 7


def test_an_order_on_an_offer_of_no_sku_comes_even_in_a_small_catalogue(shop: Any) -> None:
    shop.world.scenario("bad_sku_order")
    (order,) = shop.world.john_lewis.orders.values()

    assert len(shop.world.skus) == 60
    assert order.lines[0].offer_sku not in shop.world.by_shop_sku
    assert shop.world.john_lewis.offers[order.lines[0].offer_sku].sku_key is None
