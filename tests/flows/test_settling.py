"""A call whose answer was lost is made again only when it surely did not happen, whatever it was for."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from store import commands as ask
from store.events import AcceptanceDecided, OrderReleased
from sync.errors import Unclear
from sync.flows import dispatch_look, returns_settle
from sync.flows import orders_acceptance as accepting
from sync.freshness import ORDERS_SEEN
from sync.intents import Intent, recorded
from sync.ports import ErpReturn, MarketOrder, MarketShipment, Page
from sync.rules.order_past import freed_by
from sync.runs import EVERYTHING, Run, Scope
from tests.flows.between import Between
from tests.flows.desk import Counter
from tests.flows.shop import Shop, settings_of
from tests.flows.test_orders import orders_look, placed, quiet, sendable, settled, typed_by_hand
from tests.told import HOUR, NOW


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    yield opened
    opened.told.close()


def lost(calls: list[str]) -> Callable[..., Any]:
    """A call that is noted, does nothing, and whose answer never comes."""

    def call(_: Any, *given: Any) -> Any:
        calls.append("/".join(map(str, given[:2])))
        raise Unclear("no answer came")

    return call


def became(house: Any, ids: list[str]) -> set[tuple[str, str]]:
    """What became of intents."""
    rows = house.rows(
        "select state, code from intent_facts where intent_id in (select unnest($ids::uuid[]))", ids=ids
    )
    return {(row["state"], row["code"]) for row in rows}


def test_an_acceptance_is_made_again_only_when_the_order_was_read_two_minutes_after_it(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench, days=0.05)
    real, calls = house.house.marketplace, list[str]()
    house.house.marketplace = Between(real, accept=lost(calls))
    (order_id, *_) = sorted(placed(house))
    house.run("orders")
    call = next(one for one in calls if one.startswith(order_id))
    sent = calls.count(call)
    for _ in range(3):
        house.advance(0.5)
        house.run("orders")
    soon = calls.count(call)
    house.house.marketplace = Between(real, accept=lost(calls), orders=without(order_id))
    for _ in range(3):
        house.advance(200)  # the bookmark waits six hours for what cannot be read, and then goes on
        house.run("orders")
    unread = calls.count(call)
    house.house.marketplace = real
    house.run("orders", Scope(key=order_id))
    house.run("orders")

    assert (sent, soon, unread) == (1, 1, 1)
    assert house.sandbox.state("john_lewis")["orders"][order_id]["accepted_at"]


def test_a_lost_acceptance_is_made_again_though_another_order_cannot_be_read(bench: Callable[..., Any]) -> None:
    house = quiet(bench, days=0.05)
    real, calls = house.house.marketplace, list[str]()
    bad, *rest = sorted(placed(house))
    house.house.marketplace = Between(real, accept=lost(calls), orders=without(bad))
    house.run("orders")
    sent = {call.partition("/")[0] for call in calls}
    house.house.marketplace = Between(real, orders=without(bad))
    house.advance(5)
    house.run("orders")
    there = house.sandbox.state("john_lewis")["orders"]

    assert sent == set(rest)
    assert all(there[order_id]["accepted_at"] for order_id in rest)


def test_a_lost_refusal_is_made_again_after_gaps_that_grow_and_at_once_when_a_person_asks(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench, days=0.05, orders_per_day=0)
    real, calls = house.house.marketplace, list[str]()
    house.house.marketplace = Between(real, refuse=lost(calls))
    (order_id, *_) = sorted(placed(house))
    refusal = AcceptanceDecided(
        happened_at=house.house.clock.now(), order_id=order_id, decision="refuse", why="lost in the fire"
    )
    house.house.journal.append([refusal])
    made = []
    for _ in range(8):
        before = len(calls)
        house.run("orders")
        made.append(len(calls) - before)
        house.advance(3)
    run = Run(house.house, "orders", uuid4(), house.house.clock.now())
    waits = accepting.decided(run, EVERYTHING)
    released = OrderReleased(happened_at=run.now(), order_id=order_id, frees=freed_by("acceptance_due", ""))
    house.house.journal.append([released])

    # absent once it goes at once, then after gaps of two minutes and of four, each give or take a quarter
    assert made in ([1, 1, 0, 1, 0, 0, 1, 0], [1, 1, 0, 1, 0, 1, 0, 0])
    assert waits == ()
    assert [one.order_id for one in accepting.decided(run, EVERYTHING)] == [order_id]


def test_what_was_decided_otherwise_at_john_lewis_was_not_done_by_us(bench: Callable[..., Any]) -> None:
    house = quiet(bench, days=0.05, orders_per_day=0)
    real, calls = house.house.marketplace, list[str]()
    house.house.marketplace = Between(real, accept=lost(calls), refuse=lost(calls))
    refused, accepted, *_ = sorted(placed(house))
    refusal = AcceptanceDecided(
        happened_at=house.house.clock.now(), order_id=accepted, decision="refuse", why="lost in the fire"
    )
    house.house.journal.append([refusal])
    house.run("orders")
    there = house.sandbox.state("john_lewis")["orders"]
    real.refuse(refused, [line["order_line_id"] for line in there[refused]["lines"]])
    real.accept(accepted, [line["order_line_id"] for line in there[accepted]["lines"]], ())
    house.advance(3)
    house.run("orders")
    meant = house.rows(
        "select order_id, intent_kind, state, code from intent_facts where order_id in ($refused, $accepted)"
        " order by order_id",
        refused=refused, accepted=accepted,
    )  # fmt: skip

    assert sorted(call.partition("/")[0] for call in calls if call.startswith((refused, accepted))) == [
        refused, accepted,
    ]  # fmt: skip
    assert [tuple(row.values()) for row in meant] == [
        (refused, "accept_order", "refused", "superseded"), (accepted, "refuse_order", "refused", "superseded"),
    ]  # fmt: skip


def test_an_acceptance_in_doubt_is_not_taken_for_done_when_john_lewis_cancelled_the_order_instead(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench, days=0.05, orders_per_day=0)
    real, calls = house.house.marketplace, list[str]()
    house.house.marketplace = Between(real, accept=lost(calls))
    (order_id, *_) = sorted(placed(house))
    house.run("orders")

    def window_over(port: Any, **named: Any) -> Iterator[Page[MarketOrder]]:
        over = {"state": "CANCELED", "state_reason": "Not accepted in time", "updated_at": house.house.clock.now()}
        for page in port.orders(**named):
            yield replace(page, items=tuple(replace(one, **over) for one in page.items))

    house.house.marketplace = Between(real, accept=lost(calls), orders=window_over)
    house.advance(3)
    house.run("orders", Scope(key=order_id))
    meant = house.rows("select intent_kind, state, code from intent_facts where order_id = $id", id=order_id)

    assert [tuple(row.values()) for row in meant] == [("accept_order", "refused", "superseded")]


def test_what_was_typed_under_another_customer_and_found_by_its_number_is_followed_to_its_end(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench, days=0.05)
    placed(house)
    house.run("orders")
    house.advance(20)
    orders_look(house)
    chosen = sendable(house)
    ord_num = typed_by_hand(house, chosen, customer="WHS")
    real, calls = house.house.erp, list[str]()
    house.house.erp = Between(real, create_order=lost(calls))
    house.run("orders")
    house.house.erp = real
    settled(house)
    held = house.rows("select reason from order_hold_facts where order_id = $id", id=chosen)
    real.cancel_line(ord_num, 1, 1, "typed by mistake")
    settled(house, times=1)
    house.run("watch")
    counter = Counter(house)
    answer = counter.ask(ask.Retry(exception_kind="duplicate_po", cause=""))
    counter.close()
    settled(house, times=1)
    ours = [one for one in house.sandbox.state("bluecherry")["sales_orders"] if one["po_num"] == chosen]

    assert held == [{"reason": "duplicate_po"}]
    assert answer["state"] == "done"
    assert [(one["ord_num"] == ord_num, one["status"]) for one in ours] == [(True, "CANCELLED"), (False, "OPEN")]


def without(order_id: str) -> Callable[..., Any]:
    """John Lewis lists the orders, and one of them cannot be read."""

    def orders(real: Any, **named: Any) -> Iterator[Page[MarketOrder]]:
        for page in real.orders(**named):
            good = tuple(one for one in page.items if one.order_id != order_id)
            bad = () if len(good) == len(page.items) else (f"order {order_id}: order_lines is missing",)
            yield Page(good, page.snapshot_id, bad, page.total)

    return orders


def test_a_cancelation_is_made_again_only_after_two_sweeps_past_the_visibility_delay(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench)
    placed(house)
    settled(house, minutes=12, times=2)
    real, calls = house.house.erp, list[str]()
    house.house.erp = Between(real, cancel_line=lost(calls))
    house.sandbox.scenario("cancel_some")
    for _ in range(9):
        if not calls:
            settled(house, minutes=5, times=1)
    sent = tuple(calls)
    unclear = "select intent_id from intent_facts where intent_kind = 'cancel_sales_line' and state = 'unclear'"
    ids = [str(row["intent_id"]) for row in house.rows(unclear)]
    house.advance(house.house.settings.erp_visibility_minutes + 1)
    house.run("orders")
    once = became(house, ids)
    house.run("orders")
    again = [call for call in calls if call in sent]
    house.house.erp = real
    house.advance(1.5)
    house.run("orders")

    assert len(sent) == len(ids) > 0
    assert once == {("unclear", "absent_once")}
    assert again == list(sent)
    assert became(house, ids) == {("refused", "absent")}


def test_a_withdrawal_is_made_again_only_after_two_sweeps_in_which_all_could_be_read(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=40)
    now = house.house.clock.now()
    house.house.journal.append(
        [recorded(Intent("cancel_return", "R1/RA-1", {"ret_num": "RA-1"}, "O1-A"), now - timedelta(hours=2))]
    )
    skipped: list[tuple[str, ...]] = [("return RA-1: lines is missing",), (), (), ("return RA-1: a hole",), ()]

    def shown(_: Any, **__: str) -> Iterator[Page[ErpReturn]]:
        yield Page((), None, skipped.pop(0), None)

    house.house.erp = Between(house.house.erp, list_returns=shown)
    told = []
    for minutes in (0, 0, 0.5, 1, 0):
        house.advance(minutes)
        returns_settle.settle(Run(house.house, "returns", uuid4(), house.house.clock.now()))
        (row,) = house.rows("select state, code from intent_facts where intent_kind = 'cancel_return'")
        told.append((row["state"], row["code"]))

    once = ("unclear", "absent_once")
    assert told == [("unclear", "looking"), once, once, once, ("refused", "absent")]


def test_one_parcel_john_lewis_shows_unreadably_keeps_no_parcel_of_another_order_in_doubt(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=40)
    now = house.house.clock.now()
    for n in (1, 2):
        what = {"reference": f"S{n}/C1", "tracking": "", "quantities": {}}
        meant = Intent("confirm_shipment", f"S{n}/C1", what, f"O{n}-A")
        house.house.journal.append([recorded(meant, now - timedelta(hours=1))])

    def shown(_: Any, order_ids: list[str]) -> Iterator[Page[MarketShipment]]:
        yield Page((), None, ("shipment X: lines is missing",) if "O1-A" in order_ids else (), None)

    house.house.marketplace = Between(house.house.marketplace, shipments=shown)
    dispatch_look.settle(Run(house.house, "dispatch", uuid4(), now))
    rows = house.rows("select order_id, state, code from intent_facts where intent_kind = 'confirm_shipment'")

    assert {row["order_id"]: (row["state"], row["code"]) for row in rows} == {
        "O1-A": ("unclear", "looking"),
        "O2-A": ("refused", "absent"),
    }


def test_a_parcel_of_an_order_with_a_shipment_nobody_can_read_is_known_by_its_order_or_left_to_a_person(
    shop: Shop,
) -> None:
    what = {"reference": "S/C1", "tracking": "", "quantities": {}}
    for order_id, state in (("JL1-A", "SHIPPED"), ("JL2-A", "SHIPPING")):
        shop.told.order(order_id, state=state)
        shop.told.intent(
            "confirm_shipment", f"{order_id}/C1", "unclear", order_id=order_id, payload=what, at=NOW - HOUR
        )

    def shown(_: Any, __: list[str]) -> Iterator[Page[MarketShipment]]:
        yield Page((), None, ("shipment X: lines is missing",), None)

    shop.run.house.marketplace = Between(None, shipments=shown)
    told = "select order_id, state, code from intent_facts where intent_kind = 'confirm_shipment' order by order_id"
    read(shop)
    dispatch_look.settle(shop.run)
    soon = [tuple(row.values()) for row in shop.rows(told)]
    shop.told.clock.moment = NOW + 6 * HOUR
    dispatch_look.settle(shop.run)  # John Lewis was not read since
    unread = [tuple(row.values()) for row in shop.rows(told)]
    read(shop)
    dispatch_look.settle(shop.run)

    assert soon == [("JL1-A", "confirmed", ""), ("JL2-A", "unclear", "")]
    assert unread == soon
    assert [tuple(row.values()) for row in shop.rows(told)][1] == ("JL2-A", "refused", "unseen")


def test_a_refund_john_lewis_took_and_does_not_show_a_day_later_is_a_persons(shop: Shop) -> None:
    for order_id, amount in (("JL1-A", "39.00"), ("JL2-A", "0.00")):  # John Lewis shows nothing of either
        what = {
            "return_id": "R", "order_line_id": f"{order_id}-1", "amount": amount, "shipping_amount": "0",
            "before_amount": "0",
        }  # fmt: skip
        shop.told.order(order_id, state="RECEIVED")
        shop.told.intent(
            "refund_line", f"R/{order_id}-1", "confirmed", order_id=order_id, payload=what, at=NOW, reference="RF-1"
        )
    told = "select order_id, state, code from intent_facts where intent_kind = 'refund_line' order by order_id"
    shop.told.clock.moment = NOW + 23 * HOUR
    read(shop)
    returns_settle.settle(shop.run)
    soon = {row["state"] for row in shop.rows(told)}
    shop.told.clock.moment = NOW + 25 * HOUR
    read(shop)
    returns_settle.settle(shop.run)

    assert soon == {"confirmed"}
    assert [tuple(row.values()) for row in shop.rows(told)] == [
        ("JL1-A", "refused", "unseen"), ("JL2-A", "confirmed", ""),
    ]  # fmt: skip


def read(shop: Shop) -> None:
    """All orders at John Lewis were read just now."""
    shop.run.record(bookmarks={ORDERS_SEEN: shop.run.now().isoformat()})
