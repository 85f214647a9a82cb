"""No order is missed, whatever the marketplace's lists do: the complaints of the field, on the real sandbox.

Pages, ids in hundreds, ranges of more than a year, orders that change under the reader's eyes, orders placed in the
same moment, midnight, and the nights in which the clocks change; and where a list leaves something out, the day's
count finds it and says which order it was.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from store.events import OrdersCounted
from sync.flows.orders_proof import NAMED, count
from sync.lanes import lanes_of
from sync.ports import MarketOrder, Page
from sync.rules.proof import LONDON, windows
from sync.runs import EVERYTHING, Run, Scope
from sync.unread import Reading
from tests.flows.between import Between


def quiet(begin: Callable[..., Any], **world: Any) -> Any:
    """A small house in which nobody orders unless told to."""
    house = begin(**{"days": 0.02, "orders_per_day": 0, "skus": 40, **world})
    for name in ("no_orders", "no_hand_edits", "no_surprises"):
        house.sandbox.scenario(name)
    return house


def there(house: Any) -> dict[str, Any]:
    orders: dict[str, Any] = house.sandbox.state("john_lewis")["orders"]
    return orders


def here(house: Any) -> dict[str, str]:
    return {row["order_id"]: row["state"] for row in house.rows("select order_id, state from order_facts")}


def buy(house: Any, times: int = 1) -> set[str]:
    """Fifty orders a time, all in one moment."""
    before = set(there(house))
    for _ in range(times):
        house.sandbox.scenario("burst")
    return set(there(house)) - before


def counted(house: Any) -> dict[str, tuple[int, int, bool]]:
    rows = house.rows("select day::varchar as day, there_count, here_count, agrees from order_counts")
    return {row["day"]: (row["there_count"], row["here_count"], row["agrees"]) for row in rows}


def test_an_order_stamped_with_a_day_to_come_is_known_as_it_was_read_last(bench: Callable[..., Any]) -> None:
    house = quiet(bench)
    (order_id, *_) = sorted(buy(house))
    real = house.house.marketplace

    def ahead(port: Any, **named: Any) -> Iterator[Page[MarketOrder]]:
        for page in port.orders(**named):
            stamped = (replace(one, updated_at=one.updated_at + timedelta(days=40)) for one in page.items)
            yield replace(page, items=tuple(stamped))

    house.house.marketplace = Between(real, orders=ahead)
    for _ in range(2):
        house.run("orders", Scope(key=order_id))
    told = "select count(*) as n from events where kind in ('order.placed', 'order.changed') and order_id = $id"
    events = house.value(told, id=order_id)
    house.run("watch")
    house.house.marketplace = real
    real.accept(order_id, [line["order_line_id"] for line in there(house)[order_id]["lines"]])
    house.advance(20)
    house.run("orders", Scope(key=order_id))
    named = house.rows("select detail from exception_facts where exception_kind = 'clock_skew' and is_open")

    assert events <= 3
    assert [row["detail"].startswith(f"It stamped order {order_id} with a moment to come") for row in named] == [
        True
    ]
    assert here(house)[order_id] == there(house)[order_id]["state"] != "WAITING_ACCEPTANCE"
    assert house.rebuild_differences() == {}


def days_before_are_proven(house: Any) -> None:
    """The seven days before agreed last night, so that today's turn comes first."""
    now = house.house.clock.now()
    house.house.journal.append(
        [
            OrdersCounted(
                happened_at=now, day=one.day, from_at=one.from_at, until_at=one.until_at, is_closed=True,
                there_count=0, here_count=0,
            )
            for one in windows(now)
            if one.is_closed
        ]
    )  # fmt: skip


def a_look_and_a_count(house: Any) -> None:
    """A minute lies between, as the marketplace wants it."""
    for counts in (0, 1):
        house.advance(1.05)
        run = house.run("orders")
        assert (run.is_good, run.counts["days_counted"]) == (True, counts)


def gaps(house: Any) -> dict[str, str]:
    rows = house.rows(
        "select subject, detail from conditions($now) where kind = 'count_gap'", now=house.house.clock.now()
    )
    return {row["subject"]: row["detail"] for row in rows}


def leaving_out(house: Any, lost: set[str]) -> Any:
    """A marketplace whose list of changes never shows these orders; asked by day it does."""

    def orders(port: Any, **asked: Any) -> Iterator[Any]:
        for page in port.orders(**asked):
            is_list_of_changes = asked.get("updated_from") is not None
            kept = tuple(one for one in page.items if not (is_list_of_changes and one.order_id in lost))
            yield type(page)(kept, page.snapshot_id, page.skipped, page.total)

    return Between(house.assembled.house.marketplace, orders=orders)


