"""Reading back: what is compared, when, and what is kept of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from store.events import RecordSkipped
from store.journal import check_rebuild
from sync import offers
from sync.flows.inventory_audit import compare, wanted_since
from sync.freshness import ORDERS_LOOKED, ORDERS_SEEN
from sync.offers import WHOLE
from sync.ports import Offer, Page
from tests.flows.shop import T_B, Shop, Stall, settings_of
from tests.told import HOUR, NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
def stall(tmp_path: Path) -> Iterator[Stall]:
    """One SKU in a store of its own: a comparison is of everything."""
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    yield Stall(opened)
    opened.told.close()


def read_offers(stall: Stall, quantity: int, at: datetime, *, is_whole: bool = True) -> None:
    """The offers were read, for half a minute."""
    stall.told.offers({stall.sku: quantity}, at=at)
    stall.told.tell(bookmarks={WHOLE: f"{at.isoformat()}/{(at + MINUTE / 2).isoformat()}" if is_whole else ""})


def read_orders(stall: Stall, at: datetime) -> None:
    stall.told.tell(bookmarks={ORDERS_SEEN: at.isoformat()})


def audits(stall: Stall) -> list[dict[str, Any]]:
    compare(stall.shop.run)
    return stall.shop.rows(
        "select compared_count, different_count, skipped_count from stock_audit_facts order by seq"
    )


def seen(stall: Stall) -> list[tuple[int, int, int]]:
    rows = stall.shop.rows("select expected_quantity, shown_quantity, read_count from comparisons order by seen_at")
    return [tuple(row.values()) for row in rows]


def test_what_stands_there_as_it_should_leaves_no_row_but_the_comparison_itself(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=2, placed=NOW - HOUR / 2)
    read_offers(stall, 5, NOW - 10 * MINUTE)
    read_orders(stall, NOW - 5 * MINUTE)

    assert audits(stall) == [{"compared_count": 1, "different_count": 0, "skipped_count": 0}]
    assert seen(stall) == []


def test_a_comparison_waits_until_the_sales_up_to_the_reading_are_known(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    read_offers(stall, 5, NOW - 10 * MINUTE)
    read_orders(stall, NOW - 10 * MINUTE)
    too_early = audits(stall)
    waits_for = wanted_since(stall.shop.run)
    stall.order("JL-1", quantity=2, placed=NOW - HOUR / 2)
    read_orders(stall, NOW - 9 * MINUTE)

    assert too_early == []
    assert waits_for == NOW - 9.5 * MINUTE
    assert audits(stall) == [{"compared_count": 1, "different_count": 0, "skipped_count": 0}]
    assert wanted_since(stall.shop.run) is None


@pytest.mark.parametrize(("order_id", "count"), [("JL-9", 1), ("", 0)])
def test_an_order_that_cannot_be_read_keeps_no_comparison_waiting_unless_it_has_no_name(
    stall: Stall, order_id: str, count: int
) -> None:
    stall.publish(7, at=NOW - HOUR)
    read_offers(stall, 9, NOW - 10 * MINUTE)
    read_orders(stall, NOW - HOUR)
    stall.told.tell(
        RecordSkipped(
            happened_at=NOW - HOUR, system="John Lewis", record="order", record_id=order_id, detail="total_price"
        )
    )
    stall.told.tell(bookmarks={ORDERS_LOOKED: (NOW - MINUTE).isoformat()})

    assert len(audits(stall)) == count


@pytest.mark.parametrize(
    ("order_id", "shown", "met", "is_wrong"),
    [
        ("JL-9", 6, NOW - 40 * MINUTE, False),
        ("", 6, NOW - 40 * MINUTE, False),
        ("JL-9", 8, NOW - 40 * MINUTE, True),  # no sale explains more
        ("JL-9", 6, NOW - 2 * HOUR, True),  # sent since: its unit is off that number no more
    ],
)
def test_what_an_unread_order_may_have_taken_off_is_not_put_back_on_sale(
    stall: Stall, order_id: str, shown: int, met: datetime, *, is_wrong: bool
) -> None:
    stall.told.mapping("warehouse", "NMK", "WH1")
    stall.told.batch("B1", {(stall.sku, "WH1"): {"on_hand": 12}}, at=T_B)
    stall.publish(7, at=NOW - HOUR)
    stall.told.tell(
        RecordSkipped(happened_at=met, system="John Lewis", record="order", record_id=order_id, detail="a hole")
    )
    for ago in (13, 2):
        read_offers(stall, shown, NOW - ago * MINUTE)
        read_orders(stall, NOW - (ago - 1) * MINUTE)
        audits(stall)
    mismatches = stall.shop.rows("select 1 from conditions($at) where kind = 'stock_mismatch'", at=NOW)
    beside = stall.shop.rows("select audit_state from stock_audit($at) where shown_quantity is not null", at=NOW)

    assert len(seen(stall)) == (2 if is_wrong else 0)
    assert (stall.row()["has_drifted"], bool(mismatches)) == (is_wrong, is_wrong)
    assert beside == [{"audit_state": "mismatch" if is_wrong else "may_be_sold"}]


def test_one_reading_is_compared_once(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    read_offers(stall, 9, NOW - 10 * MINUTE)
    read_orders(stall, NOW - MINUTE)

    assert len(audits(stall)) == len(audits(stall)) == 1
    assert seen(stall) == [(7, 9, 1)]


def test_two_readings_in_a_row_are_counted_and_the_right_one_ends_it(stall: Stall) -> None:
    stall.publish(7, at=NOW - 2 * HOUR)
    for quantity, ago in ((9, 12), (8, 9), (7, 6), (7, 3)):
        read_offers(stall, quantity, NOW - ago * MINUTE)
        read_orders(stall, NOW - (ago - 1) * MINUTE)
        audits(stall)

    assert seen(stall) == [(7, 9, 1), (7, 8, 2), (7, 7, 0)]
    assert len(audits(stall)) == 4
    row = stall.shop.rows("select * from comparison_facts")[0]
    assert (row["read_count"], row["before_shown_quantity"], row["before_seen_at"]) == (0, 8, NOW - 9 * MINUTE)
    assert check_rebuild(stall.told.database) == {}


def test_a_reading_with_an_import_open_is_not_compared(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.publish(6, at=NOW - 12 * MINUTE, is_finished=False)
    read_offers(stall, 9, NOW - 10 * MINUTE)
    read_orders(stall, NOW - MINUTE)

    assert audits(stall) == [{"compared_count": 0, "different_count": 0, "skipped_count": 1}]
    assert seen(stall) == []


def test_what_was_sent_after_the_reading_is_not_compared_with_it(stall: Stall) -> None:
    read_offers(stall, 9, NOW - 30 * MINUTE)
    stall.publish(7, at=NOW - 20 * MINUTE)
    read_orders(stall, NOW - MINUTE)

    assert audits(stall) == [{"compared_count": 0, "different_count": 0, "skipped_count": 1}]


def test_a_reading_that_was_not_whole_is_not_compared(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    read_offers(stall, 9, NOW - 10 * MINUTE, is_whole=False)
    read_orders(stall, NOW - MINUTE)

    assert audits(stall) == []


@dataclass
class Market:
    """A marketplace of two offers, of which one can be read."""

    sku: str
    unread: str

    def offers(self) -> Iterator[Page[Offer]]:
        offer = Offer(self.sku, "1", "", "Shirt", 9, Decimal(49), is_active=True, inactivity_reasons=())
        yield Page((offer,), None, (f"offer {self.unread}: price is missing",), 2)


@pytest.mark.parametrize(("unread", "is_whole"), [("OTHER", True), ("without a name", False)])
def test_a_reading_in_which_one_offer_says_only_its_name_is_whole_and_no_offer_is_gone(
    stall: Stall, unread: str, is_whole: bool
) -> None:
    stall.told.offers({stall.sku: 9, "OTHER": 3}, at=NOW - HOUR)
    stall.shop.run.house.marketplace = cast("Any", Market(stall.sku, unread))
    offers.read_offers(stall.shop.run)

    assert (offers.last_sweep(stall.shop.run) is not None) == is_whole
    assert stall.shop.rows("select 1 from offer_facts where is_gone") == []


def test_an_offer_that_cannot_be_read_is_left_out_by_its_name(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    read_offers(stall, 9, NOW - 10 * MINUTE)
    read_orders(stall, NOW - MINUTE)
    stall.told.tell(
        RecordSkipped(
            happened_at=NOW - 9 * MINUTE, system="John Lewis", record="offer", record_id=stall.sku, detail="price"
        )
    )

    assert audits(stall) == [{"compared_count": 0, "different_count": 0, "skipped_count": 0}]


def test_a_sale_during_the_reading_may_be_in_or_out(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=1, placed=NOW - 10 * MINUTE + timedelta(seconds=10))
    read_offers(stall, 7, NOW - 10 * MINUTE)
    read_orders(stall, NOW - MINUTE)

    assert audits(stall) == [{"compared_count": 1, "different_count": 0, "skipped_count": 0}]


def test_a_sale_long_after_the_reading_explains_nothing_of_it(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=3, placed=NOW - 3 * MINUTE)
    read_offers(stall, 4, NOW - 10 * MINUTE)
    read_orders(stall, NOW - MINUTE)

    assert audits(stall) == [{"compared_count": 1, "different_count": 1, "skipped_count": 0}]
    assert seen(stall) == [(7, 4, 1)]
