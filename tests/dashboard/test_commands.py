"""Buttons become commands of the person who pressed them, and show what came of them."""

import pytest

from store import events
from tests.dashboard.asking import answer, press, sent
from tests.dashboard.looking import ORDER, senders, show, words
from tests.told import NOW, Told


def test_a_pressed_button_becomes_a_command_of_the_person(ordinary: Told) -> None:
    page = press(show("dispatch"), "Confirm now what can be confirmed")

    assert [(body["command"], body["actor"], body["role"]) for _, body in sent(ordinary)] == [
        ("once", "Ops", "ops")
    ]
    assert "Waiting" in words(page)


def test_a_refused_command_says_why(ordinary: Told) -> None:
    page = press(show("dispatch"), "Confirm now what can be confirmed")
    answer(ordinary, sent(ordinary)[0][0], "refused", "Ops is viewer; once may be given by admin or ops.")
    page.run(timeout=60)

    assert [str(one.value) for one in page.error] == [
        "**Refused.** Ops is viewer; once may be given by admin or ops."
    ]


@pytest.mark.usefixtures("ordinary")
def test_a_manager_cannot_send_what_only_ops_may() -> None:
    page = show("dispatch", person="Manager")

    assert senders(page) == [
        ("Confirm now what can be confirmed", True, "Only ops or admin may do this; you are viewer.")
    ]


def test_resync_waits_until_its_dry_run_was_seen(ordinary: Told) -> None:
    page = show("runs")
    assert ("Resync now", True, "First look at what it would change.") in senders(page)

    press(page, "Show what would change")
    asked_id, asked = sent(ordinary)[0]
    row = {"sku": "NMK-04117-WHT-A--M", "before": 7, "after": 5}
    answer(
        ordinary, asked_id, "done", "1 quantity would be sent.",
        {"differences": [row], "difference_count": 1, "calls": {"STO01": 1}},
    )  # fmt: skip
    page.run(timeout=60)
    shown = words(page)
    press(page, "Resync now")
    body = sent(ordinary)[1][1]

    assert (asked["command"], asked["arguments"]["scope"], asked["arguments"]["dry_run"]) == (
        "resync",
        "stock",
        True,
    )
    assert "**Done.** 1 quantity would be sent." in shown
    assert "1 x STO01" in shown
    assert (body["arguments"]["scope"], body["arguments"]["dry_run"]) == ("stock", False)


def test_a_resync_shows_how_far_it_is_and_what_it_did(ordinary: Told) -> None:
    page = press(show("runs"), "Show what would change")
    answer(ordinary, sent(ordinary)[0][0], "done", "Nothing would be sent.")
    page.run(timeout=60)
    press(page, "Resync now")
    command_id = sent(ordinary)[1][0]
    ordinary.tell(
        events.CommandTaken(
            happened_at=NOW, actor="Ops", command_id=command_id, command="resync", role="ops",
            role_from="command", arguments={},
        ),
        events.CommandProgressed(
            happened_at=NOW, command_id=command_id, message="inventory is looking at everything again"
        ),
    )  # fmt: skip
    page.run(timeout=60)
    running = words(page)
    ordinary.tell(
        events.CommandFinished(
            happened_at=NOW, command_id=command_id, state="done", message="inventory succeeded",
            answer={"flows": {"inventory": {"published": 12, "unmatched": 0}}},
        )
    )  # fmt: skip
    page.run(timeout=60)

    assert "**Running.** inventory is looking at everything again" in running
    assert "**Done.** inventory succeeded" in words(page)
    assert "Stock: published 12" in words(page)


def test_what_is_narrowed_to_one_order_or_a_day_is_asked_so(ordinary: Told) -> None:
    page = show("runs")
    page.selectbox(key="resync-scope").set_value("orders").run(timeout=60)
    page.text_input(key="resync-one-orders").set_value(f" {ORDER} ").run(timeout=60)
    page.date_input(key="resync-since-orders").set_value(NOW.date()).run(timeout=60)
    press(page, "Show what would change")

    assert sent(ordinary)[0][1]["arguments"] == {
        "scope": f"order:{ORDER}", "since": "2026-11-24T00:00:00Z", "dry_run": True
    }  # fmt: skip


def test_a_missing_mapping_is_set_where_it_is_missed(ordinary: Told) -> None:
    page = show("mappings")

    assert "Setting it releases 1 order, £42.50, first deadline 26 Nov 07:00" in words(page)

    page.text_input(key="missing-carrier-DPX").set_value("dpx-uk").run(timeout=60)
    press(page, "Set")

    assert sent(ordinary)[0][1]["arguments"] == {
        "mapping": "carrier", "key": "DPX", "value": "dpx-uk", "why": "was missing", "from_on": None,
        "dry_run": False,
    }  # fmt: skip


def test_customers_are_shown_to_ops_and_not_to_managers(ordinary: Told) -> None:
    ordinary.customer(ORDER, "Ivy Invented")
    ops = show("order")
    manager = show("order", person="Manager")

    assert any("Ivy Invented" in str(one.value) for one in ops.text)
    assert not any("Ivy Invented" in str(one.value) for one in manager.text)
    assert "shown to ops and admin only" in words(manager)