def test_page_1_only_is_not_all_and_orders_of_one_moment_are_not_lost_where_a_page_ends(
    bench: Callable[..., Any],
) -> None:
    """More than a hundred orders placed in the same moment: the first page ends among them."""
    house = quiet(bench)
    placed = buy(house, times=3)
    house.run("orders")
    moments = Counter(one["created_at"] for one in there(house).values())

    assert max(moments.values()) == len(placed) > 100
    assert here(house).keys() == there(house).keys()


def test_more_than_100_ids_are_asked_in_hundreds_and_a_range_over_1_year_is_read_whole(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench)
    placed = buy(house, times=3)
    pages = house.house.marketplace.orders(order_ids=sorted(placed))
    named = [order.order_id for page in pages for order in page.items]
    house.advance(400 * 24 * 60)
    run = house.run("orders", Scope(since=house.house.clock.now() - timedelta(days=500)))
    youngest_at = house.value("select max(placed_at) as at from order_facts")

    assert len(placed) > 100
    assert sorted(named) == sorted(placed)
    assert run.state == "succeeded"
    assert here(house).keys() == there(house).keys()
    assert house.house.clock.now() - youngest_at >= timedelta(days=400)


def test_orders_that_change_state_while_pages_are_read_end_in_their_newest_state(bench: Callable[..., Any]) -> None:
    house = quiet(bench)
    buy(house, times=3)
    turned: list[bool] = []

    def orders(port: Any, **asked: Any) -> Iterator[Any]:
        for page in port.orders(**asked):
            yield page
            if not turned:
                turned.append(True)
                house.sandbox.scenario("cancel_some")
                house.sandbox.scenario("burst")

    market = house.house.marketplace
    house.house.marketplace = Between(market, orders=orders)
    house.run("orders")
    house.house.marketplace = market
    house.advance(2)
    house.run("orders")

    assert turned
    assert here(house).keys() == there(house).keys()
    assert here(house) == {name: order["state"] for name, order in there(house).items()} or _newer(house)


def _newer(house: Any) -> bool:
    """Our own acceptances changed them after we looked: the next look shows it."""
    house.advance(2)
    house.run("orders")
    return here(house) == {name: order["state"] for name, order in there(house).items()}


def test_an_order_the_list_of_changes_left_out_is_found_by_the_count_named_and_read(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench)
    lost = sorted(buy(house))[:2]
    house.house.marketplace = leaving_out(house, set(lost))
    days_before_are_proven(house)
    house.advance(6)  # what is newer than five minutes is not counted yet
    house.run("orders")
    missed = there(house).keys() - here(house).keys()
    house.advance(2)
    a_look_and_a_count(house)
    named = gaps(house)
    house.advance(1.05)
    house.run("orders", Scope(day=date.fromisoformat(max(counted(house)))))  # somebody does not wait an hour

    assert missed == set(lost)
    assert set(named) == set(lost)
    assert named[lost[0]] == f"Order {lost[0]} was missing here; it is read now."
    assert here(house).keys() == there(house).keys()
    assert gaps(house) == {}
    assert all(agrees for _, _, agrees in counted(house).values())
    assert len(counted(house)) == 8
    assert house.rebuild_differences() == {}


def test_a_day_that_lacks_more_orders_than_a_count_names_says_how_many_more(bench: Callable[..., Any]) -> None:
    house = quiet(bench, skus=240)
    lost = buy(house, times=12)
    house.house.marketplace = leaving_out(house, lost)
    days_before_are_proven(house)
    house.advance(6)
    house.run("orders")
    house.advance(2)
    a_look_and_a_count(house)
    named = gaps(house)
    more = named.pop(f"{house.house.clock.now():%Y-%m-%d}/more", "")

    assert len(lost) > NAMED == len(named)
    assert more == f"{len(lost) - NAMED} more orders of that day differ than are named here."
    assert here(house).keys() == there(house).keys()
    assert house.rebuild_differences() == {}


def test_a_count_of_today_keeps_no_order_waiting(bench: Callable[..., Any]) -> None:
    """It takes the call of a look, so it sees what the look would have seen."""
    house = quiet(bench)
    house.run("orders")
    house.advance(1.05)
    buy(house)  # a moment ago, after what may be counted yet
    run = house.run("orders")

    assert run.counts["days_counted"] == 1
    assert here(house).keys() == there(house).keys()
    assert counted(house) == {"2026-11-20": (0, 0, True)}


def test_a_count_is_made_only_between_looks_and_at_most_once_a_minute(bench: Callable[..., Any]) -> None:
    house = quiet(bench, start="2026-11-20T03:00:00Z")
    buy(house)
    kinds = []
    for _ in range(4):
        house.advance(1.05)
        kinds.append(house.run("orders").counts["days_counted"])
    calls = [one for one in house.sandbox.requests("john_lewis") if one["path"] == "/api/orders"]

    assert kinds == [0, 1, 0, 1]
    assert len(calls) == 4
    assert all(one["status"] == 200 for one in calls)


