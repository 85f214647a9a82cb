"""One order that cannot be copied never keeps the others from BlueCherry."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.bench.ground import place

COUNT, POISON = 500, 137
UNKNOWN = "NMK-99999-NON-A--M"


def copies(house: Any) -> Counter[str]:
    """How often each John Lewis order is in BlueCherry, by its order id."""
    return Counter(order["po_num"] for order in house.sandbox.state("bluecherry")["sales_orders"])


def exceptions(house: Any) -> list[tuple[str, str, str]]:
    rows = house.rows("select order_id, exception_kind, cause from exception_facts where order_id <> ''")
    return [(row["order_id"], row["exception_kind"], row["cause"]) for row in rows]


def test_one_poison_order_among_500_leaves_499_delivered_and_one_exception(bench: Callable[..., Any]) -> None:
    house = bench(days=0.02, orders_per_day=0)
    house.run("catalogue")
    ids = place(house.house, COUNT, poison={POISON: UNKNOWN})
    run = house.run("orders")
    house.run("watch")

    assert run.counts["created"] == COUNT - 1
    assert copies(house) == {order_id: 1 for order_id in ids if order_id != ids[POISON]}
    assert exceptions(house) == [(ids[POISON], "unknown_sku", UNKNOWN)]
