"""One record that cannot be read is waited for; whatever else the same looks read is known all the same."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from store.events import RecordSkipped
from sync.freshness import is_order_read_since, is_return_read_since, orders_first
from tests.flows.shop import Shop, settings_of
from tests.told import DAY, HOUR, NOW

SENT = NOW - HOUR / 4


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    yield opened
    opened.told.close()


def unread(shop: Shop, record: str, record_id: str) -> None:
    """John Lewis has listed it for an hour, and the bookmark stands where it was met; looks go on."""
    shop.told.tell(
        RecordSkipped(
            happened_at=NOW - HOUR, system="John Lewis", record=record, record_id=record_id, detail="a hole in it",
            from_at=NOW - HOUR,
        ),
        bookmarks={f"{record}s.changed": (NOW - HOUR).isoformat(), f"{record}s.looked": NOW.isoformat()},
    )  # fmt: skip


def moved(shop: Shop, record: str, at: datetime) -> None:
    shop.told.tell(bookmarks={f"{record}s.changed": at.isoformat()})


def test_an_order_that_cannot_be_read_keeps_only_itself_from_being_known(shop: Shop) -> None:
    unread(shop, "order", "JL1-A")

    assert not is_order_read_since(shop.run, "JL1-A", SENT)
    assert is_order_read_since(shop.run, "JL2-A", SENT)
    assert orders_first(shop.run, SENT)
    assert not is_order_read_since(shop.run, "JL2-A", NOW + HOUR)


def test_an_order_that_does_not_say_its_name_may_be_any_until_the_bookmark_moves_on(shop: Shop) -> None:
    unread(shop, "order", "")
    waited_for = is_order_read_since(shop.run, "JL2-A", SENT), orders_first(shop.run, SENT)
    moved(shop, "order", NOW)

    assert waited_for == (False, False)
    assert is_order_read_since(shop.run, "JL2-A", SENT)
    assert orders_first(shop.run, SENT)


def test_one_without_a_name_long_waited_out_does_not_make_a_named_one_hold_up_the_others(shop: Shop) -> None:
    told = {"system": "John Lewis", "record": "order", "detail": "a hole in it"}
    shop.told.tell(RecordSkipped(happened_at=NOW - 2 * DAY, record_id="", from_at=NOW - 2 * DAY, **told))
    unread(shop, "order", "JL1-A")

    assert is_order_read_since(shop.run, "JL2-A", SENT)
    assert not is_order_read_since(shop.run, "JL1-A", SENT)
    assert orders_first(shop.run, SENT)


def test_a_return_that_cannot_be_read_keeps_only_itself_from_being_known(shop: Shop) -> None:
    unread(shop, "return", "R1")

    assert not is_return_read_since(shop.run, "R1", SENT)
    assert is_return_read_since(shop.run, "R2", SENT)