def test_a_look_that_takes_longer_than_the_gap_between_looks_leaves_room_for_a_count(
    bench: Callable[..., Any],
) -> None:
    house = quiet(bench, start="2026-11-20T03:00:00Z")

    def slow(port: Any, **asked: Any) -> Iterator[Any]:
        yield from port.orders(**asked)
        house.advance(4)

    market = house.house.marketplace
    house.house.marketplace = Between(market, orders=slow)
    looked = house.run("orders")
    house.house.marketplace = market
    house.advance(0.5)

    assert looked.counts["days_counted"] == 0
    assert house.run("orders").counts["days_counted"] == 1


def test_an_order_that_cannot_be_read_is_a_gap_with_its_name_until_it_can(bench: Callable[..., Any]) -> None:
    house = quiet(bench)
    (bad, *_) = sorted(buy(house))

    def orders(port: Any, **asked: Any) -> Iterator[Any]:
        for page in port.orders(**asked):
            kept = tuple(one for one in page.items if one.order_id != bad)
            skipped = (f"order {bad}: created_date is missing",) if len(kept) < len(page.items) else ()
            yield type(page)(kept, page.snapshot_id, page.skipped + skipped, page.total)

    market = house.house.marketplace
    house.house.marketplace = Between(market, orders=orders)
    days_before_are_proven(house)
    house.advance(6)
    a_look_and_a_count(house)
    unreadable = gaps(house)
    house.house.marketplace = market
    house.advance(61)
    a_look_and_a_count(house)

    assert set(unreadable) == {bad}
    assert "cannot be read" in unreadable[bad]
    assert gaps(house) == {}
    assert bad in here(house)


@pytest.mark.parametrize(
    ("start", "days"),
    [
        # three minutes before London's midnight, in winter and in summer
        ("2026-11-20T23:57:00Z", ("2026-11-20", "2026-11-21")),
        ("2026-07-01T22:57:00Z", ("2026-07-01", "2026-07-02")),
        # the night in which 01:30 comes twice
        ("2026-10-25T00:29:00Z", ("2026-10-25",)),
    ],
)
def test_near_midnight_dates_and_dst_nights_are_counted_on_the_day_they_belong_to(
    bench: Callable[..., Any], start: str, days: tuple[str, ...]
) -> None:
    house = quiet(bench, start=start)
    buy(house)
    house.advance(6 if len(days) == 2 else 62)
    buy(house)
    house.advance(6)
    house.run("orders")
    run = _run(house)
    for window in windows(datetime.fromisoformat(run.bookmark("orders.looked"))):
        count(run, window, lambda *_: None, Reading(run, "marketplace", "order"))
    truth = Counter(
        datetime.fromisoformat(one["created_at"]).astimezone(LONDON).date().isoformat()
        for one in there(house).values()
    )

    assert {day: (n, n, True) for day, n in truth.items()} == {
        day: found for day, found in counted(house).items() if found[0]
    }
    assert tuple(sorted(truth)) == days


def _run(house: Any) -> Any:
    """A run in hand, to count by hand what the lane counts a day a turn."""
    house.house.marketplace._door.budget._limits = {}
    house.sandbox.scenario("relaxed_limits")
    return Run(house.house, "orders", uuid4(), house.house.clock.now())


def test_what_was_answered_with_500_after_success_is_in_bluecherry_once(bench: Callable[..., Any]) -> None:
    house = quiet(bench)
    house.run("catalogue")
    buy(house)
    house.run("orders")
    house.advance(20)
    house.sandbox.faults(rate_500=0.6, only="bluecherry", paths="/api/salesOrder")
    house.run("orders")
    house.sandbox.faults()
    for _ in range(4):
        house.advance(20)
        house.run("orders")
    lines = Counter(
        line["ext_line_id"] for one in house.sandbox.state("bluecherry")["sales_orders"] for line in one["lines"]
    )
    unclear = house.value("select count(*) as n from events where kind = 'intent.unclear'")

    assert unclear > 0
    assert set(lines.values()) == {1}
    assert house.value("select count(*) as n from intent_facts where state in ('unclear', 'recorded')") == 0


def test_a_requeue_while_running_is_not_lost(bench: Callable[..., Any]) -> None:
    """Asked for in the middle of a run, which may have looked before it mattered: it runs once more."""
    house = quiet(bench)
    lane = lanes_of(house.house)["orders"]

    def orders(port: Any, **asked: Any) -> Iterator[Any]:
        yield from port.orders(**asked)
        house.sandbox.scenario("burst")
        lane.hurry()

    market = house.house.marketplace
    house.house.marketplace = Between(market, orders=orders)
    lane.run_once(EVERYTHING)
    is_due_now = lane.due_at is None
    house.house.marketplace = market
    house.advance(2)
    lane.run_once(EVERYTHING)

    assert is_due_now
    assert lane.due_at is not None
    assert here(house).keys() == there(house).keys()
