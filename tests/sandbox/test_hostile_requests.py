"""Whatever is sent to the pretend systems, they answer as the real ones would: they refuse and never crash."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.sandbox.bluecherry import API_KEY
from sync.sandbox.bluecherry_http import bluecherry_routes
from tests.spoiling import places, spoiled

QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ODD = ["1e999", "NaN", "-1", "\ud800", "x\x00", 10**400]
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(ODD))
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
LETTERS = 'offer-skquantiy;,"\n0189XZ-\x00'
MARKET_WRITES = {
    "OR04": (
        "PUT",
        "/api/orders",
        {"orders": [{"order_id": "ID", "references": {"order_reference_for_seller": "1"}}]},
    ),
    "OR21": ("PUT", "/api/orders/ID/accept", {"order_lines": [{"id": "ID-1", "accepted": True}]}),
    "OR23": ("PUT", "/api/orders/ID/tracking", {"carrier_code": "dpd-uk", "tracking_number": "1"}),
    "OR30": (
        "PUT",
        "/api/orders/cancel",
        {
            "order_tax_mode": "TAX_INCLUDED",
            "cancelations": [
                {
                    "order_line_id": "ID-1",
                    "amount": 1,
                    "shipping_amount": 0,
                    "quantity": 1,
                    "reason_code": "CNL-OUT-OF-STOCK",
                }
            ],
        },
    ),
    "ST01": (
        "POST",
        "/api/shipments",
        {
            "shipments": [
                {
                    "order_id": "ID",
                    "shipped": True,
                    "invoice_reference": "S1",
                    "shipment_lines": [{"order_line_id": "ID-1", "quantity": 1, "package_reference": "C1"}],
                    "tracking": {"carrier_code": "dpd-uk", "tracking_number": "1"},
                    "shipping_from": {"warehouse": {"code": "WH1"}},
                }
            ]
        },
    ),
}  # fmt: skip


def named(value: Any, order_id: str) -> Any:
    if isinstance(value, dict):
        return {name: named(each, order_id) for name, each in value.items()}
    if isinstance(value, list):
        return [named(each, order_id) for each in value]
    return value.replace("ID", order_id) if value in {"ID", "ID-1"} else value


@pytest.mark.parametrize("operation", MARKET_WRITES)
@QUICK
@given(at=st.integers(0, 999), other=JSON)
def test_a_write_with_anything_in_any_place_is_answered(shop: Any, operation: str, at: int, other: Any) -> None:
    shop.world.scenario("relaxed_limits")
    method, path, document = MARKET_WRITES[operation]
    order = shop.order((shop.skus[0], 1), to_ship=operation != "OR21")
    document = named(document, order.order_id)
    body = spoiled(document, places(document)[at % len(places(document))], other)
    answer = shop.ask(
        method,
        path.replace("ID", order.order_id),
        content=as_json(body),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code in {200, 201, 204, 400, 404}
    assert answer.status_code < 300 or answer.json()["status"] == answer.status_code
    assert shop.ask("GET", "/api/orders").status_code == 200


def as_json(value: Any) -> bytes:
    """JSON as careless writers write it: with NaN, Infinity and halves of characters."""
    return json.dumps(value).encode()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"null", b"[1]", b'"x"', b"[" * 5000, b"9" * 5000])
@pytest.mark.parametrize("operation", MARKET_WRITES)
def test_a_body_that_is_no_document_is_refused(shop: Any, operation: str, body: bytes) -> None:
    method, path, _ = MARKET_WRITES[operation]
    order = shop.order(to_ship=operation != "OR21")
    answer = shop.ask(
        method,
        path.replace("ID", order.order_id),
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert answer.json()["message"]


@QUICK
@given(content=st.binary(max_size=80) | st.text(alphabet=LETTERS, max_size=80).map(str.encode))
def test_any_stock_file_ends_in_a_terminal_state(shop: Any, content: bytes) -> None:
    shop.world.scenario("relaxed_limits")
    sent = shop.ask("POST", "/api/offers/stock/imports", files={"file": ("stock.csv", content, "text/csv")})
    shop.world.advance(5)
    status = shop.ask("GET", f"/api/offers/stock/imports/{sent.json()['import_id']}/status").json()

    assert status["status"] in {"COMPLETE", "FAILED"}
    if status["has_error_report"]:
        assert shop.ask("GET", f"/api/offers/stock/imports/{status['import_id']}/error_report").status_code == 200


ERP_WRITES: dict[str, dict[str, Any]] = {
    "salesOrder": {
        "division": "NMK",
        "customer": "JLM",
        "po_num": "JL-1",
        "location": "WH1",
        "shipper": "RML",
        "curr_code": "GBP",
        "start_date": "2026-03-24",
        "end_date": "2026-04-24",
        "frgt_amt": "3.95",
        "address": {
            "rows": [
                {
                    "addr_type": "ST",
                    "name": "Ivy",
                    "addr1": "1 Row",
                    "city": "Leeds",
                    "zipcode": "LS1",
                    "country": "GB",
                }
            ]
        },
        "detail": {"rows": [{"line_seq": 1, "upc": "UPC", "qty": 1, "price": "45.00", "ext_line_id": "JL-1-1"}]},
    },
    "salesOrderCancel": {"ord_num": "0400001", "line_seq": 1, "qty": 1, "cancel_kind": "CUSTOMER"},
    "journal": {
        "company": "NORTHMOOR",
        "batch_ref": "R1",
        "period": "2026-03",
        "post_date": "2026-03-24",
        "curr_code": "GBP",
        "lines": {
            "rows": [{"account": "1010", "debit": "1.00"}, {"account": "1210", "credit": "1.00"}],
        },
    },
}


@pytest.mark.parametrize("entity", ERP_WRITES)
@QUICK
@given(at=st.integers(0, 999), other=JSON)
def test_the_erp_answers_a_document_with_anything_in_any_place(
    shop: Any, door: Any, entity: str, at: int, other: Any
) -> None:
    erp = door(bluecherry_routes(shop.world), {"Ocp-Apim-Subscription-Key": API_KEY})
    sku = next(sku for sku in shop.world.skus if sku.division == "NMK" and sku.active and sku.upc)
    document = ERP_WRITES[entity]
    body = [spoiled(document, places(document)[at % len(places(document))], other)]
    answer = erp.post(f"/api/{entity}", content=as_json(body).replace(b'"UPC"', f'"{sku.upc}"'.encode()))
    shop.world.advance(15)

    assert answer.status_code in {200, 400, 404, 409, 422, 500}
    if answer.status_code == 500:
        assert "INTERNAL" in answer.text, "an amount that is none, which the ERP blames on itself"
    for question in ("salesOrder", "journal"):
        assert erp.get(f"/api/{question}", params={"_include": "all"}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"null", b"{}", b"[]", b"[1]", b"[" * 5000])
@pytest.mark.parametrize("entity", ERP_WRITES)
def test_a_body_the_erp_cannot_read_is_refused(shop: Any, door: Any, entity: str, body: bytes) -> None:
    erp = door(bluecherry_routes(shop.world), {"Ocp-Apim-Subscription-Key": API_KEY})

    assert erp.post(f"/api/{entity}", content=body).status_code == 400


@QUICK
@given(question=st.text(max_size=30), page=st.text(max_size=4), size=st.text(max_size=4))
def test_any_question_to_the_erp_is_answered_or_refused(
    shop: Any, door: Any, question: str, page: str, size: str
) -> None:
    erp = door(bluecherry_routes(shop.world), {"Ocp-Apim-Subscription-Key": API_KEY})
    asked = {"$filter": question, "_pgno": page, "_pgsize": size}
    for entity in ("salesOrder", "inventory", "Location", "style"):
        assert erp.get(f"/api/{entity}", params=asked).status_code in {200, 400, 404}
