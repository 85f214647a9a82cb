"""Every shape of no that was ever seen is understood, and none of them breaks anything."""

from typing import Any

import pytest

from sync.clients.refusals import read_refusal


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (
            {"status": 400, "message": "Order JLM1-A is not in the SHIPPING state"},
            "",
            "Order JLM1-A is not in the SHIPPING state",
        ),
        ({"status": 400, "message": "ORDER_NOT_FOUND"}, "ORDER_NOT_FOUND", "ORDER_NOT_FOUND"),
        (
            {"version": "7", "errors": [{"errorCode": "UNKNOWN_SKU", "errorMessage": "NMK|X", "field": "style"}]},
            "UNKNOWN_SKU",
            "NMK|X (style)",
        ),
        ({"errors": [{"message": "DUPLICATE_PO: po_num JLM1-A"}]}, "DUPLICATE_PO", "DUPLICATE_PO: po_num JLM1-A"),
        ({"message": [{"message": "CLOSED_PERIOD: 2026-10"}]}, "CLOSED_PERIOD", "CLOSED_PERIOD: 2026-10"),
        ({"message": "INTERNAL: sorry"}, "INTERNAL", "INTERNAL: sorry"),
        ({"statusCode": 401, "message": "Access denied"}, "", "Access denied"),
        ({"errors": ["odd", None, 7]}, "", ""),
        ({"errors": {"odd": 1}}, "", ""),
        ({}, "", ""),
        ([], "", ""),
        (None, "", ""),
        ("no", "", ""),
    ],
)
def test_a_refusal_is_read_in_every_shape(body: Any, code: str, reason: str) -> None:
    assert read_refusal(body) == (code, reason)
