"""An exception is worked where it stands: each button is a command, and says what came of it or why not."""

from datetime import datetime
from typing import Any

import pytest

from store import events
from tests.dashboard.asking import answer, press, sent
from tests.dashboard.looking import ORDER, cells, senders, show, words
from tests.told import HOUR, NOW, Told, thing

CARRIER = {"kind": "unmapped_carrier", "cause": "DPX"}
SHOWN: dict[str, Any] = {
    "exception_id": None,
    "exception_ids": [str(thing("unmapped_carrier/S1/C1"))],
    "exception_kind": "",
    "cause": "",
}


@pytest.mark.parametrize(
    ("label", "command", "arguments"),
    [
        ("Show what it would do", "retry", {"dry_run": True}),
        ("Process again", "retry", {"dry_run": False}),
        ("Fetch again", "fetch_again", {}),
        ("Take it", "assign", {"owner": "Ops"}),
        ("Put it off", "snooze", {"until_at": "2026-11-24T13:00:00Z", "until_event": ""}),
        ("Note it", "note", {"text": "asked the carrier"}),
    ],
)
def test_ops_work_an_exception(ordinary: Told, label: str, command: str, arguments: dict[str, str]) -> None:
    page = show("exceptions", query=CARRIER)
    page.text_input(key="words-unmapped_carrier-DPX").set_value("asked the carrier").run(timeout=60)
    press(page, label)
    [(_, body)] = sent(ordinary)

    assert body["command"] == command
    assert body["arguments"] == {**SHOWN, **arguments}


@pytest.mark.parametrize(
    ("label", "event"),
    [
        ("until it changes", "change"),
        ("until the next stock batch", "batch"),
        ("until the next payout", "payout"),
    ],
)
def test_an_exception_is_put_off_until_something_happens(ordinary: Told, label: str, event: str) -> None:
    page = show("exceptions", query=CARRIER)
    page.selectbox(key="later-unmapped_carrier-DPX").set_value(label).run(timeout=60)
    press(page, "Put it off")
    [(_, body)] = sent(ordinary)

    assert (body["arguments"]["until_event"], body["arguments"]["until_at"]) == (event, None)


def test_accepting_takes_the_right_to_approve_and_a_reason(ordinary: Told) -> None:
    people = {
        name: show("exceptions", query=CARRIER, person=name) for name in ("Ops", "Finance", "Finance approver")
    }
    reasons = {
        name: {label: reason for label, _, reason in senders(page)}["Accept it"] for name, page in people.items()
    }
    for page in people.values():
        page.text_input(key="words-unmapped_carrier-DPX").set_value("paid by hand").run(timeout=60)
    press(people["Finance approver"], "Accept it")
    without = [
        {label: reason for label, _, reason in senders(people[name])}["Accept it"] for name in ("Ops", "Finance")
    ]
    [(_, body)] = sent(ordinary)

    assert set(reasons.values()) == {"Write the reason first."}
    assert without == [
        f"Only ops or finance or admin with the right to approve may do this; you are {role}."
        for role in ("ops", "finance")
    ]
    assert (body["command"], body["arguments"]["reason"]) == ("accept", "paid by hand")
    assert (body["actor"], body["role"], body["is_approver"]) == ("Finance approver", "finance", True)


def test_an_exception_is_put_off_until_a_time_on_londons_clock_that_is_to_come(ordinary: Told) -> None:
    later = "later-unmapped_carrier-DPX"
    page = show("exceptions", query=CARRIER)
    page.selectbox(key=later).set_value("until a time I choose").run(timeout=60)
    offered = page.datetime_input(key=f"{later}-at").value
    page.datetime_input(key=f"{later}-at").set_value(datetime.fromisoformat("2026-11-24 08:45")).run(timeout=60)
    past = {label: no for label, _, no in senders(page)}["Put it off"]
    page.datetime_input(key=f"{later}-at").set_value(datetime.fromisoformat("2027-06-01 08:45")).run(timeout=60)
    press(page, "Put it off")
    [(_, body)] = sent(ordinary)

    assert offered == datetime.fromisoformat("2026-11-25 09:00")
    assert past == "Choose a time that is to come (London's clock)."
    assert (body["arguments"]["until_at"], body["arguments"]["until_event"]) == ("2027-06-01T07:45:00Z", "")


