"""How often the pretend marketplace may be asked: what Mirakl publishes, in the world's own time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

Ask = Callable[[Any], Any]


def stock(shop: Any, units: int = 1) -> Any:
    return shop.send_stock(f"offer-sku;quantity\n{shop.skus[0]};{units}\n")


def report_path(shop: Any) -> str:
    """The error report of an import that has one."""
    import_id = shop.send_stock("offer-sku;quantity\nNO-SUCH;1\n").json()["import_id"]
    shop.world.advance(5)
    return f"/api/offers/stock/imports/{import_id}"


def reference(shop: Any) -> Any:
    rows = [{"order_id": "JLM1-A", "references": {"order_reference_for_seller": "0400001"}}]
    return shop.ask("PUT", "/api/orders", json={"orders": rows})


# The published maximum: calls in a span of seconds (mirakl.md §1.7).
PUBLISHED: tuple[tuple[str, Ask, int, float], ...] = (
    ("OR11", lambda shop: shop.ask("GET", "/api/orders"), 1, 60),
    ("OR04", reference, 1, 60),
    ("ST12", lambda shop: shop.ask("GET", "/api/shipments/items_to_ship"), 1, 300),
    ("STO01", stock, 1, 60),
    ("STO02", lambda shop: shop.ask("GET", f"{shop.path}/status"), 1, 15),
    ("STO03", lambda shop: shop.ask("GET", f"{shop.path}/error_report"), 1, 60),
    ("TL02", lambda shop: shop.ask("GET", "/api/sellerpayment/transactions_logs"), 20, 60),
    ("SBC11", lambda shop: shop.ask("GET", "/api/seller-billing-cycles"), 1, 86_400),
    ("A01", lambda shop: shop.ask("GET", "/api/account"), 1, 86_400),
    ("SH12", lambda shop: shop.ask("GET", "/api/shipping/types"), 1, 86_400),
    ("SH21", lambda shop: shop.ask("GET", "/api/shipping/carriers"), 1, 86_400),
)


@pytest.mark.parametrize(("name", "ask", "calls", "seconds"), PUBLISHED, ids=[each[0] for each in PUBLISHED])
def test_a_call_too_many_in_its_published_span_is_429_and_free_again_after_it(
    shop: Any, name: str, ask: Ask, calls: int, seconds: float
) -> None:
    if name in {"STO02", "STO03"}:
        shop.path = report_path(shop)
    shop.world.scenario("strict_limits")
    within = [ask(shop).status_code for _ in range(calls)]
    too_many = ask(shop)
    shop.world.advance(seconds / 60)

    assert all(status < 300 for status in within)
    assert too_many.status_code == 429
    assert int(too_many.headers["retry-after"]) == seconds
    assert too_many.json()["status"] == 429
    assert ask(shop).status_code < 300


def test_the_ledger_has_an_hourly_ceiling_too(shop: Any) -> None:
    asked = []
    for _ in range(61):
        asked.append(shop.ask("GET", "/api/sellerpayment/transactions_logs"))
        shop.world.advance(0.1)

    assert [answer.status_code for answer in asked].count(200) == 60
    assert int(asked[-1].headers["retry-after"]) == 3600 - 60 * 6


@pytest.mark.parametrize(
    "path",
    ["/api/version", "/api/platform/configuration", "/api/reasons", "/api/offers", "/api/shipments"],
)
def test_what_has_no_published_ceiling_may_be_asked_at_each_page_display(shop: Any, path: str) -> None:
    assert {shop.ask("GET", path).status_code for _ in range(30)} == {200}


def test_a_refused_call_does_not_lengthen_the_wait(shop: Any) -> None:
    shop.ask("GET", "/api/orders")
    waits = []
    for _ in range(3):
        shop.world.advance(0.25)
        waits.append(shop.ask("GET", "/api/orders").headers.get("retry-after"))
    shop.world.advance(0.25)

    assert waits == ["45", "30", "15"]
    assert shop.ask("GET", "/api/orders").status_code == 200


def test_asking_orders_twice_in_a_minute_is_429_with_seconds_to_wait(shop: Any) -> None:
    first = shop.ask("GET", "/api/orders")
    shop.world.advance(0.5)
    second = shop.ask("GET", "/api/orders")
    shop.world.advance(0.5)
    third = shop.ask("GET", "/api/orders")

    assert [first.status_code, second.status_code, third.status_code] == [200, 429, 200]
    assert second.headers["retry-after"] == "30"


def test_a_whole_paged_sweep_is_one_call_and_a_look_at_named_orders_is_free(shop: Any) -> None:
    orders = [shop.order() for _ in range(3)]
    pages = [shop.ask("GET", "/api/orders", params={"max": 1, "offset": place}) for place in range(3)]
    other = shop.ask("GET", "/api/orders", params={"max": 1, "offset": 1, "has_incident": "false"})
    named = shop.ask("GET", "/api/orders", params={"order_ids": orders[0].order_id})

    assert [page.status_code for page in [*pages, other, named]] == [200, 200, 200, 429, 200]


def test_the_further_pages_of_a_seek_sweep_are_free_too(shop: Any) -> None:
    shop.world.scenario("strict_limits")
    shop.world.john_lewis.ledger.charge("SUBSCRIPTION_FEE", -shop.world.skus[0].price, "x")
    shop.world.john_lewis.ledger.charge("MANUAL_CREDIT", shop.world.skus[0].price * 9, "y")
    shop.world.advance_to(datetime.fromisoformat("2026-05-22T00:00:00+00:00"))
    path, pages, token = "/api/seller-billing-cycles", 0, ""
    while pages == 0 or token:
        answer = shop.ask("GET", path, params={"page_token": token} if token else {"limit": 1})
        assert answer.status_code == 200
        token, pages = answer.json()["next_page_token"], pages + 1

    assert pages > 1
    assert shop.ask("GET", path).status_code == 429


def test_relaxed_limits_lift_the_ceilings_and_strict_ones_count_the_day(shop: Any) -> None:
    shop.world.scenario("relaxed_limits")
    relaxed = [shop.ask("GET", "/api/orders").status_code for _ in range(3)]
    shop.world.scenario("strict_limits")
    strict = [shop.ask("GET", "/api/account").status_code for _ in range(2)]
    shop.world.scenario("documented_limits")

    assert (relaxed, strict) == ([200, 200, 200], [200, 429])
    assert shop.ask("GET", "/api/account").status_code == 200


def test_the_clock_of_the_ceilings_is_the_worlds(shop: Any) -> None:
    shop.ask("GET", "/api/orders")
    shop.world.advance_to(shop.world.now + timedelta(minutes=1))

    assert shop.ask("GET", "/api/orders").status_code == 200
