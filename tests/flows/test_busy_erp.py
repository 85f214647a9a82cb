"""BlueCherry answers 503 or 504 with a code: nothing goes twice, people read the code, it mends itself."""

from collections.abc import Callable
from typing import Any

from store.commands import Retry
from tests.flows.desk import Counter
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


def looked(house: Any) -> None:
    """Past the usual delay, two looks, and what is wrong now is written down."""
    house.advance(house.house.settings.erp_visibility_minutes or 16)
    house.run("orders")
    house.advance(1.5)
    house.run("orders")
    house.run("watch")


def opened(house: Any, kind: str) -> list[dict[str, Any]]:
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
    house.advance(house.house.settings.erp_visibility_minutes or 16)
    house.run("orders")  # not there, looked for once more
    house.run("watch")
    doubts = opened(house, "order_unclear")
    house.advance(1.5)
    house.run("orders")
    house.run("watch")
    waiting = opened(house, "refused_by_erp")
    at_once = creations(house)
    for _ in range(2):
        looked(house)
    tried = creations(house)
    still = opened(house, "refused_by_erp")
    nothing_there = copies(house)
    house.sandbox.scenario("answers_as_usual")
    for _ in range(2):
        looked(house)

    assert asked
    assert {(row["state"], row["answered"]) for row in asked} == {("unclear", "BATCH_RUNNING")}
    assert len(doubts) == len(asked)
    assert all("BATCH_RUNNING" in row["detail"] for row in doubts)
    assert {row["cause"] for row in waiting} == {"BATCH_RUNNING"}
    assert all("answered BATCH_RUNNING, and it was not there" in row["detail"] for row in waiting)
    assert len(at_once) == len(asked)  # it rests before it is tried again
    assert len(tried) > len(asked)
    assert {row["exception_id"] for row in still} >= {row["exception_id"] for row in waiting}
    assert nothing_there == {}
    assert opened(house, "refused_by_erp") == opened(house, "order_unclear") == []
    assert set(copies(house).values()) == {1}
    assert {row["subject"] for row in creations(house) if row["state"] == "confirmed"} == {
        row["subject"] for row in asked
    }
    assert house.rebuild_differences() == {}


def test_what_bluecherry_kept_though_its_gateway_gave_up_is_found_and_not_sent_again(
    bench: Callable[..., Any],
) -> None:
    house = answering(bench, "upstream_timeout")
    asked = creations(house)
    looked(house)

    assert {(row["state"], row["answered"]) for row in asked} == {("unclear", "UPSTREAM_TIMEOUT")}
    assert [row["state"] for row in creations(house)] == ["confirmed"] * len(asked)
    assert set(copies(house).values()) == {1}
    assert opened(house, "refused_by_erp") == opened(house, "order_unclear") == []


def test_process_again_while_bluecherry_is_busy_mends_nothing_and_says_so(bench: Callable[..., Any]) -> None:
    """What is sent again is answered as before."""
    house = answering(bench, "batch_running")
    looked(house)
    waiting = opened(house, "refused_by_erp")
    sent = len(creations(house))
    house.advance(0.2)  # somebody reads it first
    counter = Counter(house)
    done = counter.ask(Retry(exception_kind="refused_by_erp", cause="BATCH_RUNNING"))
    counter.close()
    many = len(waiting)

    assert many > 1
    assert done["answer"] == {"count": many, "mended": 0, "still_wrong": many}
    assert len(creations(house)) > sent
    assert {row["exception_id"] for row in opened(house, "refused_by_erp")} == {
        row["exception_id"] for row in waiting
    }
