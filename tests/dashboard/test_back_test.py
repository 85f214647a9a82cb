"""The back-test page: two policies and their weeks become a command; what came of it is shown with its limits."""

from typing import Any

import pytest

from store import events
from tests.dashboard.asking import answer, press, sent
from tests.dashboard.looking import back_test, cells, senders, show, words
from tests.told import NOW, Told, thing

START = "Start the back-test"


@pytest.mark.usefixtures("ordinary")
def test_what_came_of_it_is_said_at_once_and_then_in_numbers() -> None:
    page = show("back_test")
    table = cells(page)

    assert "**B (10 %) would have cost £120.00 less** in 6 weeks, 250 batches." in words(page)
    assert "A: sales missed 30" in words(page)
    assert "B: units oversold 2" in words(page)
    for figure in ("£360.00", "£240.00", "£120.00", "0.00021", "70 of 100", "0.10%"):
        assert figure in table, figure


@pytest.mark.usefixtures("ordinary")
def test_it_says_what_cannot_be_known_and_when_more_was_oversold_than_foretold() -> None:
    shown = words(show("back_test"))

    assert "What customers wanted while nothing was listed was never ordered" in shown
    assert "634 times an offer was left out of a batch" in shown
    assert "**More was oversold under B than the chances allow**: 2 where 0.2 were foretold." in shown
    assert "under A than" not in shown


def test_weeks_and_policies_become_a_command_of_the_person(ordinary: Told) -> None:
    page = show("back_test")
    page.number_input(key="back-test-percent-B").set_value(7.5).run(timeout=60)
    page.number_input(key="back-test-units-B").set_value(2).run(timeout=60)
    page.selectbox(key="back-test-risk-B").set_value("service_level").run(timeout=60)
    page.number_input(key="back-test-alpha-B").set_value(0.5).run(timeout=60)
    press(page, START)
    body = sent(ordinary)[0][1]
    said: dict[str, Any] = body["arguments"]

    assert (body["command"], body["actor"]) == ("back_test", "Ops")
    # the six whole weeks before the one that runs (24 November 2026 is a Tuesday)
    assert (said["from_on"], said["until_on"]) == ("2026-10-12", "2026-11-23")
    assert said["a"]["as_it_is"]
    assert (said["b"]["percent"], said["b"]["units"], said["b"]["risk"]) == ("7.50", 2, "service_level")
    assert said["b"]["alpha"] == "0.0050"


def test_a_policy_may_be_tried_for_a_division_with_a_cost_of_an_oversell_in_pounds(ordinary: Told) -> None:
    page = show("back_test")
    page.selectbox(key="back-test-level-B").set_value("division").run(timeout=60)
    keyless = senders(page)
    page.text_input(key="back-test-key-division-B").set_value("NMK").run(timeout=60)
    page.selectbox(key="back-test-risk-B").set_value("newsvendor").run(timeout=60)
    cost = page.number_input(key="back-test-cost-B")
    cost.set_value(90).run(timeout=60)
    press(page, START)
    tried = sent(ordinary)[0][1]["arguments"]["b"]

    assert (START, True, "Say for which Division policy B is.") in keyless
    assert (cost.label, cost.placeholder) == ("What an oversold unit costs, £", "As the level above")
    assert (tried["level"], tried["key"], tried["oversell_cost"]) == ("division", "NMK", "90.00")


def test_it_says_how_far_it_is_and_why_it_was_refused(ordinary: Told) -> None:
    page = press(show("back_test"), START)
    command_id = sent(ordinary)[0][0]
    ordinary.tell(
        events.CommandTaken(
            happened_at=NOW, actor="Ops", command_id=command_id, command="back_test", role="ops",
            role_from="command", arguments={},
        ),
        events.CommandProgressed(
            happened_at=NOW, command_id=command_id, message="replaying the week of 12 October"
        ),
    )  # fmt: skip
    page.run(timeout=60)
    running = words(page)
    answer(ordinary, command_id, "refused", "The last day must come after the first.")
    page.run(timeout=60)

    assert "**Running.** replaying the week of 12 October" in running
    assert "**Refused.** The last day must come after the first." in words(page)


@pytest.mark.usefixtures("ordinary")
def test_weeks_the_wrong_way_round_cannot_be_sent() -> None:
    page = show("back_test")
    weeks = page.selectbox(key="back-test-from").options
    page.selectbox(key="back-test-from").select_index(0).run(timeout=60)

    assert weeks[:2] == ["23 November 2026", "16 November 2026"]
    assert (START, True, "The last week lies before the first.") in senders(page)


@pytest.mark.usefixtures("ordinary")
def test_a_manager_cannot_start_one_and_sees_what_others_found() -> None:
    page = show("back_test", person="Manager")

    assert (START, True, "Only ops or finance or admin may do this; you are viewer.") in senders(page)
    assert "would have cost £120.00 less" in words(page)


def test_equal_policies_are_said_to_be_equal_and_the_newest_back_test_is_shown(ordinary: Told) -> None:
    back_test(ordinary, thing("later"), lost="240.00", hours=0)
    page = show("back_test")

    assert "**Both would have cost the same** in 6 weeks, 250 batches." in words(page)
    assert cells(page).count("12 October 2026, 6 weeks") == 2  # the list has both
    assert "Pick a row to see it above." in words(page)