def test_work_is_given_to_somebody_else(ordinary: Told) -> None:
    page = show("exceptions", query=CARRIER)
    page.selectbox(key="owner-unmapped_carrier-DPX").set_value("Finance").run(timeout=60)
    press(page, "Give it")

    assert sent(ordinary)[0][1]["arguments"]["owner"] == "Finance"


def test_without_a_choice_all_of_a_cause_are_taken_by_one_command(ordinary: Told) -> None:
    other = ordinary.wrong("unmapped_carrier", "S2/C1", cause="DPX", order_id="JL2-A", deadline=NOW + HOUR)
    page = press(show("exceptions", query=CARRIER), "Take it")
    [(command_id, body)] = sent(ordinary)
    answer(ordinary, command_id, "done", "2 exceptions given to Ops.")
    page.run(timeout=60)

    assert body["arguments"] == {**SHOWN, "exception_ids": [str(other), *SHOWN["exception_ids"]], "owner": "Ops"}
    assert "**For all 2**" in words(page)
    assert "**Done.** 2 exceptions given to Ops." in words(page)


def test_what_processing_again_would_do_is_shown_subject_by_subject(ordinary: Told) -> None:
    page = press(show("exceptions", query=CARRIER), "Show what it would do")
    answer(
        ordinary, sent(ordinary)[0][0], "done", "Of 1 exception, 1 goes on.",
        {"differences": [{"order": ORDER, "then": "goes on"}], "difference_count": 1},
    )  # fmt: skip
    page.run(timeout=60)

    assert "**Done.** Of 1 exception, 1 goes on." in words(page)
    assert "goes on" in cells(page)


@pytest.mark.parametrize(
    ("label", "command", "arguments"),
    [
        ("Fetch again", "fetch_again", {}),
        ("Give them", "assign", {"owner": "Finance"}),
        ("Put them off", "snooze", {"until_at": None, "until_event": "batch"}),
        ("Note it on them", "note", {"text": "one and the same flood"}),
        ("Accept them", "accept", {"reason": "one and the same flood"}),
    ],
)
def test_what_may_be_done_to_one_cause_may_be_done_to_several_at_once(
    ordinary: Told, label: str, command: str, arguments: dict[str, Any]
) -> None:
    late = ordinary.wrong("dispatch_late", "JL2-A", order_id="JL2-A")
    page = show("exceptions", query={}, person="Admin")
    for step in ("Mark", "Next", "Mark"):  # as the keys X, J, X do
        press(page, step)
    page.selectbox(key="together-owner").set_value("Finance").run(timeout=60)
    page.selectbox(key="together-later").set_value("until the next stock batch").run(timeout=60)
    page.text_input(key="together-why").set_value("one and the same flood").run(timeout=60)
    press(page, label)
    bodies = [body for _, body in sent(ordinary)]

    assert {body["command"] for body in bodies} == {command}
    assert [body["arguments"] for body in bodies] == [
        {**SHOWN, "exception_ids": ids, **arguments, **({"grounds": {ids[0]: None}} if command == "accept" else {})}
        for ids in (SHOWN["exception_ids"], [str(late)])
    ]


def test_where_there_is_nothing_to_process_again_the_button_says_so(ordinary: Told) -> None:
    ordinary.wrong("dispatch_late", "JL2-A", order_id="JL2-A")
    page = show("exceptions", query={"kind": "dispatch_late", "cause": ""})

    assert ("Process again", True, "Nothing to press: the warehouse has to ship.") in senders(page)


def test_a_missing_mapping_is_set_where_its_exception_stands_after_what_waits_was_named(ordinary: Told) -> None:
    page = show("exceptions", query=CARRIER)
    page.text_input(key="map-unmapped_carrier-DPX").set_value("dpx-uk").run(timeout=60)
    press(page, "Show what waits for it")
    answer(ordinary, sent(ordinary)[0][0], "done", "1 order, £42.50, first deadline 26 Nov 07:00 waits for it.")
    page.run(timeout=60)
    shown = words(page)
    press(page, "Set and release")
    looked, done = (body["arguments"] for _, body in sent(ordinary))

    assert "1 order, £42.50, first deadline 26 Nov 07:00 waits for it." in shown
    assert (looked["dry_run"], done["dry_run"]) == (True, False)
    assert (done["mapping"], done["key"], done["value"]) == ("carrier", "DPX", "dpx-uk")


