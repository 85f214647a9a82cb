"""The marketplace as it answers: an order in its words, pages of them, one answer to everything."""

import json
from collections.abc import Callable
from typing import Any

import httpx


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
