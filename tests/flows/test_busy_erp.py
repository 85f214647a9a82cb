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


def test_while_bluecherry_posts_a_batch_a_few_find_out_and_all_wait_under_its_code_and_go_once_when_it_is_over(
    bench: Callable[..., Any],
) -> None:
    house = answering(bench, "batch_running")
    asked = creations(house)
    looked(house)
    doubts, waiting, nothing_there = opened(house, "order_unclear"), opened(house, "refused_by_erp"), copies(house)
    house.sandbox.scenario("answers_as_usual")
    looked(house)
    looked(house, 1.5, 6, 10)  # absent; sent again when it has rested; held no more
    wrong = [*opened(house, "refused_by_erp"), *opened(house, "order_unclear")]
    in_doubt = [row for row in asked if row["state"] == "unclear"]

    assert {row["answered"] for row in in_doubt} == {"BATCH_RUNNING"}
    assert len(in_doubt) <= house.house.settings.erp_concurrency < len(asked)
    assert {row["code"] for row in asked if row["state"] != "unclear"} == {"not_sent"}
    assert all("BATCH_RUNNING" in row["detail"] for row in (*doubts, *waiting))
    assert {row["order_id"] for row in (*doubts, *waiting)} == {row["order_id"] for row in asked}
    assert {row["cause"] for row in waiting} == {"BATCH_RUNNING"}
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


def test_process_again_while_bluecherry_is_busy_mends_nothing_and_says_so(bench: Callable[..., Any]) -> None:
    """One is sent again, and answered as before; the others wait with it."""
    house = answering(bench, "batch_running")
    looked(house)
    waiting = opened(house, "refused_by_erp")
    sent = len(creations(house))
    house.advance(0.2)  # somebody reads it first
    counter = Counter(house)
    done = counter.ask(Retry(exception_kind="refused_by_erp", cause="BATCH_RUNNING"))
    counter.close()
    still = {row["exception_id"] for row in opened(house, "refused_by_erp")}
    many = len(waiting)

    assert many > 1
    assert (done["answer"]["count"], done["answer"]["mended"]) == (many, 0)
    assert done["answer"]["still_wrong"] + done["answer"].get("unanswered", 0) == many
    assert done["answer"]["still_wrong"] >= many - 1
    assert len(creations(house)) == sent + 1
    assert len(still & {row["exception_id"] for row in waiting}) == done["answer"]["still_wrong"]
