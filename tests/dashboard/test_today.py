"""Today's verdict is one plain sentence, and says no more than is known."""

import re

import pytest

from tests.dashboard.looking import quiet_day, show, words
from tests.told import DAY, HOUR, NOW, Told


def verdict(told: Told) -> str:
    told.beat()
    page = show("today")
    assert not page.exception
    said = [*page.error, *page.warning, *page.success, *page.info]
    assert len(said) == 1
    return str(said[0].value)


def test_all_is_well_when_every_flow_runs_and_nothing_waits(told: Told) -> None:
    quiet_day(told)

    assert verdict(told) == (
        "**All is well:** every flow runs, 1 order is accounted for, and nothing waits for a person."
    )


def test_an_urgent_cause_needs_you_now(ordinary: Told) -> None:

    assert verdict(ordinary) == "**It needs you now:** Ship-via DPX has no carrier at John Lewis (1 waiting)."


def test_a_flow_that_fails_comes_first_by_the_name_of_its_screen(told: Told) -> None:
    quiet_day(told)
    told.run("inventory", "failed", message="BlueCherry does not answer", ended=NOW)
    told.run("dispatch", "failed", message="BlueCherry does not answer", ended=NOW)

    assert verdict(told) == "**It needs you now:** stock and dispatch do not run as it should."


def test_what_is_not_urgent_is_counted(told: Told) -> None:
    quiet_day(told)
    told.wrong("missing_upc", "NMK-04117-WHT-A--M")
    told.wrong("unknown_sku", "JL3-A", cause="GHOST-1", order_id="JL3-A")

    assert verdict(told) == "**Everything runs, and 2 things need a person today;** none of it is urgent."


def test_what_was_put_off_or_accepted_needs_nobody(told: Told) -> None:
    quiet_day(told)
    told.handle(told.wrong("missing_upc", "NMK-04117-WHT-A--M"), "snooze", until_at=NOW + DAY)

    assert verdict(told).startswith("**All is well:**")


def test_before_every_flow_has_run_nothing_is_promised(told: Told) -> None:
    told.run("orders")

    assert verdict(told) == "**Starting:** not every flow has run yet."


@pytest.mark.parametrize(("causes", "cards", "more"), [(3, 3, ""), (5, 5, ""), (7, 5, "2 more in Exceptions.")])
def test_up_to_five_actions_are_shown(told: Told, causes: int, cards: int, more: str) -> None:
    quiet_day(told)
    for number in range(causes):
        told.wrong("unknown_sku", f"JL{number}-A", cause=f"GHOST-{number}", deadline=NOW + number * HOUR)
    told.beat()
    page = show("today")

    found = re.findall(r"\*\*SKU GHOST-(\d) .*\*\*", words(page))
    assert found == [str(number) for number in range(cards)]
    assert more in words(page)


@pytest.mark.usefixtures("ordinary")
def test_four_tiles_say_how_orders_stock_dispatch_and_money_are() -> None:
    page = show("today")

    assert [(one.label.partition(": ")[2], one.value, one.delta) for one in page.metric] == [
        ("Orders, last 24 h", "2", "0 the day before"),
        ("Stock on sale", "7", "nothing at risk"),
        ("To dispatch", "1", "none late"),
        ("Money to come", "£39", "all explained"),
    ]
