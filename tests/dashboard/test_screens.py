"""Every screen, on its own: empty, ordinary, stale, without a worker, unreadable. None shows green on old data."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from store.clock import wall_now
from store.server import Announcement
from tests.dashboard.looking import (
    READING,
    SCREENS,
    cells,
    hold,
    is_green,
    lay_ordinary_day,
    ordinary_day,
    senders,
    show,
    words,
)
from tests.told import Told

Lasting = Callable[[Callable[[Told], None]], Told]
ORDINARY = {
    "today": "Ship-via DPX has no carrier at John Lewis (1 waiting)",
    "exceptions": "**1 waiting** · first deadline **▲ 2 h** · £42.50",
    "orders": "Seen 2",
    "order": "Shipment held: unmapped carrier (DPX)",
    "inventory": "Units on sale 7",
    "sku": "Why do we list 7?",
    "dispatch": "1 order: 1 to pick",
    "settlement": "Every payout is explained to the penny",
    "runs": "Orders: reading",
    "mappings": "**Carrier `DPX` is not mapped**",
    "back_test": "**B (10 %) would have cost £120.00 less** in 6 weeks, 250 batches.",
}
IN_TABLES = {
    "orders": "JL2-A", "order": "SO-1", "sku": "JL2-A", "dispatch": "Unmapped carrier: DPX",
    "settlement": "JLV-c1", "runs": "✓ Succeeded", "mappings": "NMK",
    "back_test": "90 of 100", "exceptions": "Ship-via DPX has no carrier at John Lewis",
}  # fmt: skip
EMPTY = {
    "today": "Nothing needs you",
    "exceptions": "Nothing is wrong",
    "orders": "No orders yet",
    "order": "No such order",
    "inventory": "No stock yet",
    "sku": "No such SKU",
    "dispatch": "Nothing to dispatch",
    "settlement": "No money has moved yet",
    "runs": "No run yet",
    "mappings": "No mapping is set",
    "back_test": "No back-test yet",
}
# Screens with buttons that send commands on an ordinary day, before anything is picked.
SENDING = {"exceptions", "order", "sku", "dispatch", "runs", "mappings", "back_test"}


def nothing(told: Told) -> None:
    """A worker has run, and found nothing."""
    told.beat()


def not_even_a_heartbeat(told: Told) -> None:
    """No worker has run."""
    del told


def two_hours_ago(told: Told) -> None:
    """An ordinary day, and then silence."""
    ordinary_day(told)
    with told.database.connect() as connection:
        connection.execute("update heartbeat set wall_at = ?", [wall_now() - timedelta(hours=2)])


@pytest.mark.parametrize("name", SCREENS)
def test_an_ordinary_day_is_shown_without_trouble(lasting: Lasting, name: str) -> None:
    lasting(ordinary_day).beat(doing=READING)
    page = show(name)

    assert not page.exception
    assert "As of 24 Nov 2026 09:00:00, London time" in words(page)
    assert ORDINARY[name] in words(page)
    assert IN_TABLES.get(name, "") in cells(page)


@pytest.mark.parametrize("name", SCREENS)
def test_an_empty_store_says_so(lasting: Lasting, name: str) -> None:
    lasting(nothing).beat()
    page = show(name)

    assert not page.exception
    assert EMPTY[name] in words(page)
    assert not is_green(page) or name == "runs"  # there the worker is said to serve


@pytest.mark.parametrize("name", SCREENS)
def test_a_store_no_worker_has_run_on_says_so(lasting: Lasting, name: str) -> None:
    story = lasting(not_even_a_heartbeat)
    page = show(name)

    assert not story.database.read_only
    assert not page.exception
    assert "Nothing has been read yet" in words(page)


@pytest.mark.parametrize("name", SCREENS)
def test_old_data_is_called_old_and_never_green(lasting: Lasting, name: str) -> None:
    lasting(two_hours_ago)
    page = show(name)

    assert not page.exception
    assert "This is how things stood 2 h ago" in words(page)
    assert "may be stuck in one step" in words(page)
    assert not is_green(page)


@pytest.mark.parametrize("name", SCREENS)
def test_without_a_worker_nothing_is_green_and_buttons_say_why(store: Path, name: str) -> None:
    lay_ordinary_day(store)
    page = show(name)
    buttons = senders(page)

    assert not page.exception
    assert "The worker is stopped. Start it with `cherrylane run`." in words(page)
    assert not is_green(page)
    assert all(disabled and reason for _, disabled, reason in buttons)
    assert bool(buttons) is (name in SENDING)


@pytest.mark.parametrize("name", SCREENS)
def test_a_worker_that_holds_the_store_and_does_not_answer_is_starting_or_stuck(store: Path, name: str) -> None:
    lay_ordinary_day(store)
    holder = hold(store)
    page = show(name)
    holder.communicate()

    assert not page.exception
    assert "**The worker is starting or stuck.**" in words(page)
    assert f"stop process {holder.pid}" in words(page)
    assert not page.error
    assert not is_green(page)
    assert not page.metric


@pytest.mark.parametrize("name", SCREENS)
def test_a_store_that_is_not_there_is_said_in_a_sentence(store: Path, name: str) -> None:
    page = show(name)

    assert not store.exists()
    assert not page.exception
    assert "**There is no store yet.**" in words(page)
    assert "cherrylane run" in words(page)


@pytest.mark.parametrize("name", SCREENS)
def test_a_file_that_is_no_store_is_said_in_a_sentence(store: Path, name: str) -> None:
    store.write_bytes(b"no database at all, but a letter to a friend" * 400)
    page = show(name)

    assert not page.exception
    assert "**The store cannot be read.**" in words(page)
    assert not is_green(page)


@pytest.mark.parametrize("name", SCREENS)
def test_a_page_older_than_the_worker_asks_for_a_restart(ordinary: Told, name: str) -> None:
    newer = Announcement(port=1, pid=4711, schema_number=99, started_at=datetime.now(UTC))
    serving = ordinary.path.with_name(ordinary.path.name + ".serving")
    serving.write_text(newer.model_dump_json())
    page = show(name)

    assert not page.exception
    assert "**This page and the worker are of different versions.**" in words(page)
    assert "restart the dashboard" in words(page)


def test_the_handbook_needs_no_store(store: Path) -> None:
    page = show("handover")

    assert not store.exists()
    assert not page.exception
    assert "Every piece of data has one master" in words(page)
    assert "A ship-via has no carrier" in words(page)


def test_a_runbook_is_found_by_a_word_in_it(store: Path) -> None:
    page = show("handover")
    page.text_input(key="runbook-find").set_value("late rate").run(timeout=60)
    found = [box.label for box in page.expander]
    page.text_input(key="runbook-find").set_value("no such word").run(timeout=60)

    assert not store.exists()
    assert len(found) < 10
    assert not page.expander
    assert "No runbook speaks of this" in words(page)
