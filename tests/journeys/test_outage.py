"""Both systems are down for a while; the shop sells on, the worker waits, and afterwards nothing is missing."""

from collections.abc import Callable
from typing import Any

from tests.journeys.test_kill import all_agrees, drain

DOWN = {"rate_500": 1.0}
OUTSIDE = {"orders", "inventory", "dispatch"}  # the flows that ask an outside system within the hour


def failing(home: Any) -> set[str]:
    """The flows a person is told of."""
    rows = home.rows("select cause from exception_facts where is_open and exception_kind = 'flow_failing'")
    return {row["cause"] for row in rows}


def test_both_systems_down_for_a_while_and_nothing_is_missing_afterwards(house: Callable[..., Any]) -> None:
    home = house(orders_per_day=60)
    world = home.sandbox
    world.scenario("no_hand_edits")
    world.scenario("relaxed_limits")
    worker = home.start()
    home.advance(5)
    seen = {one["order_id"] for one in home.rows("select order_id from order_facts")}

    world.faults(**DOWN)
    world.scenario("burst")

    def is_told() -> bool:
        home.advance(20, "watch")  # a run tries each call again and again before it fails
        return failing(home) >= OUTSIDE

    home.until(is_told, "a person is told of every flow that asks an outside system")
    flows = {one["name"]: one["state"] for one in home.status()["flows"]}
    world.faults()
    world.scenario("no_orders")
    assert home.window().state().pid == worker  # it waited; nobody had to start it again
    assert home.stop(worker) == 0
    sold = set(world.state("john_lewis")["orders"])

    assert {flows[name] for name in OUTSIDE} == {"failed"}
    assert len(sold - seen) >= 50

    drain(home)
    worker = home.start()
    home.advance(2)  # what was told is seen to be mended
    assert home.stop(worker) == 0
    all_agrees(home)
    known = {one["order_id"] for one in home.rows("select order_id from order_facts")}
    assert sold <= known
    assert failing(home) == set()
