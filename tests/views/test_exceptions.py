"""What is put off, for how long, and how causes age and hide beneath larger ones."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from store.database import Ask
from store.events import ExceptionChanged, ExceptionHandled, RecordSkipped
from tests.told import DAY, HOUR, NOW, SHIRT, Told

MINUTE = timedelta(minutes=1)


def put_off(told: Told, exception_id: UUID, **until: Any) -> None:
    told.tell(ExceptionHandled(happened_at=NOW, actor="Ops", exception_id=exception_id, action="snooze", **until))


def is_snoozed(ask: Ask, at: Any = NOW) -> bool:
    return bool(ask("select is_snoozed from exceptions($at)", {"at": at})["is_snoozed"][0])


def hidden_of(ask: Ask, at: Any = NOW) -> dict[str, bool]:
    rows = ask("select exception_kind, is_hidden from causes($at)", {"at": at}).to_dicts()
    return {row["exception_kind"]: row["is_hidden"] for row in rows}


@pytest.fixture
def wrong(told: Told) -> UUID:
    """An order whose SKU nobody knows, due in a day."""
    told.order("O1-A")
    return told.wrong("unknown_sku", "O1-A", order_id="O1-A", cause="X", deadline=NOW + DAY)


def test_put_off_until_a_moment_it_comes_back_then(told: Told, ask: Ask, wrong: UUID) -> None:
    put_off(told, wrong, until_at=NOW + 4 * HOUR)

    assert is_snoozed(ask, NOW + 3 * HOUR)
    assert not is_snoozed(ask, NOW + 4 * HOUR)


def test_put_off_until_it_changes_it_comes_back_with_the_next_word_of_its_order(
    told: Told, ask: Ask, wrong: UUID
) -> None:
    put_off(told, wrong, until_event="change")
    before = is_snoozed(ask)
    told.order("O2-A")  # another order is none of its business
    other = is_snoozed(ask)
    told.order("O1-A", changed=NOW - MINUTE, state="WAITING_DEBIT")  # said before, heard after

    assert (before, other, is_snoozed(ask)) == (True, True, False)


def test_put_off_until_it_changes_a_word_of_bluecherry_wakes_it_too(told: Told, ask: Ask, wrong: UUID) -> None:
    put_off(told, wrong, until_event="change")
    told.sales_order("SO-1", "O1-A")

    assert not is_snoozed(ask)


def test_put_off_until_the_next_batch_it_waits_for_one_that_is_used(told: Told, ask: Ask, wrong: UUID) -> None:
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 3}})
    put_off(told, wrong, until_event="batch")
    told.seen("B2", at=NOW)  # shown, and not read
    shown = is_snoozed(ask)
    told.batch("B3", {(SHIRT, "WH1"): {"on_hand": 3}}, at=NOW)

    assert (shown, is_snoozed(ask)) == (True, False)


def test_put_off_until_the_next_payout(told: Told, ask: Ask, wrong: UUID) -> None:
    told.payout("c1", "10.00")
    put_off(told, wrong, until_event="payout")
    before = is_snoozed(ask)
    told.payout("c2", "12.00", closed=NOW)

    assert (before, is_snoozed(ask)) == (True, False)


def test_put_off_until_a_moment_or_an_event_whichever_is_first(told: Told, ask: Ask, wrong: UUID) -> None:
    put_off(told, wrong, until_at=NOW + 4 * HOUR, until_event="batch")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 3}})

    assert not is_snoozed(ask, NOW + HOUR)


@pytest.mark.parametrize("until", [{"until_event": "batch"}, {"until_at": NOW + 3 * DAY}])
def test_a_deadline_wakes_what_was_put_off_beyond_it_while_there_is_time_to_act(
    told: Told, ask: Ask, wrong: UUID, until: dict[str, Any]
) -> None:
    put_off(told, wrong, **until)

    assert is_snoozed(ask, NOW + 20 * HOUR - MINUTE)
    assert not is_snoozed(ask, NOW + 20 * HOUR)
    assert not is_snoozed(ask, NOW + 2 * DAY)


def test_put_off_shortly_before_its_deadline_it_wakes_at_half_of_the_time_and_after_it_when_it_was_said(
    told: Told, ask: Ask
) -> None:
    told.order("O1-A")
    soon = told.wrong("unknown_sku", "O1-A", order_id="O1-A", cause="X", deadline=NOW + HOUR)
    put_off(told, soon, until_at=NOW + 4 * HOUR)
    before = (is_snoozed(ask, NOW + HOUR / 2 - MINUTE), is_snoozed(ask, NOW + HOUR / 2))
    told.clock.moment = NOW + 2 * HOUR
    told.tell(
        ExceptionHandled(
            happened_at=NOW + 2 * HOUR, actor="Ops", exception_id=soon, action="snooze", until_at=NOW + 4 * HOUR
        )
    )

    assert before == (True, False)
    assert is_snoozed(ask, NOW + 4 * HOUR - MINUTE)
    assert not is_snoozed(ask, NOW + 4 * HOUR)


def test_what_was_accepted_before_its_values_were_kept_stays_accepted(told: Told, ask: Ask, wrong: UUID) -> None:
    told.handle(wrong, "accept", note="sold by telephone")
    told.tell(
        ExceptionChanged(
            happened_at=NOW, exception_id=wrong, exception_kind="unknown_sku", exception_subject="O1-A",
            order_id="O1-A", cause="X", detail="", amount=None, currency="", deadline_at=None,
            since_at=NOW - 3 * HOUR, grounds="X",
        )
    )  # fmt: skip

    assert ask("select is_accepted from exceptions($at)", {"at": NOW})["is_accepted"].to_list() == [True]


def test_what_rests_says_nothing_and_once_it_changed_since_when_it_was_let_rest(told: Told, ask: Ask) -> None:
    kept, waked, later, never = (
        told.wrong("inflight_stuck", name, cause="missed", grounds="2")
        for name in ("kept", "waked", "later", "never")
    )
    told.handle(kept, "accept", note="it is known", grounds="2")
    told.handle(waked, "snooze", until_event="change")
    told.handle(later, "snooze", until_at=NOW - MINUTE)
    question = (
        "select exception_id, disturbed_since_at as at from exceptions($at) where disturbed_since_at is not null"
    )
    rests = ask(question, {"at": NOW}).to_dicts()
    for one in (kept, waked, never):
        told.tell(
            ExceptionChanged(
                happened_at=NOW, exception_id=one, exception_kind="inflight_stuck", exception_subject="x",
                order_id="", cause="missed", detail="", amount=None, currency="", deadline_at=None,
                since_at=NOW - 3 * HOUR, grounds="3",
            )
        )  # fmt: skip
    disturbed = {row["exception_id"]: row["at"] for row in ask(question, {"at": NOW}).to_dicts()}
    (cause,) = ask("from causes($at)", {"at": NOW}).to_dicts()

    assert rests == []
    assert disturbed == {str(kept): NOW - HOUR / 12, str(waked): NOW - HOUR / 12}
    assert cause["disturbed_since_at"] == NOW - HOUR / 12


def test_causes_say_how_many_are_open_how_long(told: Told, ask: Ask) -> None:
    for number, age in enumerate((HOUR, 5 * HOUR, 25 * HOUR, 4 * DAY), 1):
        told.wrong(
            "unknown_sku", f"O{number}-A", order_id=f"O{number}-A", cause="X", since=NOW - age, amount="10.00"
        )
    quiet = told.wrong("unknown_sku", "O5-A", order_id="O5-A", cause="X", since=NOW - 5 * DAY, amount="10.00")
    put_off(told, quiet, until_at=NOW + HOUR)
    (row,) = ask("select * from causes($at)", {"at": NOW}).to_dicts()

    assert (row["subject_count"], row["quiet_count"]) == (5, 1)
    assert (row["over_4_hours_count"], row["over_a_day_count"], row["over_3_days_count"]) == (3, 2, 1)


def test_money_and_deadline_of_a_cause_are_of_what_is_neither_put_off_nor_accepted(told: Told, ask: Ask) -> None:
    told.wrong("unknown_sku", "O1-A", cause="X", order_id="O1-A", amount="42.50", deadline=NOW + 9 * HOUR)
    large = told.wrong("unknown_sku", "O2-A", cause="X", order_id="O2-A", amount="9000.00", deadline=NOW + 6 * HOUR)
    alone = told.wrong("unknown_sku", "O3-A", cause="Y", order_id="O3-A", amount="7.00", deadline=NOW + 8 * HOUR)
    for one in (large, alone):
        put_off(told, one, until_at=NOW + HOUR)
    x, y = ask("select * from causes($at) order by cause", {"at": NOW}).to_dicts()

    assert (x["open_count"], x["amount"], x["deadline_at"]) == (1, Decimal("42.50"), NOW + 9 * HOUR)
    # where all of it rests, it is told what rests
    assert (y["open_count"], y["is_quiet"], y["amount"], y["left_seconds"]) == (0, True, Decimal("7.00"), 8 * 3600)


def test_an_order_is_worth_its_total_once_in_a_cause_and_each_return_what_came_back(told: Told, ask: Ask) -> None:
    for subject in ("O1-A-1", "O1-A-2", "O2-A-1"):
        told.wrong("drift_quantity", subject, cause="X", order_id=subject[:4], amount="42.50")
        told.wrong("received_not_refunded", f"R1/{subject}", order_id=subject[:4], amount="39.00")
    rows = ask("select exception_kind, amount from causes($at)", {"at": NOW}).rows()

    assert dict(rows) == {"drift_quantity": Decimal(85), "received_not_refunded": Decimal(117)}


def test_what_fails_because_its_flow_fails_stands_beneath_it_and_nothing_else(told: Told, ask: Ask) -> None:
    told.wrong("flow_failing", "dispatch", cause="dispatch")
    told.wrong("shipped_not_confirmed", "S1", cause="not tried yet")
    told.wrong("sent_not_visible", "O1-A/NMK/WH1")
    told.wrong("order_unclear", "confirm_shipment/S2/1", cause="confirm_shipment")

    assert hidden_of(ask) == {
        "flow_failing": False, "shipped_not_confirmed": True, "sent_not_visible": False, "order_unclear": True,
    }  # fmt: skip


def test_a_larger_trouble_that_was_put_off_or_accepted_hides_nothing_while_another_like_it_does(
    told: Told, ask: Ask
) -> None:
    orders = told.wrong("flow_failing", "orders", cause="orders")
    told.wrong("acceptance_due", "O1-A", order_id="O1-A", deadline=NOW + 9 * DAY)
    loud = hidden_of(ask)
    put_off(told, orders, until_at=NOW + 7 * DAY)
    put_aside, back = hidden_of(ask), hidden_of(ask, NOW + 7 * DAY)
    told.handle(orders, "accept", note="we know")
    accepted = hidden_of(ask, NOW + 7 * DAY)
    told.wrong("system_down", "John Lewis", cause="John Lewis")

    assert (loud["acceptance_due"], put_aside["acceptance_due"]) == (True, False)
    assert (back["acceptance_due"], accepted["acceptance_due"]) == (True, False)
    assert hidden_of(ask)["acceptance_due"]


def test_within_four_hours_of_its_deadline_or_past_it_nothing_stands_beneath_a_larger_trouble(
    told: Told, ask: Ask
) -> None:
    told.wrong("flow_failing", "orders", cause="orders")
    told.wrong("acceptance_due", "O1-A", order_id="O1-A", deadline=NOW + 5 * HOUR)
    told.wrong("acceptance_due", "O2-A", order_id="O2-A", deadline=NOW + 50 * HOUR)
    accepted = told.wrong("acceptance_due", "O3-A", order_id="O3-A", deadline=NOW)
    told.handle(accepted, "accept", note="it is lost")

    assert hidden_of(ask)["acceptance_due"]
    assert not hidden_of(ask, NOW + HOUR)["acceptance_due"]
    assert not hidden_of(ask, NOW + 6 * HOUR)["acceptance_due"]


def test_the_history_of_an_exception_has_every_word_of_it_with_who(told: Told, ask: Ask, wrong: UUID) -> None:
    told.handle(wrong, "assign", owner="Finance")
    told.handle(wrong, "note", note="asked the studio")
    told.wrong("unknown_sku", "O9-A", cause="X")
    rows = ask("select * from exception_history($id) order by seq", {"id": str(wrong)}).to_dicts()

    assert [(row["kind"], row["actor"]) for row in rows] == [
        ("exception.opened", "worker"), ("exception.handled", "Ops"), ("exception.handled", "Ops"),
    ]  # fmt: skip


def test_the_evidence_of_an_exception_is_what_was_asked_and_answered_about_its_order(told: Told, ask: Ask) -> None:
    shown = told.snapshot("shown", resource="OR11")
    told.snapshot("of another", resource="OR11")
    told.order("O1-A", snapshot_id=shown)
    wrong = told.wrong("unknown_sku", "O1-A", order_id="O1-A", cause="X")
    rows = ask("select * from exception_evidence($id)", {"id": str(wrong)}).to_dicts()

    assert [(str(row["snapshot_id"]), row["resource"], row["status"]) for row in rows] == [
        (str(shown), "OR11", 200)
    ]


def test_what_stands_on_no_order_shows_the_newest_answers_of_the_list_it_was_seen_in(told: Told, ask: Ask) -> None:
    offers = [told.snapshot(f"offers {number}", resource="OF21", at=NOW - number * HOUR) for number in range(5)]
    told.snapshot("orders", resource="OR11")
    wrong = told.wrong("stock_mismatch", SHIRT)
    rows = ask("select * from exception_evidence($id)", {"id": str(wrong)}).to_dicts()

    assert [(str(row["snapshot_id"]), row["kind"]) for row in rows] == [
        (str(one), "newest answer") for one in offers[:3]
    ]


@pytest.mark.parametrize("name", ["JL1-A", ""])
def test_the_very_answer_that_could_not_be_read_is_its_evidence(told: Told, ask: Ask, name: str) -> None:
    answer = told.snapshot("shown", resource="shipment", source="erp")
    told.tell(
        RecordSkipped(
            happened_at=NOW, snapshot_id=answer, system="BlueCherry", record="shipment", record_id=name, detail="x"
        )
    )
    wrong = told.wrong("unreadable", f"BlueCherry shipment {name}".strip())
    rows = ask("select snapshot_id from exception_evidence($id)", {"id": str(wrong)}).to_dicts()

    assert [str(row["snapshot_id"]) for row in rows] == [str(answer)]
