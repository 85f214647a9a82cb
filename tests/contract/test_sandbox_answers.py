"""Every answer of the pretend marketplace keeps to Mirakl's own description, and says nothing it does not know."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sync.sandbox.john_lewis import API_KEY
from sync.sandbox.john_lewis_http import john_lewis_routes
from sync.sandbox.world import World

START_ON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    world = World(seed=11, start=START_ON - timedelta(days=25), skus=120, orders_per_day=20)
    world.play_history(START_ON)
    world.switches["relaxed_limits"] = True
    return world


@pytest.fixture(scope="module")
def client(world: World, in_process: Any) -> Any:
    return in_process(john_lewis_routes(world), {"Authorization": API_KEY})


class Checker:
    """Holds an answer to what the description says of its operation."""

    def __init__(self, contract: dict[str, Any]) -> None:
        self.contract = contract

    def check(self, method: str, template: str, status: int, body: Any) -> None:
        answer = self.contract["paths"][template][method]["responses"][str(status)]
        content = answer.get("content")
        if content is None:
            return
        schema = content["application/json"]["schema"]
        whole = {**schema, "components": self.contract["components"]}
        errors = [
            f"{template} {'/'.join(map(str, error.absolute_path))}: {error.message[:120]}"
            for error in Draft202012Validator(whole).iter_errors(body)
        ]
        assert errors == []
        assert sorted(set(self.strangers(schema, body, template))) == []

    def strangers(self, schema: dict[str, Any], value: Any, place: str) -> Iterator[str]:
        """Members the description does not know."""
        if isinstance(value, list):
            for item in value:
                yield from self.strangers(self.meant(schema).get("items", {}), item, f"{place}[]")
        elif isinstance(value, dict):
            meant = self.meant(schema, value)
            known = meant.get("properties", {})
            for name, each in value.items():
                if name not in known:
                    yield f"{place}.{name}"
                else:
                    yield from self.strangers(known[name], each, f"{place}.{name}")

    def meant(self, schema: dict[str, Any], value: dict[str, Any] | None = None) -> dict[str, Any]:
        """The schema behind references, joins and the member that tells the kinds apart."""
        if "$ref" in schema:
            return self.meant(self.contract["components"]["schemas"][schema["$ref"].rpartition("/")[2]], value)
        joined: dict[str, Any] = {**schema, "properties": dict(schema.get("properties", {}))}
        for part in schema.get("allOf", []):
            resolved = (
                self.contract["components"]["schemas"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
            )
            joined["properties"].update(resolved.get("properties", {}))
        kinds = schema.get("discriminator")
        if kinds and value is not None:
            kind = value.get(kinds["propertyName"])
            name = kinds["mapping"][kind].rpartition("/")[2]
            specific = self.contract["components"]["schemas"][name]
            for part in [specific, *specific.get("allOf", [])]:
                joined["properties"].update(part.get("properties", {}))
        return joined


@pytest.fixture(scope="module")
def checker(mirakl_contract: dict[str, Any]) -> Checker:
    return Checker(mirakl_contract)


READS: tuple[tuple[str, dict[str, str]], ...] = (
    ("/api/version", {}),
    ("/api/account", {}),
    ("/api/platform/configuration", {}),
    ("/api/shipping/carriers", {}),
    ("/api/shipping/types", {}),
    ("/api/reasons", {}),
    ("/api/orders", {"max": "30", "order_state_codes": "SHIPPED,RECEIVED,CLOSED"}),
    ("/api/orders", {"max": "30", "order": "desc"}),
    ("/api/orders", {"max": "30", "order_state_codes": "WAITING_ACCEPTANCE,WAITING_DEBIT,CANCELED,REFUSED"}),
    ("/api/orders", {"max": "30", "has_incident": "true"}),
    ("/api/orders", {"max": "30", "order_state_codes": "STAGING,WAITING_DEBIT_PAYMENT,SHIPPING"}),
    ("/api/orders", {"max": "30", "order_tax_mode": "TAX_EXCLUDED"}),
    ("/api/shipments", {"limit": "30"}),
    ("/api/returns", {"limit": "30"}),
    ("/api/shipments/items_to_ship", {"limit": "30"}),
    ("/api/offers", {"max": "30"}),
    ("/api/sellerpayment/transactions_logs", {"limit": "150"}),
    ("/api/sellerpayment/transactions_logs", {"limit": "2000", "sort": "lastUpdated,ASC"}),
    ("/api/seller-billing-cycles", {"limit": "1000"}),
)


@pytest.mark.parametrize(("path", "query"), READS)
def test_a_read_is_answered_as_mirakl_describes_it(
    path: str, query: dict[str, str], client: Any, checker: Checker
) -> None:
    answer = client.ask("GET", path, params=query)

    assert answer.status_code == 200
    assert answer.json()
    checker.check("get", path, 200, answer.json())


def test_every_read_the_sandbox_serves_is_among_them(world: World) -> None:
    served = {route.path for route in john_lewis_routes(world) if "GET" in (route.methods or ())}

    assert {path for path in served if "{" not in path} == {path for path, _ in READS}


def test_orders_of_every_state_are_answered_as_mirakl_describes_them(
    world: World, client: Any, checker: Checker
) -> None:
    states = {order.state for order in world.john_lewis.orders.values()}
    for state in sorted(states):
        body = client.ask("GET", "/api/orders", params={"max": "100", "order_state_codes": state}).json()

        assert body["total_count"] > 0
        checker.check("get", "/api/orders", 200, body)

    assert states >= {"STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING",
                      "SHIPPED", "RECEIVED", "REFUSED", "CANCELED"}  # fmt: skip


def test_every_kind_of_ledger_line_is_answered_as_mirakl_describes_it(
    world: World, client: Any, checker: Checker
) -> None:
    kinds = {row.type for row in world.john_lewis.ledger.rows}
    for kind in sorted(kinds):
        query = {"limit": "2000", "transaction_type": kind}
        checker.check(
            "get",
            "/api/sellerpayment/transactions_logs",
            200,
            client.ask("GET", "/api/sellerpayment/transactions_logs", params=query).json(),
        )

    assert kinds >= {"ORDER_AMOUNT", "COMMISSION_VAT", "REFUND_ORDER_AMOUNT", "MANUAL_CREDIT", "PAYMENT"}


def test_a_whole_order_life_is_answered_as_mirakl_describes_it(world: World, client: Any, checker: Checker) -> None:
    offer = next(offer for offer in world.john_lewis.offers.values() if offer.quantity >= 3)
    order = world.john_lewis.place_order([(offer.shop_sku, 3)])
    line_id = order.lines[0].line_id

    accepted = client.ask(
        "PUT", f"/api/orders/{order.order_id}/accept", json={"order_lines": [{"id": line_id, "accepted": True}]}
    )
    world.advance(30)
    referenced = client.ask(
        "PUT",
        "/api/orders",
        json={
            "orders": [
                {"order_id": order.order_id, "references": {"order_reference_for_seller": "0412345"}},
                {"order_id": "JLM0-A", "references": {"order_reference_for_seller": "0"}},
            ]
        },
    )
    cancelled = client.ask(
        "PUT",
        "/api/orders/cancel",
        json={
            "order_tax_mode": "TAX_INCLUDED",
            "cancelations": [
                {
                    "order_line_id": line_id,
                    "amount": float(offer.price),
                    "shipping_amount": 0,
                    "quantity": 1,
                    "reason_code": "CNL-OUT-OF-STOCK",
                }
            ],
        },
    )
    row = {
        "order_id": order.order_id,
        "shipped": True,
        "shipment_lines": [{"order_line_id": line_id, "quantity": 2, "package_reference": "CTN-1"}],
        "tracking": {"carrier_code": "dpd-uk", "tracking_number": "1550123"},
    }
    shipped = client.ask("POST", "/api/shipments", json={"shipments": [row, {**row, "order_id": "JLM0-A"}]})

    assert accepted.status_code == 204
    checker.check("put", "/api/orders", referenced.status_code, referenced.json())
    checker.check("put", "/api/orders/cancel", cancelled.status_code, cancelled.json())
    assert shipped.status_code == 201
    checker.check("post", "/api/shipments", 201, shipped.json())
    assert len(shipped.json()["shipment_success"]) == 1
    assert len(shipped.json()["shipment_errors"]) == 1


def test_an_order_shipped_whole_is_answered_as_mirakl_describes_it(world: World, client: Any) -> None:
    offer = next(offer for offer in world.john_lewis.offers.values() if offer.quantity >= 3)
    order = world.john_lewis.place_order([(offer.shop_sku, 1)])
    world.john_lewis.order_room.accept(order.order_id, [(order.lines[0].line_id, True)])
    world.john_lewis.order_room.settle_payment(order)
    path = f"/api/orders/{order.order_id}"
    tracked = client.ask("PUT", f"{path}/tracking", json={"carrier_code": "dpd-uk", "tracking_number": "1550123"})
    shipped = client.ask("PUT", f"{path}/ship")

    assert [(answer.status_code, answer.content) for answer in (tracked, shipped)] == [(204, b""), (204, b"")]


def test_a_return_and_its_refund_are_answered_as_mirakl_describes_them(
    world: World, client: Any, checker: Checker
) -> None:
    offer = next(offer for offer in world.john_lewis.offers.values() if offer.quantity >= 3)
    order = world.john_lewis.place_order([(offer.shop_sku, 2)])
    (line,) = order.lines
    world.john_lewis.order_room.accept(order.order_id, [(line.line_id, True)])
    world.john_lewis.order_room.settle_payment(order)
    tracking = {"carrier_code": "dpd-uk", "tracking_number": "1550123"}
    client.ask("PUT", f"/api/orders/{order.order_id}/tracking", json=tracking)
    client.ask("PUT", f"/api/orders/{order.order_id}/ship")
    world.scenario("returns_need_acceptance")
    sent = world.john_lewis.returns.send_back(order, line, 1, "RFD-SIZE")
    world.scenario("returns_need_no_acceptance")
    accepting = {"returns": [{"id": sent.return_id, "accepted": True}, {"id": "none", "accepted": True}]}
    accepted = client.ask("PUT", "/api/returns/accept", json=accepting)
    listed = client.ask("GET", "/api/returns", params={"order_line_id": line.line_id})
    received = client.ask("PUT", "/api/returns/receive", json={"returns": [{"id": sent.return_id}, {"id": "none"}]})
    again = client.ask("PUT", "/api/returns/receive", json={"returns": [{"id": sent.return_id}]})
    word = {
        "order_line_id": line.line_id, "compliant": False,
        "non_compliance_reason_code": "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT",
    }  # fmt: skip
    checked = client.ask(
        "PUT", "/api/returns/compliance", json={"returns": [{"id": sent.return_id, "return_lines": [word]}]}
    )
    listed_after = client.ask("GET", "/api/returns", params={"order_line_id": line.line_id})
    row = {
        "order_line_id": line.line_id, "amount": float(line.unit_price), "shipping_amount": 0, "quantity": 1,
        "reason_code": "RFD-SIZE", "currency_iso_code": "GBP",
    }  # fmt: skip
    refunded = client.ask("PUT", "/api/orders/refund", json={"refunds": [row]})
    too_much = client.ask("PUT", "/api/orders/refund", json={"refunds": [{**row, "amount": 9999.0}]})
    not_ours = client.ask("PUT", "/api/orders/refund", json={"refunds": [{**row, "reason_code": "RFD-LOST"}]})

    assert [one["state"] for one in listed.json()["data"]] == ["IN_PROGRESS"]
    checker.check("get", "/api/returns", 200, listed.json())
    checker.check("get", "/api/returns", 200, listed_after.json())
    checker.check("put", "/api/returns/accept", 200, accepted.json())
    assert [one["id"] for one in accepted.json()["return_success"]] == [sent.return_id]
    checker.check("put", "/api/returns/compliance", 200, checked.json())
    assert [one["id"] for one in checked.json()["return_success"]] == [sent.return_id]
    checker.check("put", "/api/returns/receive", 200, received.json())
    assert [one["id"] for one in received.json()["return_success"]] == [sent.return_id]
    assert [one["id"] for one in again.json()["return_errors"]] == [sent.return_id]
    checker.check("put", "/api/orders/refund", 200, refunded.json())
    assert (refunded.status_code, too_much.status_code, not_ours.status_code) == (200, 400, 400)
    assert [change.amount for change in line.refunds] == [line.unit_price]


def test_a_stock_import_is_answered_as_mirakl_describes_it(world: World, client: Any, checker: Checker) -> None:
    sku = next(iter(world.john_lewis.offers))
    content = f'"offer-sku";"quantity"\n"{sku}";"4"\n"NO-SUCH-SKU";"1"\n'.encode()

    sent = client.ask("POST", "/api/offers/stock/imports", files={"file": ("stock.csv", content, "text/csv")})
    world.advance(5)
    import_id = sent.json()["import_id"]
    status = client.ask("GET", f"/api/offers/stock/imports/{import_id}/status")
    report = client.ask("GET", f"/api/offers/stock/imports/{import_id}/error_report")

    checker.check("post", "/api/offers/stock/imports", sent.status_code, sent.json())
    checker.check("get", "/api/offers/stock/imports/{import_id}/status", status.status_code, status.json())
    assert status.json()["lines_in_error"] == 1
    assert report.headers["content-type"].startswith("text/csv")
    assert '"3";"The offer does not exist";"NO-SUCH-SKU"' in report.text


def test_every_path_the_sandbox_serves_is_one_mirakl_describes(
    world: World, mirakl_contract: dict[str, Any]
) -> None:
    for route in john_lewis_routes(world):
        methods = (route.methods or set()) - {"HEAD"}
        described = mirakl_contract["paths"][route.path]

        assert all(described[method.lower()]["operationId"] == route.name for method in methods)


def test_cancelled_lines_with_nothing_left_are_answered_as_mirakl_describes_them(
    world: World, client: Any, checker: Checker
) -> None:
    world.scenario("cancelled_at_zero")
    try:
        body = client.ask("GET", "/api/orders", params={"max": "100", "order_state_codes": "CANCELED"}).json()
    finally:
        world.scenario("cancelled_as_sold")
    lines = [line for order in body["orders"] for line in order["order_lines"] if line["cancelations"]]

    assert {(line["quantity"], line["total_price"]) for line in lines} == {(0, 0)}
    assert all(line["cancelations"][0]["amount"] > 0 for line in lines)
    checker.check("get", "/api/orders", 200, body)


def test_surprises_are_the_only_members_mirakl_does_not_know(world: World, client: Any, checker: Checker) -> None:
    world.scenario("surprises")
    try:
        body = client.ask("GET", "/api/orders", params={"max": "30"}).json()
    finally:
        world.scenario("no_surprises")

    with pytest.raises(AssertionError, match=re.escape("loyalty_tier")):
        checker.check("get", "/api/orders", 200, body)
