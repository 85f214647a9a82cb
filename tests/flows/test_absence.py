"""A person says that what was to be created is surely absent: looked for once more, sent once, or not at all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from store import commands as ask
from sync.flows import orders
from sync.runs import EVERYTHING, running
from tests.flows.between import Between
from tests.flows.desk import Counter
from tests.flows.test_orders import copies, lines_to_send, placed, quiet, settled
from tests.flows.test_returns import authorised, looked, sent_out
from tests.flows.test_settling import lost


def unaware(house: Any) -> Any:
    """Nobody knows how long BlueCherry hides what it took: nothing but a person's word ends the waiting."""
    house.house.settings = house.house.settings.model_copy(update={"erp_visibility_minutes": None})
    return house


def unanswered(begin: Callable[..., Any], **fault: float) -> Any:
    """A house with creations in BlueCherry whose answers never came."""
    house = unaware(quiet(begin, days=0.05))
    placed(house)
    house.run("orders")
    house.advance(20)
    house.sandbox.faults(timeout_seconds=0.2, only="bluecherry", methods="POST", **fault)
    house.run("orders")
    house.sandbox.faults()
    return house


def doubtful(house: Any) -> list[dict[str, Any]]:
    return unanswered_or_unseen(house, "unclear", "recorded")


def unseen(house: Any) -> list[dict[str, Any]]:
    """What BlueCherry gave a number and does not show."""
    return unanswered_or_unseen(house, "confirmed")


def unanswered_or_unseen(house: Any, *states: str) -> list[dict[str, Any]]:
    sql = "select * from unclear_in_erp where state in (select unnest($states::varchar[])) order by subject"
    rows: list[dict[str, Any]] = house.rows(sql, states=states)
    return rows


def say(counter: Counter, row: dict[str, Any], why: str = "searched for it, twice", **who: Any) -> dict[str, Any]:
    asked = ask.SayAbsent(intent_id=row["intent_id"], why=why)
    return counter.ask(asked, **{"actor": "Olu", "role": "ops", "is_approver": True, **who})


def test_what_a_person_says_is_absent_is_looked_for_once_more_and_sent_once(bench: Callable[..., Any]) -> None:
    house = unanswered(bench, timeout_before=0.2)
    counter = Counter(house)
    for _ in range(2):  # nothing ends the waiting by itself
        house.advance(20)
        house.run("orders")
    before = doubtful(house)
    one = before[0]
    answer = say(counter, one)
    said = house.rows("select actor, why from absence_word_facts where intent_id = $id", id=str(one["intent_id"]))
    (settled,) = house.rows("select * from intent_facts where intent_id = $id", id=str(one["intent_id"]))
    for row in doubtful(house):
        say(counter, row)
    house.advance(20)
    house.run("orders")
    counter.close()

    assert before
    assert {row["look_count"] for row in before} == {0}
    assert answer["state"] == "done"
    assert answer["message"].startswith(
        "It was looked for once more and is not there; it was sent again: confirmed"
    )
    assert said == [{"actor": "Olu", "why": "searched for it, twice"}]
    assert (settled["state"], settled["code"]) == ("refused", "absent")
    assert settled["message"].endswith("surely absent (Olu: searched for it, twice)")
    assert doubtful(house) == []
    assert set(copies(house).values()) == {1}
    assert lines_to_send(house) <= set(copies(house))
    assert house.rebuild_differences() == {}


def test_what_is_there_is_found_in_spite_of_the_word_and_what_is_shown_cannot_be_said(
    bench: Callable[..., Any],
) -> None:
    house = unanswered(bench, timeout_after=0.5)
    counter = Counter(house)
    house.advance(20)
    one, *_ = doubtful(house)
    found = say(counter, one)  # BlueCherry has it, and nobody has looked since
    house.sandbox.faults(down=True, only="bluecherry", paths="/api/salesOrder")
    other, *_ = doubtful(house)
    kept = say(counter, other)
    house.sandbox.faults()
    again = say(counter, one)
    with running(house.house, "orders") as run:
        orders.look(run, EVERYTHING)  # seen, and not settled yet
    shown, *_ = doubtful(house)
    in_vain = say(counter, shown)
    house.advance(20)
    house.run("orders")
    counter.close()

    assert "It was found after all, as " in found["message"]
    assert kept["state"] == "failed"
    assert kept["message"].startswith("Your word is kept; it could not be looked for yet")
    assert again["message"] == "It is known by now whether it happened; reload the page."
    assert in_vain["message"] == f"BlueCherry shows it as {shown['shown']}: it is there, and is not sent again."
    assert doubtful(house) == []
    assert set(copies(house).values()) == {1}
    assert house.rebuild_differences() == {}