def test_filters_stand_in_the_address(ordinary: Told) -> None:
    ordinary.wrong("payout_unexplained", "c1", cause="V1", amount="9.00", since=NOW - 30 * HOUR)
    everything = cells(show("exceptions", query={}))
    finance = cells(show("exceptions", query={"team": "finance"}))
    aged = cells(show("exceptions", query={"age": "> 24 h"}))
    found = cells(show("exceptions", query={"find": "dpx"}))
    nobody = show("exceptions", query={"severity": "low"})

    assert "Ship-via DPX" in everything
    assert "A payout is not" in everything
    assert "Ship-via DPX" not in finance
    assert "A payout is not" in finance
    assert "Ship-via DPX" not in aged
    assert "A payout is not" not in found
    assert "No cause fits these filters" in words(nobody)


def test_a_kind_in_the_address_shows_its_causes_until_the_filter_is_cleared(ordinary: Told) -> None:
    for ship_via in ("EVX", "YDX"):
        ordinary.wrong("unmapped_carrier", f"{ship_via}/C1", cause=ship_via, since=NOW - HOUR)
    ordinary.wrong("payout_unexplained", "c1", cause="V1", amount="9.00")
    page = show("exceptions", query={"kind": "unmapped_carrier"})
    first = cells(page), words(page)
    page.selectbox(key="of_kind").set_value(None).run(timeout=60)
    cleared = cells(page)
    gone = words(show("exceptions", query={"kind": "batch_late"}))
    one = show("exceptions", query=CARRIER)

    assert all(f"Ship-via {ship_via}" in first[0] for ship_via in ("DPX", "EVX", "YDX"))
    assert "A payout is not" not in first[0]
    assert "#### " in first[1]  # the first of them is open
    assert "A payout is not" in cleared
    assert "No cause fits these filters" in gone
    assert "A payout is not" in cells(one)
    assert one.selectbox(key="of_kind").value is None


def test_a_cause_shows_its_runbook_its_evidence_and_its_history(ordinary: Told) -> None:
    ordinary.handle(thing("unmapped_carrier/S1/C1"), "note", note="asked the carrier")
    page = show("exceptions", query=CARRIER)
    runbook = words(page)
    evidence = page.segmented_control[0].set_value("Evidence").run(timeout=60)
    shown = cells(evidence), "\n".join(str(one.value) for one in evidence.code)
    history = cells(page.segmented_control[0].set_value("History").run(timeout=60))

    assert "Done when" in runbook
    assert "OR11" in shown[0]
    assert "JL1-A" in shown[1]
    assert "Note: asked the carrier" in history


def test_what_is_written_down_of_a_failing_flow_stands_in_its_evidence(ordinary: Told) -> None:
    ordinary.run("dispatch", "failed", ended=NOW - HOUR / 120, message="BlueCherry did not answer")
    ordinary.wrong("flow_failing", "dispatch", cause="dispatch")
    page = show("exceptions", query={"kind": "flow_failing", "cause": "dispatch"})
    evidence = cells(page.segmented_control[0].set_value("Evidence").run(timeout=60))

    assert 'failed: BlueCherry did not answer; calls {"OR11":1}' in evidence
    assert "Last success" in evidence


def test_an_address_is_edited_where_its_exception_stands_and_only_what_changed_is_sent(ordinary: Told) -> None:
    ordinary.customer("JL2-A", "Ada Invented")
    ordinary.wrong("address_too_long", "JL2-A", cause="delivery name", order_id="JL2-A")
    page = show("exceptions", query={"kind": "address_too_long", "cause": "delivery name"})
    finance = show("exceptions", query={"kind": "address_too_long", "cause": "delivery name"}, person="Finance")
    page.text_input(key="edit-JL2-A-ship_to-city").set_value("Leeds").run(timeout=60)
    before = {label: reason for label, _, reason in senders(page)}
    page.text_input(key="edit-JL2-A-why").set_value("the customer rang").run(timeout=60)
    press(page, "Save and send again")
    [(_, body)] = sent(ordinary)

    assert before["Save and send again"] == "Write the reason first."
    assert body["arguments"] == {
        "order_id": "JL2-A", "changes": {"ship_to.city": "Leeds"}, "why": "the customer rang", "dry_run": False,
    }  # fmt: skip
    assert "addresses are edited by ops and admin only" in words(finance)
    assert "Ada Invented" not in words(finance)


