"""The pretend marketplace keeps to its manners: who may ask, and what each state allows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.sandbox.john_lewis import API_KEY, KEY_WITHOUT_ACCOUNTANCY

# -- who may ask ------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "wrong", f"Bearer {API_KEY}"])
def test_a_wrong_key_is_401(shop: Any, key: str) -> None:
    answer = shop.ask("GET", "/api/version", headers={"Authorization": key})

    assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_money_needs_the_accountancy_role_and_the_rest_does_not(shop: Any) -> None:
    headers = {"Authorization": KEY_WITHOUT_ACCOUNTANCY}

    assert shop.ask("GET", "/api/sellerpayment/transactions_logs", headers=headers).status_code == 403
    assert shop.ask("GET", "/api/account", headers=headers).status_code == 200


# -- acceptance and payment ------------------------------------------------------------------


def test_addresses_are_hidden_until_the_order_is_accepted(shop: Any) -> None:
    order = shop.order()
    before = shop.seen(order)["customer"]
    shop.ask(
        "PUT",
        f"/api/orders/{order.order_id}/accept",
        json={"order_lines": [{"id": order.lines[0].line_id, "accepted": True}]},
    )
    after = shop.seen(order)["customer"]

    assert (before["shipping_address"], before["billing_address"]) == (None, None)
    assert after["shipping_address"]["country_iso_code"] == "GBR"


def test_acceptance_needs_a_decision_on_every_line_once_and_the_right_state(shop: Any) -> None:
    order = shop.order((shop.skus[0], 1), (shop.skus[1], 1))
    first, second = (line.line_id for line in order.lines)
    path = f"/api/orders/{order.order_id}/accept"

    def accept(*lines: tuple[str, bool]) -> Any:
        return shop.ask("PUT", path, json={"order_lines": [{"id": line, "accepted": yes} for line, yes in lines]})

    assert "ORDER_LINE_ACCEPTANCE_DECISION_MISSING" in accept((first, True)).json()["message"]
    assert "ORDER_LINE_DUPLICATE_ID" in accept((first, True), (first, True)).json()["message"]
    assert "ORDER_LINE_NOT_FOUND" in accept((first, True), ("JLM1-A-1", True)).json()["message"]
    assert accept((first, True), (second, False)).status_code == 204
    assert "ORDER_INVALID_STATE" in accept((first, True), (second, True)).json()["message"]
    assert [line.state for line in order.lines] == ["WAITING_DEBIT", "REFUSED"]
    assert (
        shop.ask(
            "PUT", "/api/orders/JLM1-A/accept", json={"order_lines": [{"id": "x", "accepted": True}]}
        ).status_code
        == 404
    )


def test_an_order_nobody_accepts_is_refused_after_a_day(shop: Any) -> None:
    order = shop.order()

    shop.world.advance(24 * 60 - 1)
    before = order.state
    shop.world.advance(1)

    assert (before, order.state) == ("WAITING_ACCEPTANCE", "REFUSED")


def test_an_accepted_order_waits_for_its_money_and_then_has_a_london_deadline(shop: Any) -> None:
    order = shop.order(to_ship=True)  # Tuesday 24 March 2026; the clocks change on the 29th

    assert shop.seen(order)["shipping_deadline"] == "2026-03-26T23:59:59.999Z"
    shop.world.advance_to(datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
    assert shop.seen(shop.order(to_ship=True))["shipping_deadline"] == "2026-03-31T22:59:59.999Z"


def test_an_order_that_is_never_paid_ends_cancelled(shop: Any) -> None:
    order = shop.order(will_pay=False)
    shop.world.john_lewis.order_room.accept(order.order_id, [(order.lines[0].line_id, True)])
    shop.world.advance(8)
    waiting = order.state
    shop.world.advance(120)

    assert (waiting, order.state) == ("WAITING_DEBIT_PAYMENT", "CANCELED")
    assert shop.world.john_lewis.ledger.rows == []


def test_automatic_acceptance_is_a_switch_that_the_configuration_tells_of(shop: Any) -> None:
    shop.world.scenario("acceptance_automatic")

    workflows = shop.ask("GET", "/api/platform/configuration").json()["features"]["order_workflows"]

    assert workflows["order_acceptance"] == "AUTOMATIC"
    assert shop.order().state == "WAITING_DEBIT"


# -- dispatch --------------------------------------------------------------------------------


def test_shipping_in_parts_leaves_the_rest_to_ship_and_never_ships_more(shop: Any) -> None:
    order = shop.order((shop.skus[0], 3), to_ship=True)

    first = shop.ship(order, 2).json()
    rest = shop.ask("GET", "/api/shipments/items_to_ship", params={"order_id": order.order_id}).json()["data"]
    over = shop.ship(order, 2)
    state_before, _ = order.state, shop.ship(order, 1)

    assert first["shipment_success"][0]["tracking"]["validity_status"] == "UNVERIFIED"
    assert rest[0]["shipment_lines"][0]["quantity"] == 1
    assert (over.status_code, len(over.json()["shipment_errors"])) == (201, 1)
    assert (state_before, order.state) == ("SHIPPING", "SHIPPED")
    assert len(shop.ask("GET", "/api/shipments", params={"order_id": order.order_id}).json()["data"]) == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"tracking": {"carrier_code": "dpx-local", "tracking_number": "1"}}, "not registered"),
        ({"tracking": {"carrier_code": "dpd-uk"}}, "needs a tracking number"),
        ({"tracking": None}, "needs a tracking number"),
        ({"order_id": "JLM1-A"}, "not found"),
    ],
)
def test_a_shipment_it_cannot_take_is_an_error_row(shop: Any, more: dict[str, Any], words: str) -> None:
    answer = shop.ship(shop.order(to_ship=True), 1, **more)

    assert answer.status_code == 201
    assert words in answer.json()["shipment_errors"][0]["message"]


def test_without_multi_shipment_the_whole_order_is_tracked_then_shipped_once(shop: Any) -> None:
    shop.world.scenario("multi_shipment_off")
    order = shop.order(to_ship=True)
    path = f"/api/orders/{order.order_id}"

    assert shop.ship(order, 1).status_code == 400
    assert shop.ask("PUT", f"{path}/ship").status_code == 400  # mandatory tracking
    assert shop.ask("PUT", f"{path}/tracking", json={"carrier_name": "Somebody"}).status_code == 400
    assert (
        shop.ask(
            "PUT", f"{path}/tracking", json={"carrier_code": "dpd-uk", "tracking_number": "1550123"}
        ).status_code
        == 204
    )
    assert shop.ask("PUT", f"{path}/ship").status_code == 204
    assert shop.ask("PUT", f"{path}/ship").status_code == 400
    assert shop.seen(order)["shipping_tracking_url"] == "https://track.dpd-uk.example/parcels/1550123"


def test_a_cancelled_rest_makes_a_part_shipped_order_shipped(shop: Any) -> None:
    order = shop.order((shop.skus[0], 2), to_ship=True)
    shop.ship(order, 1)
    line = order.lines[0]
    cancelation = {
        "order_line_id": line.line_id, "amount": float(line.unit_price), "shipping_amount": 0, "quantity": 1,
        "reason_code": "CNL-SHORT-PICK",
    }  # fmt: skip

    answer = shop.ask("PUT", "/api/orders/cancel", json={"cancelations": [cancelation]})
    again = shop.ask("PUT", "/api/orders/cancel", json={"cancelations": [cancelation]})
    theirs = shop.ask(
        "PUT", "/api/orders/cancel", json={"cancelations": [{**cancelation, "reason_code": "RFD-SIZE"}]}
    )

    assert answer.json()["cancelations"][0]["quantity"] == 1
    assert (order.state, again.status_code, theirs.status_code) == ("SHIPPED", 400, 400)


# -- stock -----------------------------------------------------------------------------------


def test_an_import_overwrites_what_was_sold_while_it_waited(shop: Any) -> None:
    sku = shop.skus[0]
    offer = shop.world.john_lewis.offers[sku]
    import_id = shop.send_stock(f"offer-sku;quantity\n{sku};5\n").json()["import_id"]
    shop.order((sku, 2))
    sold_to = offer.quantity
    status = shop.ask("GET", f"/api/offers/stock/imports/{import_id}/status").json()["status"]
    shop.world.advance(4)

    assert (status, sold_to != 5, offer.quantity) == ("WAITING", True, 5)
    shop.order((sku, 1))
    assert offer.quantity == 4


def test_an_import_with_bad_lines_completes_with_a_report_and_one_without_columns_fails(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    good = shop.skus[0]
    rows = [(good, "1", ""), (good, "-1", ""), (good, "1", "WH9"), ("X", "1", "")]
    text = "offer-sku;quantity;warehouse-code\n" + "".join(";".join(row) + "\n" for row in rows)
    partial = shop.send_stock(text).json()["import_id"]
    failed = shop.send_stock("sku;stock\nA;1\n").json()["import_id"]
    shop.world.advance(4)

    def status(import_id: str) -> Any:
        return shop.ask("GET", f"/api/offers/stock/imports/{import_id}/status").json()

    assert {**status(partial), "date_created": ""} == {
        "import_id": partial, "shop_id": 4107, "status": "COMPLETE", "lines_in_success": 1,
        "lines_in_error": 3, "has_error_report": True, "date_created": "",
    }  # fmt: skip
    assert status(failed)["status"] == "FAILED"
    report = shop.ask("GET", f"/api/offers/stock/imports/{partial}/error_report").text
    assert [line.split(";")[0] for line in report.splitlines()] == ['"error-line"', '"3"', '"4"', '"5"']
    assert shop.ask("GET", f"/api/offers/stock/imports/{failed}/error_report").status_code == 404


def test_the_same_file_again_is_the_same_import_and_a_second_file_in_a_minute_is_429(shop: Any) -> None:
    text = f"offer-sku;quantity\n{shop.skus[0]};5\n"
    first = shop.send_stock(text)
    too_fast = shop.send_stock(text)
    shop.world.advance(1)
    again = shop.send_stock(text)

    assert (too_fast.status_code, int(too_fast.headers["retry-after"])) == (429, 60)
    assert again.json() == first.json()


# -- money -----------------------------------------------------------------------------------


def test_a_sale_is_pending_payable_then_paid_and_a_later_refund_falls_in_a_later_cycle(shop: Any) -> None:
    world = shop.world
    order = shop.order((shop.skus[0], 2), to_ship=True)
    shop.ship(order, 2)
    line, ledger = order.lines[0], world.john_lewis.ledger

    def states() -> set[str]:
        return {row.state for row in ledger.of_order(order.order_id)}

    pending = states()
    world.advance(5 * 1440)
    payable = states()
    world.advance_to(datetime(2026, 4, 1, 3, 0, tzinfo=UTC))
    first = ledger.cycles[0]
    told = shop.ask("GET", "/api/seller-billing-cycles").json()["data"][0]
    world.advance_to(datetime(2026, 4, 4, 3, 0, tzinfo=UTC))
    paid = states()
    world.john_lewis.order_room.refund(line.line_id, line.unit_price, Decimal(0), 1, "RFD-SIZE")
    other = shop.order((shop.skus[1], 5), to_ship=True)
    world.john_lewis.order_room.ship(other.order_id) if other.tracking else shop.ship(other, 5)
    world.advance_to(datetime(2026, 4, 11, 3, 0, tzinfo=UTC))

    assert (pending, payable, paid) == ({"PENDING"}, {"PAYABLE"}, {"PAID"})
    assert (told["pay_out"]["state"], told["summary"]["total_commissions_excl_tax"] < 0) == ("TO_PAY", True)
    payment = next(row for row in ledger.rows if row.type == "PAYMENT")
    assert payment.debited == first.net == sum(row.amount for row in first.rows)
    refunds = [row for row in ledger.of_order(order.order_id) if row.type.startswith("REFUND")]
    assert {row.cycle_id for row in refunds} == {ledger.cycles[1].cycle_id}
    assert {row.type for row in ledger.cycles[0].rows} >= {"SUBSCRIPTION_FEE", "SUBSCRIPTION_VAT"}


def test_what_a_line_earned_is_what_the_ledger_says(shop: Any) -> None:
    order = shop.order((shop.skus[0], 3), to_ship=True)
    shop.ship(order, 3)
    line, room = order.lines[0], shop.world.john_lewis.order_room
    room.refund(line.line_id, line.unit_price, Decimal(0), 1, "RFD-SIZE")
    room.refund(line.line_id, line.amount_left, line.shipping_left, 2, "RFD-FAULTY")

    ledger = shop.world.john_lewis.ledger.of_order(order.order_id)

    assert sum(row.amount for row in ledger) == 0
    assert shop.seen(order)["order_lines"][0]["order_line_state"] == "REFUNDED"
    assert shop.seen(order)["fully_refunded"] is True


def test_an_open_incident_holds_the_money_of_its_line(shop: Any) -> None:
    order = shop.order(to_ship=True)
    shop.ship(order, 1)
    room = shop.world.john_lewis.order_room
    room.open_incident(order.lines[0].line_id, "INC-NOT-RECEIVED")
    room.receive(order)
    held = {row.state for row in shop.world.john_lewis.ledger.of_order(order.order_id)}
    seen = shop.seen(order)
    room.close_incident(order.lines[0].line_id)

    assert (held, seen["has_incident"]) == ({"PENDING"}, True)
    assert {row.state for row in shop.world.john_lewis.ledger.of_order(order.order_id)} == {"PAYABLE"}


def test_the_reference_of_the_seller_is_kept_and_an_unknown_order_is_an_error_row(shop: Any) -> None:
    order = shop.order()
    rows = [
        {"order_id": each, "references": {"order_reference_for_seller": "0400001"}}
        for each in (order.order_id, "JLM1-A")
    ]

    answer = shop.ask("PUT", "/api/orders", json={"orders": rows}).json()["updated_orders"]

    assert [[error["code"] for error in row["errors"]] for row in answer] == [[], ["ORDER_NOT_FOUND"]]
    assert shop.seen(order)["references"]["order_reference_for_seller"] == "0400001"
