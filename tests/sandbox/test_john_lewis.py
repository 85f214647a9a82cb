"""The pretend marketplace keeps to its manners: who may ask, how often, and what each state allows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.sandbox.john_lewis import API_KEY, KEY_WITHOUT_ACCOUNTANCY
from sync.sandbox.john_lewis_http import john_lewis_routes
from sync.sandbox.john_lewis_model import Order
from sync.sandbox.world import World

START = datetime(2026, 3, 24, 10, 0, tzinfo=UTC)
DPD = {"carrier_code": "dpd-uk", "tracking_number": "1550123"}


class Shop:
    """A world without customers of its own, and a shop asking the marketplace."""

    def __init__(self, in_process: Any) -> None:
        self.world = World(seed=3, start=START, skus=60, orders_per_day=0)
        self.marketplace = in_process(john_lewis_routes(self.world), {"Authorization": API_KEY})
        self.skus = [sku for sku, offer in self.world.john_lewis.offers.items() if offer.quantity >= 5]

    def ask(self, method: str, path: str, **request: Any) -> Any:
        return self.marketplace.ask(method, path, **request)

    def order(self, *basket: tuple[str, int], to_ship: bool = False, **how: Any) -> Order:
        order = self.world.john_lewis.place_order(basket or [(self.skus[0], 1)], **how)
        if to_ship:
            decisions = [{"id": line.line_id, "accepted": True} for line in order.lines]
            assert self.ask(
                "PUT", f"/api/orders/{order.order_id}/accept", json={"order_lines": decisions}
            ).is_success
            self.world.advance(25)
            assert order.state == "SHIPPING"
        return order

    def seen(self, order: Order) -> Any:
        return self.ask("GET", "/api/orders", params={"order_ids": order.order_id}).json()["orders"][0]

    def send_stock(self, text: str) -> Any:
        return self.ask("POST", "/api/offers/stock/imports", files={"file": ("s.csv", text.encode(), "text/csv")})

    def ship(self, order: Order, quantity: int, **more: Any) -> Any:
        lines = [{"order_line_id": order.lines[0].line_id, "quantity": quantity}]
        shipment = {"order_id": order.order_id, "shipped": True, "shipment_lines": lines, "tracking": DPD, **more}
        return self.ask("POST", "/api/shipments", json={"shipments": [shipment]})


@pytest.fixture
def shop(in_process: Any) -> Shop:
    return Shop(in_process)


# -- who and how often -----------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "wrong", f"Bearer {API_KEY}"])
def test_a_wrong_key_is_401(shop: Shop, key: str) -> None:
    answer = shop.ask("GET", "/api/version", headers={"Authorization": key})

    assert (answer.status_code, answer.json()["status"]) == (401, 401)


def test_money_needs_the_accountancy_role_and_the_rest_does_not(shop: Shop) -> None:
    headers = {"Authorization": KEY_WITHOUT_ACCOUNTANCY}

    assert shop.ask("GET", "/api/sellerpayment/transactions_logs", headers=headers).status_code == 403
    assert shop.ask("GET", "/api/account", headers=headers).status_code == 200


def test_asking_orders_twice_in_a_minute_is_429_with_seconds_to_wait(shop: Shop) -> None:
    first = shop.ask("GET", "/api/orders")
    shop.world.advance(0.5)
    second = shop.ask("GET", "/api/orders")
    shop.world.advance(0.5)
    third = shop.ask("GET", "/api/orders")

    assert [first.status_code, second.status_code, third.status_code] == [200, 429, 200]
    assert second.headers["retry-after"] == "30"


def test_a_whole_paged_sweep_is_one_call_and_a_look_at_named_orders_is_free(shop: Shop) -> None:
    orders = [shop.order() for _ in range(3)]
    pages = [shop.ask("GET", "/api/orders", params={"max": 1, "offset": place}) for place in range(3)]
    other = shop.ask("GET", "/api/orders", params={"max": 1, "offset": 1, "has_incident": "false"})
    named = shop.ask("GET", "/api/orders", params={"order_ids": orders[0].order_id})

    assert [page.status_code for page in [*pages, other, named]] == [200, 200, 200, 429, 200]


def test_relaxed_limits_lift_the_ceilings_and_strict_ones_count_the_day(shop: Shop) -> None:
    shop.world.scenario("relaxed_limits")
    relaxed = [shop.ask("GET", "/api/orders").status_code for _ in range(3)]
    shop.world.scenario("strict_limits")
    strict = [shop.ask("GET", "/api/account").status_code for _ in range(2)]
    shop.world.scenario("documented_limits")

    assert (relaxed, strict) == ([200, 200, 200], [200, 429])
    assert shop.ask("GET", "/api/account").status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/orders", {"max": "101"}),
        ("/api/orders", {"max": "many"}),
        ("/api/orders", {"order_ids": ",".join(f"JLM{n}-A" for n in range(101))}),
        ("/api/orders", {"start_date": "yesterday"}),
        ("/api/orders", {"order_state_codes": "LOST"}),
        ("/api/orders", {"sort": "price"}),
        ("/api/sellerpayment/transactions_logs", {"limit": "2001"}),
        ("/api/shipments", {"page_token": "no-such-token"}),
    ],
)
def test_a_request_it_cannot_read_is_400(shop: Shop, path: str, query: dict[str, str]) -> None:
    assert shop.ask("GET", path, params=query).status_code == 400


# -- lists -----------------------------------------------------------------------------------


def test_pages_of_orders_are_linked_and_counted_both_ways(shop: Shop) -> None:
    shop.world.scenario("relaxed_limits")
    orders = []
    for _ in range(3):
        orders.append(shop.order().order_id)
        shop.world.advance(1)

    middle = shop.ask("GET", "/api/orders", params={"max": 1, "offset": 1})
    newest = shop.ask("GET", "/api/orders", params={"order": "desc"}).json()

    assert middle.json()["total_count"] == 3
    assert middle.links["next"]["url"].endswith("offset=2")
    assert middle.links["previous"]["url"].endswith("offset=0")
    assert [order["order_id"] for order in newest["orders"]] == orders[::-1]


def test_each_filter_of_orders_narrows_as_documented(shop: Shop) -> None:
    shop.world.scenario("relaxed_limits")
    first = shop.order(to_ship=True)
    first.reference_for_seller = "0400001"
    second = shop.order()

    def found(**query: str) -> set[str]:
        body = shop.ask("GET", "/api/orders", params={"max": 100, **query}).json()
        return {order["order_id"] for order in body["orders"]}

    both, one, two = {first.order_id, second.order_id}, {first.order_id}, {second.order_id}
    assert found(order_state_codes="SHIPPING,SHIPPED") == one
    assert found(order_references_for_customer=second.reference_for_customer) == two
    assert found(order_references_for_seller="0400001") == one
    assert found(customer_debited="false") == two
    assert found(start_date=second.created_at.isoformat()) == two
    assert found(end_date=first.created_at.isoformat()) == one
    # It looks a little further back than asked: an update some minutes before the start is found again.
    assert found(start_update_date=(first.updated_at + timedelta(minutes=4)).isoformat()) == both
    assert found(end_update_date=(first.updated_at).isoformat()) == one
    assert found(only_null_channel="true", payment_workflow="PAY_ON_ACCEPTANCE") == both
    assert found(channel_codes="INIT") == set()
    assert found(has_incident="true") == set()


def test_seek_tokens_are_opaque_absent_at_the_ends_and_overrule_other_parameters(shop: Shop) -> None:
    shop.order((shop.skus[0], 2), (shop.skus[1], 1), to_ship=True)
    path = "/api/sellerpayment/transactions_logs"

    first = shop.ask("GET", path, params={"limit": 4}).json()
    second = shop.ask("GET", path, params={"page_token": first["next_page_token"], "limit": 1}).json()

    assert (first["previous_page_token"], len(first["data"])) == (None, 4)
    assert (second["next_page_token"], len(second["data"])) == (None, 2)
    assert (
        shop.ask("GET", path, params={"page_token": second["previous_page_token"]}).json()["data"] == first["data"]
    )


# -- acceptance and payment ------------------------------------------------------------------


def test_addresses_are_hidden_until_the_order_is_accepted(shop: Shop) -> None:
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


def test_acceptance_needs_a_decision_on_every_line_once_and_the_right_state(shop: Shop) -> None:
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


def test_an_order_nobody_accepts_is_refused_after_a_day(shop: Shop) -> None:
    order = shop.order()

    shop.world.advance(24 * 60 - 1)
    before = order.state
    shop.world.advance(1)

    assert (before, order.state) == ("WAITING_ACCEPTANCE", "REFUSED")


def test_an_accepted_order_waits_for_its_money_and_then_has_a_london_deadline(shop: Shop) -> None:
    order = shop.order(to_ship=True)  # Tuesday 24 March 2026; the clocks change on the 29th

    assert shop.seen(order)["shipping_deadline"] == "2026-03-26T23:59:59.999Z"
    shop.world.advance_to(datetime(2026, 3, 27, 9, 0, tzinfo=UTC))
    assert shop.seen(shop.order(to_ship=True))["shipping_deadline"] == "2026-03-31T22:59:59.999Z"


def test_an_order_that_is_never_paid_ends_cancelled(shop: Shop) -> None:
    order = shop.order(will_pay=False)
    shop.world.john_lewis.order_room.accept(order.order_id, [(order.lines[0].line_id, True)])
    shop.world.advance(8)
    waiting = order.state
    shop.world.advance(120)

    assert (waiting, order.state) == ("WAITING_DEBIT_PAYMENT", "CANCELED")
    assert shop.world.john_lewis.ledger.rows == []


def test_automatic_acceptance_is_a_switch_that_the_configuration_tells_of(shop: Shop) -> None:
    shop.world.scenario("acceptance_automatic")

    workflows = shop.ask("GET", "/api/platform/configuration").json()["features"]["order_workflows"]

    assert workflows["order_acceptance"] == "AUTOMATIC"
    assert shop.order().state == "WAITING_DEBIT"


# -- dispatch --------------------------------------------------------------------------------


def test_shipping_in_parts_leaves_the_rest_to_ship_and_never_ships_more(shop: Shop) -> None:
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
def test_a_shipment_it_cannot_take_is_an_error_row(shop: Shop, more: dict[str, Any], words: str) -> None:
    answer = shop.ship(shop.order(to_ship=True), 1, **more)

    assert answer.status_code == 201
    assert words in answer.json()["shipment_errors"][0]["message"]


def test_without_multi_shipment_the_whole_order_is_tracked_then_shipped_once(shop: Shop) -> None:
    shop.world.scenario("multi_shipment_off")
    order = shop.order(to_ship=True)
    path = f"/api/orders/{order.order_id}"

    assert shop.ship(order, 1).status_code == 400
    assert shop.ask("PUT", f"{path}/ship").status_code == 400  # mandatory tracking
    assert shop.ask("PUT", f"{path}/tracking", json={"carrier_name": "Somebody"}).status_code == 400
    assert shop.ask("PUT", f"{path}/tracking", json=DPD).status_code == 204
    assert shop.ask("PUT", f"{path}/ship").status_code == 204
    assert shop.ask("PUT", f"{path}/ship").status_code == 400
    assert shop.seen(order)["shipping_tracking_url"] == "https://track.dpd-uk.example/parcels/1550123"


def test_a_cancelled_rest_makes_a_part_shipped_order_shipped(shop: Shop) -> None:
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


def test_an_import_overwrites_what_was_sold_while_it_waited(shop: Shop) -> None:
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


def test_an_import_with_bad_lines_completes_with_a_report_and_one_without_columns_fails(shop: Shop) -> None:
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


def test_the_same_file_again_is_the_same_import_and_a_second_file_in_a_minute_is_429(shop: Shop) -> None:
    text = f"offer-sku;quantity\n{shop.skus[0]};5\n"
    first = shop.send_stock(text)
    too_fast = shop.send_stock(text)
    shop.world.advance(1)
    again = shop.send_stock(text)

    assert (too_fast.status_code, int(too_fast.headers["retry-after"])) == (429, 60)
    assert again.json() == first.json()


# -- money -----------------------------------------------------------------------------------


def test_a_sale_is_pending_payable_then_paid_and_a_later_refund_falls_in_a_later_cycle(shop: Shop) -> None:
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


def test_what_a_line_earned_is_what_the_ledger_says(shop: Shop) -> None:
    order = shop.order((shop.skus[0], 3), to_ship=True)
    shop.ship(order, 3)
    line, room = order.lines[0], shop.world.john_lewis.order_room
    room.refund(line.line_id, line.unit_price, Decimal(0), 1, "RFD-SIZE")
    room.refund(line.line_id, line.amount_left, line.shipping_left, 2, "RFD-FAULTY")

    ledger = shop.world.john_lewis.ledger.of_order(order.order_id)

    assert sum(row.amount for row in ledger) == 0
    assert shop.seen(order)["order_lines"][0]["order_line_state"] == "REFUNDED"
    assert shop.seen(order)["fully_refunded"] is True


def test_an_open_incident_holds_the_money_of_its_line(shop: Shop) -> None:
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


def test_the_reference_of_the_seller_is_kept_and_an_unknown_order_is_an_error_row(shop: Shop) -> None:
    order = shop.order()
    rows = [
        {"order_id": each, "references": {"order_reference_for_seller": "0400001"}}
        for each in (order.order_id, "JLM1-A")
    ]

    answer = shop.ask("PUT", "/api/orders", json={"orders": rows}).json()["updated_orders"]

    assert [[error["code"] for error in row["errors"]] for row in answer] == [[], ["ORDER_NOT_FOUND"]]
    assert shop.seen(order)["references"]["order_reference_for_seller"] == "0400001"


def test_offers_are_found_by_sku_and_sorted_by_title(shop: Shop) -> None:
    sku = shop.skus[0]
    found = shop.ask("GET", "/api/offers", params={"sku": sku}).json()["offers"]
    titled = shop.ask("GET", "/api/offers", params={"sort": "productTitle", "max": 100}).json()["offers"]

    assert [offer["shop_sku"] for offer in found] == [sku]
    assert [offer["product_title"] for offer in titled] == sorted(offer["product_title"] for offer in titled)
