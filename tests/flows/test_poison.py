"""A backlog on its way to BlueCherry: one order that cannot be copied keeps no other, a stop leaves few open."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from sync.intents import FEWEST
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


def test_a_stop_sends_nothing_more_and_the_next_run_sends_the_rest_once(bench: Callable[..., Any]) -> None:
    house = bench(days=0.02, orders_per_day=0)
    house.run("catalogue")
    ids = place(house.house, COUNT)
    create = house.house.erp.create_order
    sent: list[str] = []

    def until_told_to_stop(draft: Any, key: str) -> str:
        sent.append(draft.order_id)
        if len(sent) == 5:
            house.house.stopping.set()
        return str(create(draft, key))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.house.erp, "create_order", until_told_to_stop)
        assert house.run("orders").state == "stopped"
    assert len(sent) < COUNT
    assert house.rows("select count(*) as n from intent_facts where state in ('recorded', 'unclear')") == [{"n": 0}]
    meant = house.rows("select count(*) as n from intent_facts where intent_kind = 'create_sales_order'")
    assert FEWEST <= meant[0]["n"] < COUNT

    house.house.stopping.clear()
    house.run("orders")
    assert copies(house) == dict.fromkeys(ids, 1)
