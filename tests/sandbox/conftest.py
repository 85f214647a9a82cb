"""A door to an application in this process: a request without a socket; and a shop standing at one."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from sync.sandbox.john_lewis import API_KEY
from sync.sandbox.john_lewis_http import john_lewis_routes
from sync.sandbox.john_lewis_model import Order
from sync.sandbox.world import World


class Door:
    """Asks an application; each answer as httpx gives it."""

    def __init__(self, routes: Sequence[Route], headers: dict[str, str]) -> None:
        self.app = Starlette(routes=list(routes))
        self.headers = headers

    def get(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask("GET", path, options))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, options))

    async def _ask(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            headers = {**self.headers, **options.pop("headers", {})}
            return await client.request(method, path, headers=headers, **options)


@pytest.fixture
def door() -> Callable[[Sequence[Route], dict[str, str]], Door]:
    """`door(routes, headers)`."""
    return Door


START = datetime(2026, 3, 24, 10, 0, tzinfo=UTC)
DPD = {"carrier_code": "dpd-uk", "tracking_number": "1550123"}


class Shop:
    """A world without customers of its own, and a shop asking the marketplace."""

    def __init__(self, in_process: Any) -> None:
        self.world = World(seed=3, start=START, skus=60, orders_per_day=0)
        self.world.scenario("no_orders")
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
