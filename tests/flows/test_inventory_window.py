"""How long a batch's numbers must hold, measured on our own batches and stock files."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sync.flows.inventory_window import horizon, publishing
from sync.rules.timetable import Due
from tests.flows.shop import NEWEST, NEWEST_NUMBER, QUICK, SLOW, T_B, Shop, complete_at, settings_of, trade
from tests.told import HOUR, NOW

MINUTE = HOUR / 60


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Three days of batches, each complete and read twenty minutes after its moment."""
    made = Shop(tmp_path / "store.duckdb", settings_of())
    trade(made)
    made.told.writes_agreements(since=complete_at(0))
    yield made
    made.told.close()


def shown(shop: Shop, *numbers: int) -> dict[str, timedelta]:
    """How long after they were read these batches showed; not those left out."""
    names = {f"B{number}": number for number in numbers}
    rows = shop.rows("from batches_shown($at) order by batch_id", at=NOW)
    return {
        row["batch_id"]: row["shown_at"] - complete_at(names[row["batch_id"]])
        for row in rows
        if row["batch_id"] in names
    }


def test_the_window_is_measured_on_our_own_batches_and_files(shop: Shop) -> None:
    for number in range(3):  # sent two minutes after they were complete and read; a file has its effect in five
        shop.told.publish(
            {QUICK: 5}, name=f"push-{number}", batch_id=f"B{number + 1}", at=complete_at(number + 1) + 2 * MINUTE
        )
    found = horizon(shop.run, NEWEST)

    assert found.window.others_since == T_B
    assert found.window.next_at == T_B + 4 * HOUR + 20 * MINUTE  # each came twenty minutes later than was said
    assert found.window.until == found.window.next_at + 7 * MINUTE
    assert not found.window.is_late


def test_batches_after_which_nothing_was_to_send_for_hours_do_not_lengthen_the_window(shop: Shop) -> None:
    """One in five changes nothing: what is sent with the next sale, hours on, does not say how long we take."""
    for number in range(1, NEWEST_NUMBER + 1):
        is_quiet = number % 5 == 0 and number < NEWEST_NUMBER
        waits = 180 * MINUTE if is_quiet else 2 * MINUTE
        if is_quiet:
            shop.told.agreed(f"B{number}", at=complete_at(number))
        shop.told.publish({QUICK: 5}, at=complete_at(number) + waits, name=f"push-{number}", batch_id=f"B{number}")

    assert publishing(shop.run) == 7 * MINUTE


def test_a_batch_counts_however_late_its_numbers_could_be_sent(shop: Shop) -> None:
    """John Lewis was down, or could not be asked about the file before: those waits are what a buffer is for."""
    for number in range(1, NEWEST_NUMBER):
        sent_at = complete_at(number) + 12 * MINUTE
        shop.told.publish({QUICK: 5}, at=sent_at, name=f"push-{number}", batch_id=f"B{number}")

    assert publishing(shop.run) == 17 * MINUTE


def test_a_batch_whose_first_file_failed_shows_with_the_next(shop: Shop) -> None:
    for number in range(1, NEWEST_NUMBER):
        at, told = complete_at(number) + MINUTE, shop.told
        told.publish({QUICK: 5}, at=at, name=f"first-{number}", batch_id=f"B{number}", state="failed")
        told.publish({QUICK: 5}, at=at + 24 * MINUTE, name=f"next-{number}", batch_id=f"B{number}")

    assert publishing(shop.run) == 30 * MINUTE


def test_a_batch_counts_by_its_own_file_though_nothing_more_of_it_was_to_send_later(shop: Shop) -> None:
    for number in range(1, NEWEST_NUMBER):
        read_at = complete_at(number)
        shop.told.publish({QUICK: 5}, at=read_at + 2 * MINUTE, name=f"push-{number}", batch_id=f"B{number}")
        shop.told.agreed(f"B{number}", at=read_at + 10 * MINUTE)

    assert publishing(shop.run) == 7 * MINUTE


def test_a_file_that_was_open_when_a_batch_was_read_counts_in_how_long_the_batch_took_to_show(shop: Shop) -> None:
    """It can be sent only when that one has ended: where one is always open, each batch waits so."""
    for number in range(1, NEWEST_NUMBER):
        read_at = complete_at(number)
        shop.told.publish({SLOW: 5}, at=read_at - MINUTE, name="open", batch_id=f"B{number - 1}", takes=15 * MINUTE)
        shop.told.publish({QUICK: 5}, at=read_at + 15 * MINUTE, name="next", batch_id=f"B{number}")

    assert publishing(shop.run) == 20 * MINUTE


def test_a_batch_overtaken_before_its_file_could_go_shows_with_that_of_a_later_one(shop: Shop) -> None:
    """John Lewis was down over two batches: nine hours are the longest wait of all, not none."""
    for number in (2, 5, 6):
        shop.told.publish({QUICK: 5}, at=complete_at(number) + HOUR, name="push", batch_id=f"B{number}")

    assert shown(shop, 2, 3, 4, 5) == {
        "B2": HOUR + 5 * MINUTE, "B3": 9 * HOUR + 5 * MINUTE, "B4": 5 * HOUR + 5 * MINUTE, "B5": HOUR + 5 * MINUTE,
    }  # fmt: skip


def test_a_batch_overtaken_by_one_after_which_nothing_was_to_send_is_left_out(shop: Shop) -> None:
    shop.told.agreed("B1", at=complete_at(1))
    shop.told.agreed("B3", at=complete_at(3) + MINUTE)
    shop.told.publish({QUICK: 5}, at=complete_at(4) - HOUR, name="push", batch_id="B3")

    assert shown(shop, 1, 2, 3) == {}


def test_batches_read_before_agreements_were_written_down_count_with_prompt_files_of_their_own_only(
    shop: Shop,
) -> None:
    """Whether B2 and B4 had anything to send nobody knows; B5 and B6 had, for no agreement was written down."""
    shop.told.writes_agreements(since=complete_at(5))
    for number, waits in ((1, 0), (3, 9), (4, 180), (6, 180)):
        shop.told.publish({QUICK: 5}, at=complete_at(number) + waits * MINUTE, name="push", batch_id=f"B{number}")

    assert shown(shop, 1, 2, 3, 4, 5, 6) == {
        "B1": 5 * MINUTE, "B3": 14 * MINUTE, "B5": 7 * HOUR + 5 * MINUTE, "B6": 3 * HOUR + 5 * MINUTE,
    }  # fmt: skip


def test_a_batch_of_which_john_lewis_refused_every_quantity_shows_with_the_next_file(shop: Shop) -> None:
    for number in range(1, NEWEST_NUMBER):
        at, told = complete_at(number) + MINUTE, shop.told
        told.publish({QUICK: 5}, at=at, name=f"first-{number}", batch_id=f"B{number}", errors={QUICK: "busy"})
        told.publish({QUICK: 5}, at=at + 24 * MINUTE, name=f"next-{number}", batch_id=f"B{number}")

    assert publishing(shop.run) == 30 * MINUTE


def test_where_nobody_says_when_the_next_batch_comes_it_comes_as_the_others_did(shop: Shop) -> None:
    found = horizon(shop.run, replace(NEWEST, due=Due(None, "")))

    assert found.next_from == "measured"
    assert found.window.next_at == T_B + 4 * HOUR + 20 * HOUR / 60
