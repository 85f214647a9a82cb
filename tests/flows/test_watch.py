"""What is wrong opens, and what is mended closes."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from store.commands import Accept
from store.events import AlertBegun, AlertEnded, AlertPart, ExceptionHandled, MisfitPart, OrderHeld, OrderReleased
from store.journal import Personal
from sync.flows import watch
from sync.rules.watch import exception_id
from tests.flows.desk import Counter
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW


def test_an_exception_opens_closes_and_comes_back_under_its_id_with_its_owner(bench: Callable[..., Any]) -> None:
    made = bench(days=1, orders_per_day=40, skus=40, settings={"erp_requests_per_minute": "6000"})
    made.run("orders")
    now = made.house.clock.now()
    order_id = made.value("select min(order_id) from order_facts where state = 'SHIPPING'")
    trouble = OrderHeld(
        happened_at=now, order_id=order_id, reason="unknown_sku", cause="GHOST", detail="No such SKU."
    )
    made.house.journal.append([trouble])
    identity = exception_id("unknown_sku", order_id)
    made.run("watch")
    is_open = "select is_open from exception_facts where exception_id = $id"
    assert made.value(is_open, id=identity) is True
    quiet = made.run("watch")
    assert (quiet.state, quiet.counts["opened"]) == ("succeeded", 0)

    made.house.journal.append(
        [
            ExceptionHandled(happened_at=now, exception_id=identity, action="assign", owner="Ops"),
            OrderReleased(happened_at=now + timedelta(seconds=1), order_id=order_id),
        ]
    )
    made.run("watch")
    assert made.value(is_open, id=identity) is False

    made.advance(1)
    made.house.journal.append([trouble.model_copy(update={"happened_at": made.house.clock.now()})])
    made.run("watch")
    row = made.rows("select * from exceptions($now) where exception_id = $id", now=now, id=identity)[0]
    assert (row["exception_kind"], row["owner"]) == ("unknown_sku", "Ops")
    assert made.rebuild_differences() == {}


def test_an_acceptance_holds_for_the_values_it_was_given_for(bench: Callable[..., Any]) -> None:
    """Read again with the same values it stays accepted; other values are another matter, and nobody's word yet."""
    made = bench(days=1, orders_per_day=40, skus=40)
    made.run("orders")
    order_id = made.value("select min(order_id) from order_facts where state = 'SHIPPING'")
    identity = exception_id("address_too_long", order_id)

    def held(length: int) -> None:
        made.advance(1)
        misfit = MisfitPart(part="ship_to", field="city", length=length, fits=30)
        hold = OrderHeld(
            happened_at=made.house.clock.now(), order_id=order_id, reason="address_too_long", cause="city",
            detail=f"Tried at {made.house.clock.now():%H:%M}.", misfits=(misfit,),
        )  # fmt: skip
        made.house.journal.append([hold])
        made.run("watch")

    def standing() -> tuple[bool, bool]:
        now = made.house.clock.now()
        (row,) = made.rows("select * from exceptions($now) where exception_id = $id", now=now, id=identity)
        return row["is_accepted"], row["accepted_by"] == "Ann"

    held(34)
    opened = standing()
    counter = Counter(made)
    (shown,) = made.rows("select grounds from exception_facts where exception_id = $id", id=identity)
    accept = Accept(exception_id=identity, reason="the carrier takes 40", grounds={identity: shown["grounds"]})
    told = counter.ask(accept, actor="Ann", is_approver=True)
    held(47)
    other = counter.ask(accept, actor="Ann", is_approver=True)  # another length than was shown
    unsaid = counter.ask(accept.model_copy(update={"grounds": {}}), actor="Ann", is_approver=True)
    held(34)
    counter.close()
    accepted = standing()
    held(34)
    read_again = standing()
    held(47)

    assert (opened, accepted, read_again, standing()) == (
        (False, False), (True, True), (True, True), (False, True),
    )  # fmt: skip
    assert told["message"] == "1 exception accepted as it is, until its values change or it is wrong anew."
    assert [(one["state"], one["message"]) for one in (other, unsaid)] == [
        ("refused", "It changed since; look again.")
    ] * 2
    assert made.rebuild_differences() == {}


def test_old_personal_data_is_forgotten_once_a_night(bench: Callable[..., Any]) -> None:
    made = bench(days=1, orders_per_day=20, skus=40)
    now = made.house.clock.now()
    old, young = now - timedelta(days=401), now - timedelta(days=399)
    made.house.journal.append(personal=[Personal("OLD-A", old, "{}"), Personal("NEW-A", young, "{}")])
    first = made.run("watch")
    made.house.journal.append(personal=[Personal("OLDER-A", old, "{}")])
    same_night = made.run("watch")

    assert (first.counts["people_forgotten"], same_night.counts["people_forgotten"]) == (1, 0)
    assert made.value("select count(*) from personal where order_id = 'OLD-A'") == 0
    assert made.value("select order_count from (select (body ->> 'order_count')::int as order_count from events"
                      " where kind = 'personal.purged')") == 1  # fmt: skip
    assert made.rebuild_differences() == {}


def test_a_route_that_failed_and_is_taken_out_of_the_settings_is_no_trouble_any_more(tmp_path: Path) -> None:
    duty = {"name": "duty", "to": "json://127.0.0.1:1"}
    shop = Shop(tmp_path / "store.duckdb", settings_of(alerts=[duty]))
    part = AlertPart(cause_kind="missing_division", cause="GHOST", rank=2, stage=0, count=1)
    about: dict[str, Any] = {"alert_id": uuid4(), "route": "duty"}
    shop.told.tell(
        AlertBegun(happened_at=NOW - HOUR, title="One", text="x", parts=(part,), **about),
        AlertEnded(happened_at=NOW - HOUR, state="failed", message="json did not take it", **about),
    )
    watch.run(shop.run)
    question = "select exception_kind from exception_facts where is_open"
    while_it_is_there = shop.rows(question)
    shop.run.house.settings = settings_of()
    watch.run(shop.run)
    after = shop.rows(question)
    shop.told.close()

    assert while_it_is_there == [{"exception_kind": "alert_failed"}]
    assert after == []