def test_the_word_takes_a_reason_the_right_to_approve_and_its_time(bench: Callable[..., Any]) -> None:
    house = unanswered(bench, timeout_before=0.2)
    counter = Counter(house)
    one, *_ = doubtful(house)
    early = say(counter, one)
    house.advance(16)
    plain = say(counter, one, is_approver=False)
    viewer = say(counter, one, role="viewer")
    mute = say(counter, one, why=" ")
    counter.close()

    assert early["state"] == plain["state"] == viewer["state"] == mute["state"] == "refused"
    assert f"say so from {one['meant_at'] + timedelta(minutes=15):%H:%M} UTC on" in early["message"]
    assert plain["message"] == "Olu may not approve; say_absent needs the right to approve."
    assert mute["message"].startswith("Say how you know")
    assert [row["intent_id"] for row in doubtful(house)][:1] == [one["intent_id"]]
    assert house.rows("select * from absence_word_facts") == []


def test_the_preview_of_the_word_says_that_what_bluecherry_was_too_busy_for_rests_first(
    bench: Callable[..., Any],
) -> None:
    house = unaware(quiet(bench, days=0.05))
    placed(house)
    house.run("orders")
    house.advance(20)
    house.sandbox.scenario("answers_batch_running")
    house.run("orders")
    one, *_ = doubtful(house)
    house.advance(16)
    counter = Counter(house)
    looked_at = ask.SayAbsent(intent_id=one["intent_id"], why="", dry_run=True)
    foreseen = counter.ask(looked_at, actor="Olu", is_approver=True)
    said = say(counter, one)
    counter.close()
    (waiting,) = house.rows("select * from order_hold_facts where order_id = $id", id=one["order_id"])
    words = f"nothing of {one['order_id']} is sent now. {waiting['detail']}"

    assert waiting["cause"] == "BATCH_RUNNING"
    assert foreseen["message"] == f"It is looked for once more; if it is still not there, {words}"
    assert said["message"] == "It was looked for once more and is not there; it goes on with the next runs."


def test_a_return_said_to_be_absent_is_authorised_once(bench: Callable[..., Any]) -> None:
    house = unaware(sent_out(bench))
    house.sandbox.faults(timeout_before=1.0, timeout_seconds=0.2, only="bluecherry", methods="POST")
    house.run("orders")
    house.run("returns")
    house.sandbox.faults()
    looked(house)
    counter = Counter(house)
    waiting = doubtful(house)
    answers = [say(counter, row) for row in waiting]
    looked(house)
    counter.close()

    assert waiting
    assert {row["intent_kind"] for row in waiting} == {"create_return"}
    assert all(row["look_count"] > 0 and row["looked_at"] is not None for row in waiting)
    assert {answer["state"] for answer in answers} == {"done"}
    assert set(authorised(house).values()) == {1}
    assert doubtful(house) == []
    assert house.rebuild_differences() == {}


def test_a_cancelation_said_not_to_have_happened_is_looked_for_and_made_once(bench: Callable[..., Any]) -> None:
    house = unaware(quiet(bench, days=0.05))
    placed(house)
    settled(house, minutes=12, times=2)
    real, calls = house.house.erp, list[str]()
    house.house.erp = Between(real, cancel_line=lost(calls))
    house.sandbox.scenario("cancel_some")
    house.advance(5)
    house.run("orders")
    house.house.erp = real
    house.advance(20)
    house.run("orders")
    counter = Counter(house)
    one, *others = doubtful(house)
    answers = [say(counter, row) for row in (one, *others)]
    counter.close()

    assert {row["intent_kind"] for row in (one, *others)} == {"cancel_sales_line"}
    assert one["looked_up_by"] in {call.partition("/")[0] for call in calls}
    assert one["look_count"] > 0
    assert {answer["message"] for answer in answers} == {
        f"It was looked for once more and is not there; it was sent again: confirmed as {row['looked_up_by']}."
        for row in (one, *others)
    }
    assert doubtful(house) == []
    assert house.rebuild_differences() == {}