@pytest.mark.parametrize(
    ("label", "command"), [("Accept the batch", "accept_batch"), ("Reject the batch", "reject_batch")]
)
def test_a_held_batch_is_judged_with_a_reason(ordinary: Told, label: str, command: str) -> None:
    ordinary.wrong("batch_held", "IB77", cause="coverage", detail="It names 4 of 9 SKUs.")
    page = show("exceptions", query={"kind": "batch_held", "cause": "coverage"})
    before = {name: reason for name, _, reason in senders(page)}
    page.text_input(key="why-batch_held-coverage").set_value("asked the warehouse").run(timeout=60)
    press(page, label)
    [(command_id, body)] = sent(ordinary)
    answer(ordinary, command_id, "done", "Batch IB77 is settled.")
    page.run(timeout=60)

    assert before[label] == ""
    assert before["Process again"] == "Nothing to press to try again: accept or reject the batch."
    assert (body["command"], body["actor"]) == (command, "Ops")
    assert body["arguments"] == {"batch_id": "IB77", "why": "asked the warehouse"}
    assert "**Done.** Batch IB77 is settled." in words(page)


@pytest.mark.parametrize("place", ["exceptions", "inventory"])
@pytest.mark.parametrize(
    ("label", "command"), [("Accept the batch", "accept_batch"), ("Reject the batch", "reject_batch")]
)
def test_a_held_batch_is_judged_by_one_click_beside_its_reason_and_what_was_found_is_kept(
    ordinary: Told, place: str, label: str, command: str
) -> None:
    ordinary.wrong("batch_held", "IB77", cause="coverage", detail="It names 4 of 9 SKUs.")
    ordinary.seen("IB77", at=NOW - HOUR / 4)
    ordinary.tell(
        events.StockBatchHeld(happened_at=NOW, batch_id="IB77", reason="coverage", detail="It names 4 of 9 SKUs.")
    )
    page = show(place, query={"kind": "batch_held", "cause": "coverage"} if place == "exceptions" else {})
    press(page, label)
    [(command_id, body)] = sent(ordinary)
    answer(ordinary, command_id, "done", "Batch IB77 is settled.")
    page.run(timeout=60)

    assert "It names 4 of 9 SKUs." in str(words(page)) + str(cells(page))
    assert (body["command"], body["arguments"]) == (
        command, {"batch_id": "IB77", "why": "On what was found: It names 4 of 9 SKUs."}
    )  # fmt: skip
    assert "**Done.** Batch IB77 is settled." in words(page)


def test_finance_cannot_judge_a_batch(ordinary: Told) -> None:
    ordinary.wrong("batch_held", "IB77", cause="coverage")
    page = show("exceptions", query={"kind": "batch_held", "cause": "coverage"}, person="Finance")
    page.text_input(key="why-batch_held-coverage").set_value("looks fine").run(timeout=60)
    reasons = {name: reason for name, _, reason in senders(page)}

    assert reasons["Accept the batch"] == "Only ops or admin may do this; you are finance."
    assert reasons["Reject the batch"] == "Only ops or admin may do this; you are finance."


def test_so_many_offers_without_a_sku_are_let_go_as_were_seen(ordinary: Told) -> None:
    ordinary.wrong("orphans_held", "offers", cause="12")
    page = show("exceptions", query={"kind": "orphans_held", "cause": "12"})
    page.text_input(key="why-orphans_held-12").set_value("the range ended").run(timeout=60)
    press(page, "Let these 12 go to zero")
    [(_, body)] = sent(ordinary)

    assert "12 offers without a SKU would lose their stock: too many for one day" in words(page)
    assert (body["command"], body["arguments"]) == (
        "release_orphans",
        {"offer_count": 12, "why": "the range ended"},
    )


def test_what_was_accepted_waits_no_more_and_its_money_and_deadline_do_not_press(ordinary: Told) -> None:
    lost = ordinary.wrong(
        "unmapped_carrier", "S2/C1", cause="DPX", order_id="JL2-A", amount="9000.00", deadline=NOW - HOUR
    )
    ordinary.tell(
        events.ExceptionHandled(
            happened_at=NOW, actor="Ann", exception_id=lost, order_id="JL2-A", exception_kind="unmapped_carrier",
            action="accept", note="lost", grounds=None,
        )
    )  # fmt: skip
    told = words(show("exceptions", query=CARRIER))

    assert "**1 waiting** · first deadline **▲ 2 h** · £42.50" in told
    assert "9,0" not in told.split("Subject")[0]
