"""A clock of John Lewis that was put right: what it then stamps behind is not lost, and nothing goes back."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from store.journal import check_rebuild
from sync.flows.orders_proof import count
from sync.flows.orders_record import record_page
from sync.ports import Address, MarketLine, MarketOrder, Page, Person
from sync.rules.proof import Window
from sync.unread import Reading
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW

MINUTE = timedelta(minutes=1)
AHEAD = NOW + 8 * MINUTE
HOME = Address("Zoë Kettle", "1 Pretend Row", "", "Leeds", "", "LS1 0AA", "GBR")
SHIRT = MarketLine(
    "JL1-A-1", 1, "SHIRT-M", "Shirt", "SHIPPING", 1, Decimal(39), Decimal(39), Decimal(0), Decimal(9), Decimal(1)
)
ORDER = MarketOrder(
    "JL1-A", "JL1", "SHIPPING", NOW - MINUTE, AHEAD, None, None, None, "GBP", "TAX_INCLUDED", Decimal(39),
    Decimal(0), Decimal(39), Decimal(9), "STD-UK", "", has_incident=False, carrier_code="", tracking="",
    lines=(SHIRT,), person=Person(HOME, None),
)  # fmt: skip


SENT = replace(ORDER, state="SHIPPED", updated_at=AHEAD + MINUTE)


class Shown:
    """John Lewis as far as it is asked by name: what an order is now, and how often that was asked."""

    def __init__(self, now: MarketOrder) -> None:
        self.now = now
        self.asked = 0

    def orders(self, *, order_ids: Sequence[str]) -> Iterator[Page[MarketOrder]]:
        assert list(order_ids) == [self.now.order_id]
        self.asked += 1
        yield Page((self.now,), None, ())


class Listed(Shown):
    """John Lewis as far as it is asked for a day: it lists an order, or none, and by name says what it is now.

    Its total may count what its list leaves out.
    """

    def __init__(self, listed: MarketOrder | None, now: MarketOrder, *, total: int | None = None) -> None:
        super().__init__(now)
        self.listed = listed
        self.total = total

    def orders(self, *, order_ids: Sequence[str] = (), **_: Any) -> Iterator[Page[MarketOrder]]:
        if order_ids:
            return super().orders(order_ids=order_ids)
        listed = (self.listed,) if self.listed else ()
        return iter([Page(listed, None, (), total=len(listed) if self.total is None else self.total)])


class Answering:
    """John Lewis, with one answer whatever is asked."""

    def __init__(self, answer: Page[MarketOrder]) -> None:
        self._answer = answer

    def orders(self, **_: Any) -> Iterator[Page[MarketOrder]]:
        yield self._answer


def unreadable(shop: Shop) -> list[str]:
    return [row["detail"] for row in shop.rows("select detail from unread_facts where is_open")]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    yield opened
    opened.told.close()


def read(shop: Shop, *orders: MarketOrder, now: MarketOrder = ORDER) -> int:
    """Read them one after the other, in a list each; how often `now` was asked for by its name."""
    shown = Shown(now)
    shop.run.house.marketplace = cast("Any", shown)
    for order in orders:
        record_page(Reading(shop.run, "marketplace", "order"), Page((order,), None, ()))
    return shown.asked


def known(shop: Shop) -> tuple[str, bool, Any]:
    (row,) = shop.rows("select state, has_incident, changed_at from order_facts")
    return row["state"], row["has_incident"], row["changed_at"]


def test_a_change_stamped_behind_the_last_one_counts_at_once(shop: Shop) -> None:
    cancelled = replace(ORDER, state="CANCELED", updated_at=NOW + MINUTE)
    asked = read(shop, ORDER, cancelled, cancelled, now=cancelled)

    assert (known(shop), asked) == (("CANCELED", False, NOW + MINUTE), 0)
    assert shop.rows("select count(*)::integer as n from events where order_id = 'JL1-A'") == [{"n": 2}]
    assert check_rebuild(shop.told.database) == {}


def test_a_change_stamped_behind_the_last_one_is_counted_each_time_it_is_read_again(shop: Shop) -> None:
    sent = replace(ORDER, state="SHIPPED", updated_at=NOW + MINUTE)
    shop.run.house.marketplace = cast("Any", Shown(sent))
    for number, order in enumerate((ORDER, ORDER, sent, sent, sent, sent)):
        record_page(
            Reading(shop.run, "marketplace", "order"), Page((order,), shop.told.snapshot(f"answer {number}"), ())
        )
    rows = shop.rows(
        "select event.seq::integer as seq, again.read_count::integer as n from events as event"
        " left join read_again as again using (event_id) where event.order_id = 'JL1-A' order by event.seq"
    )

    assert [row["n"] for row in rows] == [1, 3]
    assert (known(shop)[0], check_rebuild(shop.told.database)) == ("SHIPPED", {})


@pytest.mark.parametrize("stamped", [AHEAD - MINUTE, AHEAD], ids=["before", "the same"])
def test_an_older_state_that_is_shown_late_changes_nothing(shop: Shop, stamped: Any) -> None:
    older = replace(ORDER, state="WAITING_ACCEPTANCE", updated_at=stamped)
    asked = read(shop, ORDER, older)

    assert (known(shop), asked) == (("SHIPPING", False, AHEAD), 0)


def test_what_may_be_either_is_asked_for_by_its_name_and_that_counts(shop: Shop) -> None:
    moved = Person(replace(HOME, line_1="2 Pretend Row"), None)
    disputed = replace(ORDER, has_incident=True, person=moved, updated_at=NOW + MINUTE)
    stale = read(shop, ORDER, disputed)
    before = known(shop)
    asked = read(shop, disputed, disputed, now=disputed)
    (personal,) = shop.rows("select body from personal")

    assert (stale, before) == (1, ("SHIPPING", False, AHEAD))
    assert (asked, known(shop)) == (1, ("SHIPPING", True, NOW + MINUTE))
    assert "2 Pretend Row" in personal["body"]
    assert check_rebuild(shop.told.database) == {}


def test_what_cannot_be_read_when_it_is_asked_for_by_its_name_is_unreadable_until_it_can(shop: Shop) -> None:
    disputed = replace(ORDER, has_incident=True, updated_at=NOW + MINUTE)
    read(shop, ORDER)
    lost: Page[MarketOrder] = Page((), None, ("order JL1-A: no total_price",))
    moves = []
    for answer in (lost, Page((disputed,), None, ())):
        shop.run.house.marketplace = cast("Any", Answering(answer))
        reading = Reading(shop.run, "marketplace", "order", since=NOW - MINUTE, bookmark="before")
        record_page(reading, Page((disputed,), None, ()))
        moves.append((reading.end(), known(shop)[1], unreadable(shop)))

    assert moves == [(False, False, ["no total_price"]), (True, True, [])]


def test_what_was_taken_for_later_by_mistake_is_put_right_by_the_next_reading(shop: Shop) -> None:
    disputed = replace(ORDER, has_incident=True, updated_at=NOW + MINUTE)
    read(shop, ORDER, disputed, now=disputed)
    read(shop, ORDER)

    assert known(shop) == ("SHIPPING", False, AHEAD)
    assert check_rebuild(shop.told.database) == {}


def test_the_changes_that_follow_until_the_old_stamp_has_come_count_in_their_order(shop: Shop) -> None:
    sent = replace(ORDER, state="SHIPPED", updated_at=NOW + 2 * MINUTE)
    there = replace(ORDER, state="RECEIVED", updated_at=NOW + 5 * MINUTE)
    done = replace(ORDER, state="CLOSED", updated_at=NOW + 9 * MINUTE)
    states = []
    for order in (ORDER, sent, there, sent, done):
        read(shop, order)
        states.append(known(shop)[0])

    assert states == ["SHIPPING", "SHIPPED", "RECEIVED", "RECEIVED", "CLOSED"]
    assert check_rebuild(shop.told.database) == {}


@pytest.mark.parametrize(
    ("ours", "listed", "now", "outdated"),
    [
        (SENT, ORDER, SENT, ()),  # a late answer
        (ORDER, SENT, SENT, ("JL1-A",)),
        (ORDER, replace(SENT, updated_at=NOW), SENT, ("JL1-A",)),  # its clock was put right
        (SENT, replace(ORDER, state="A_NEW_WORD"), SENT, ()),  # nobody can say which is first: it is asked for
        (SENT, SENT, SENT, ()),
    ],
    ids=["a late answer", "a change we missed", "one stamped behind", "a late unheard-of state", "the same"],
)
def test_a_count_says_that_ours_was_older_only_where_it_was(
    shop: Shop, ours: MarketOrder, listed: MarketOrder, now: MarketOrder, outdated: tuple[str, ...]
) -> None:
    read(shop, ours)
    shop.run.house.marketplace = cast("Any", Listed(listed, now))
    day = Window(NOW.date(), NOW - HOUR, NOW + HOUR, is_closed=True)
    counted = count(shop.run, day, record_page, Reading(shop.run, "marketplace", "order"))

    assert counted.outdated == outdated
    assert known(shop)[0] == "SHIPPED"


def test_an_order_an_old_list_leaves_out_is_asked_for_by_its_name_before_it_is_said_to_be_gone(shop: Shop) -> None:
    day = Window(NOW.date(), NOW - HOUR, NOW + HOUR, is_closed=True)
    read(shop, ORDER)
    counts = []
    for marketplace in (Listed(None, SENT), Listed(None, SENT, total=1), Answering(Page((), None, (), total=0))):
        shop.run.house.marketplace = cast("Any", marketplace)
        counts.append(count(shop.run, day, record_page, Reading(shop.run, "marketplace", "order")))
    *late, gone = counts

    assert [(one.there_count, one.here_count, one.vanished) for one in late] == [(1, 1, ())] * 2
    assert known(shop)[0] == "SHIPPED"
    assert (gone.there_count, gone.here_count, gone.vanished) == (0, 1, ("JL1-A",))
