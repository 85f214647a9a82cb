"""How each flow stands: succeeded, failed, late, never run; what is only put off is no success."""

from datetime import timedelta
from typing import Any

from store.database import Ask
from tests.told import HOUR, NOW, Told

MINUTE = timedelta(minutes=1)


def flow(ask: Ask, name: str) -> dict[str, Any]:
    return ask("select * from flows($at) where name = $name", {"at": NOW, "name": name}).row(0, named=True)


def test_a_flow_that_only_defers_for_long_is_late_and_its_last_success_stays(told: Told, ask: Ask) -> None:
    succeeded = NOW - 16 * MINUTE
    told.run("inventory", ended=succeeded)
    for ago in range(15, 0, -1):
        told.run("inventory", "deferred", ended=NOW - ago * MINUTE, message="stock import IMP-1 is RUNNING")
    row = flow(ask, "inventory")

    assert (row["state"], row["last_state"]) == ("late", "deferred")
    assert (row["last_success_at"], row["lag_seconds"]) == (succeeded, 16 * 60)
    assert row["last_message"] == "stock import IMP-1 is RUNNING"


def test_a_flow_that_defers_between_successes_is_well(told: Told, ask: Ask) -> None:
    told.run("inventory", ended=NOW - 14 * MINUTE)
    told.run("inventory", "deferred", ended=NOW - MINUTE)

    assert flow(ask, "inventory")["state"] == "succeeded"


def test_stock_that_is_decided_is_well_while_its_next_file_waits_and_not_while_the_last_does_not_end(
    told: Told, ask: Ask
) -> None:
    """Where much is sold a file always is on its way: no run ends without something put off."""
    told.run("inventory", "deferred", ended=NOW - 20 * MINUTE, counts={"decided": 199, "published": 2})
    told.run("inventory", "deferred", ended=NOW - MINUTE)
    stuck = flow(ask, "inventory")["state"]
    told.run("inventory", "deferred", ended=NOW - MINUTE / 2, counts={"decided": 199, "published": 0})

    assert (stuck, flow(ask, "inventory")["state"]) == ("late", "succeeded")


def test_a_flow_that_never_succeeded_is_put_off_and_then_late(told: Told, ask: Ask) -> None:
    told.run("orders", "deferred", ended=NOW - 14 * MINUTE)
    told.run("returns", "deferred", ended=NOW - 61 * MINUTE)
    told.run("returns", "deferred", ended=NOW - MINUTE)

    assert [flow(ask, name)["state"] for name in ("orders", "returns", "dispatch")] == ["deferred", "late", "never"]
    assert flow(ask, "orders")["last_success_at"] is None


def test_today_is_not_green_while_a_flow_only_defers(told: Told, ask: Ask) -> None:
    told.runs_of_all(ended=NOW - HOUR / 3)
    for name in ("catalogue", "orders", "dispatch", "returns", "settlement", "watch", "alerts"):
        told.run(name)
    told.run("inventory", "deferred")
    row = ask("select * from today($at)", {"at": NOW}).row(0, named=True)

    assert (row["late_flow_count"], row["troubled_flows"]) == (1, "inventory")
