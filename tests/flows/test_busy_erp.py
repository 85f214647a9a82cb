"""BlueCherry answers 503 or 504 with a code: nothing goes twice, people read the code, it mends itself."""

from collections.abc import Callable
from typing import Any

from tests.flows.test_orders import copies, placed, quiet


def answering(begin: Callable[..., Any], code: str) -> Any:
    """A house that sent its sales orders while BlueCherry answered so."""
    house = quiet(begin, days=0.05, orders_per_day=0)
    placed(house, "spanning")
    house.run("orders")
    house.advance(20)
    house.sandbox.scenario(f"answers_{code}")
    house.run("orders")
    return house


def looked(house: Any, *minutes: float) -> None:
    """Past the usual delay, or so much later each time, a look."""
    for later in minutes or (house.house.settings.erp_visibility_minutes or 16,):
        house.advance(later)
        house.run("orders")


def opened(house: Any, kind: str) -> list[dict[str, Any]]:
    """What is wrong now."""
    house.run("watch")
    rows: list[dict[str, Any]] = house.rows(
        "select * from exception_facts where is_open and exception_kind = $kind", kind=kind
    )
    return rows


def creations(house: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = house.rows(
        "select * from intent_facts where intent_kind = 'create_sales_order' order by meant_at"
    )
    return rows


def test_while_bluecherry_posts_a_batch_orders_wait_under_its_code_and_go_once_when_it_is_over(
    bench: Callable[..., Any],
) -> None:
    house = answering(bench, "batch_running")
    asked = creations(house)
    looked(house)  # not there, looked for once more
    looked(house, 1.5)
    waiting = opened(house, "refused_by_erp")
    at_once = creations(house)
    looked(house)
    tried = creations(house)
    still = opened(house, "refused_by_erp")
    nothing_there = copies(house)
    house.sandbox.scenario("answers_as_usual")
    looked(house)
    looked(house, 1.5, 6, 10)  # absent; sent again when it has rested; held no more
    wrong = opened(house, "refused_by_erp")

    assert asked
    assert {(row["state"], row["answered"]) for row in asked} == {("unclear", "BATCH_RUNNING")}
    assert {row["cause"] for row in waiting} == {"BATCH_RUNNING"}
    assert all("answered BATCH_RUNNING, and it was not there" in row["detail"] for row in waiting)
    assert len(at_once) == len(asked)  # it rests before it is tried again
    assert len(tried) > len(asked)
    assert {row["exception_id"] for row in still} == {row["exception_id"] for row in waiting}
    assert nothing_there == {}
    assert wrong == []
    assert set(copies(house).values()) == {1}
    assert {row["subject"] for row in creations(house) if row["state"] == "confirmed"} == {
        row["subject"] for row in asked
    }


def test_what_bluecherry_kept_though_its_gateway_gave_up_is_found_and_not_sent_again(
    bench: Callable[..., Any],
) -> None:
    house = answering(bench, "upstream_timeout")
    asked = creations(house)
    looked(house)
    wrong = opened(house, "refused_by_erp")

    assert {(row["state"], row["answered"]) for row in asked} == {("unclear", "UPSTREAM_TIMEOUT")}
    assert [row["state"] for row in creations(house)] == ["confirmed"] * len(asked)
    assert set(copies(house).values()) == {1}
    assert wrong == []