def dropped(begin: Callable[..., Any], **settings: Any) -> Any:
    """A house whose sales orders BlueCherry took, gave a number, and never showed."""
    house = quiet(begin, days=0.05, settings=settings)
    house.sandbox.scenario("stick_orders")
    placed(house, "spanning")
    house.run("orders")
    house.advance(20)
    house.run("orders")
    house.sandbox.scenario("take_orders")
    return house


def swept(house: Any) -> None:
    """Past the usual delay, two looks."""
    house.advance(house.house.settings.erp_visibility_minutes or 16)
    house.run("orders")
    house.advance(1.5)
    house.run("orders")


def test_what_bluecherry_confirmed_and_dropped_is_sent_again_once_on_a_persons_word(
    bench: Callable[..., Any],
) -> None:
    house = dropped(bench)
    counter = Counter(house)
    lost = unseen(house)
    one = lost[0]
    early = say(counter, one)
    house.advance(house.house.settings.erp_visibility_minutes)
    too_soon = say(counter, one)
    swept(house)
    for _ in range(2):  # nothing is sent by itself, however long it takes
        house.advance(60)
        house.run("orders")
    by_itself = copies(house)
    waiting = {row["intent_id"]: row for row in unseen(house)}
    foreseen = counter.ask(
        ask.SayAbsent(intent_id=one["intent_id"], why="", dry_run=True), actor="Olu", is_approver=True
    )
    answer = say(counter, waiting[one["intent_id"]], why="the error queue is empty")
    again = say(counter, one)
    for row in unseen(house):
        if row["missed_first_at"] is not None:
            say(counter, row)
    house.advance(20)
    house.run("orders")
    counter.close()
    (settled,) = house.rows("select * from intent_facts where intent_id = $id", id=str(one["intent_id"]))

    assert {row["state"] for row in lost} == {"confirmed"}
    assert "may still appear by itself" in early["message"]
    assert too_soon["message"].startswith(
        f"BlueCherry took it as {one['reference']}, and was not asked for it twice"
    )
    assert not by_itself
    assert all(row["missed_last_at"] > row["missed_first_at"] for row in waiting.values())
    assert foreseen["message"].endswith(f"as {one['subject']}.")
    assert foreseen["answer"]["differences"][0]["sends"] == one["subject"]
    assert answer["message"].startswith(
        "It was looked for once more and is not there; it was sent again: confirmed as "
    )
    assert (settled["state"], settled["code"]) == ("refused", "absent")
    assert f"nor as {one['reference']}" in settled["message"]
    assert again["state"] == "refused"
    assert set(copies(house).values()) == {1}
    assert lines_to_send(house) <= set(copies(house))
    assert unseen(house) == []
    assert house.rebuild_differences() == {}


def test_what_was_sent_again_and_shows_up_after_all_is_raised_as_two_sales_orders(
    bench: Callable[..., Any],
) -> None:
    house = dropped(bench)
    swept(house)
    counter = Counter(house)
    one = unseen(house)[0]
    say(counter, one)
    counter.close()
    house.advance(20)
    house.run("orders")
    house.sandbox.scenario("post_stuck_orders")
    house.advance(5)
    house.run("orders")
    house.run("watch")
    doubled = house.rows(
        "select order_id, detail from exception_facts where is_open and exception_kind = 'duplicate_sales_order'"
    )

    assert {row["order_id"] for row in doubled} == {one["order_id"]}
    assert all(one["reference"] in row["detail"] for row in doubled)
    assert max(copies(house).values()) == 2
    assert house.rebuild_differences() == {}


def test_the_word_outlives_a_stop_before_it_was_looked_for(bench: Callable[..., Any]) -> None:
    house = dropped(bench)
    swept(house)
    counter = Counter(house)
    one = unseen(house)[0]
    house.sandbox.faults(down=True, only="bluecherry", paths="/api/salesOrder")
    kept = say(counter, one)
    counter.close()
    house.sandbox.faults()
    (doubt,) = house.rows(
        "select state, reference from intent_facts where intent_id = $id", id=str(one["intent_id"])
    )
    for _ in range(3):  # the next runs finish it, once
        house.advance(20)
        house.run("orders")
    there = [count for line, count in copies(house).items() if line.startswith(one["order_id"])]

    assert kept["state"] == "failed"
    assert doubt == {"state": "unclear", "reference": one["reference"]}
    assert set(there) == {1}
    assert house.rebuild_differences() == {}
