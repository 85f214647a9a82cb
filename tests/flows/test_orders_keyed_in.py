"""What somebody else put into BlueCherry under the number of an order of ours, before we could."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sync.ports import Address, SalesOrderDraft
from tests.flows.between import Between
from tests.flows.test_orders import placed, quiet

HULL = Address("Somebody Else", "99 Wrong Street", "", "Hull", "", "HU1 1AA", "GBR")


def test_a_number_bluecherry_refuses_as_its_own_is_well_only_where_what_it_has_says_the_same(
    bench: Callable[..., Any],
) -> None:
    """Another program sent our orders a moment before us: as we mean them, but one to Hull by another carrier."""
    house = quiet(bench, days=0.05, orders_per_day=0, settings={"erp_concurrency": 1})
    house.sandbox.scenario("refuse_duplicates")
    real = house.house.erp
    taken: list[str] = []

    def second(port: Any, draft: SalesOrderDraft, key: str) -> Any:
        theirs = draft if taken else replace(draft, ship_to=HULL, ship_via="YDL")
        port.create_order(theirs, f"theirs/{key}")
        taken.append(draft.order_id)
        return port.create_order(draft, key)

    placed(house)
    house.run("orders")
    house.advance(20)
    house.house.erp = Between(real, create_order=second)
    house.run("orders")
    house.house.erp = real
    house.run("watch")
    before = opened(house)
    for _ in range(3):
        house.advance(20)
        house.run("orders")
    house.run("watch")
    after = opened(house)

    assert before == {("duplicate_po", order_id) for order_id in taken}
    assert len(taken) > 1
    assert after == {("drift_address", taken[0]), ("drift_ship_via", taken[0])}


def opened(house: Any) -> set[tuple[str, str]]:
    """The open exceptions of orders, by kind and order."""
    rows = house.rows("select exception_kind, order_id from exception_facts where is_open and order_id <> ''")
    return {(row["exception_kind"], row["order_id"]) for row in rows}
