"""Which batches are read, and in which order; which wait for a person."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.ports import StockBatch
from sync.rules.batches import Newest, Reading, going_backwards, of_no_kind, plan

MORNING = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
NOON = MORNING + timedelta(hours=6)


def batch(number: int, kind: str = "FULL", state: str = "COMPLETE", **changes: Any) -> StockBatch:
    """Batch `number` tells of that hour of the morning and is complete twenty minutes later."""
    as_of = MORNING + timedelta(hours=number)
    usual: dict[str, Any] = {
        "batch_id": f"B{number}", "kind": kind, "state": state, "as_of": as_of, "started_at": as_of,
        "completed_at": as_of + timedelta(minutes=20) if state == "COMPLETE" else None, "row_count": None,
        "checksum": "", "next_expected_at": None,
    }  # fmt: skip
    return StockBatch(**(usual | changes))


def held(number: int) -> Newest:
    one = batch(number)
    return Newest(one.batch_id, one.as_of, one.completed_at)


def planned(batches: list[StockBatch], newest: Newest | None, *readings: Reading) -> list[str]:
    return [one.batch_id for one in plan(batches, newest, {one.batch_id: one for one in readings}, NOON)]


@pytest.mark.parametrize(
    ("case", "batches", "newest", "expected"),
    [
        ("nothing there", [], None, []),
        ("still running", [batch(1, state="RUNNING")], None, []),
        ("failed", [batch(1, state="FAILED")], None, []),
        ("first start: the newest only", [batch(1), batch(2), batch(3)], None, ["B3"]),
        ("first start on a delta", [batch(1), batch(2), batch(3, "DELTA")], None, ["B2", "B3"]),
        ("a delta without the full before it", [batch(1, "DELTA")], None, []),
        ("nothing newer", [batch(1)], held(1), []),
        ("every delta in order", [batch(3, "DELTA"), batch(2, "DELTA")], held(1), ["B2", "B3"]),
        ("a full makes earlier deltas needless", [batch(2, "DELTA"), batch(3)], held(1), ["B3"]),
        ("neither full nor delta ends the chain", [batch(2, "PART"), batch(3, "DELTA")], held(1), []),
    ],
)
def test_which_batches_are_read(
    case: str, batches: list[StockBatch], newest: Newest | None, expected: list[str]
) -> None:
    assert planned(batches, newest) == expected, case


def test_a_batch_that_is_running_is_never_read() -> None:
    assert planned([batch(2, state="RUNNING")], None) == []
    assert planned([batch(2, state="RUNNING"), batch(3)], held(1)) == ["B3"]


@pytest.mark.parametrize("kind", ["FULL", "DELTA"])
@pytest.mark.parametrize("state", ["RUNNING", "FAILED", "A STATE OF A NEWER VERSION"])
def test_a_delta_waits_for_whatever_was_begun_before_it_and_a_full_batch_overtakes_them(
    kind: str, state: str
) -> None:
    """It may leave out what that one tells, however long ago that was begun."""
    behind = [batch(2, kind, state, started_at=NOON - timedelta(days=1)), batch(3, "DELTA")]

    assert planned(behind, held(1)) == []
    assert planned([batch(1, "DELTA"), *behind], held(0)) == ["B1"]
    assert planned([*behind, batch(4), batch(5, "DELTA")], held(1)) == ["B4", "B5"]


def test_a_delta_waits_for_one_that_was_seen_and_is_shown_no_more() -> None:
    def without(number: int, *batches: StockBatch) -> list[str]:
        found = plan(batches, held(1), {}, NOON, (batch(number).as_of,))
        return [one.batch_id for one in found]

    assert without(3, batch(2, "DELTA"), batch(4, "DELTA")) == ["B2"]
    assert without(3, batch(2), batch(4, "DELTA")) == ["B2"]
    assert without(2, batch(3), batch(4, "DELTA")) == ["B3", "B4"]
    assert without(2, batch(3, "DELTA")) == []


def test_while_a_batch_cannot_be_read_no_delta_is_for_it_may_stand_before_any_of_them() -> None:
    def readable(*batches: StockBatch) -> list[str]:
        return [one.batch_id for one in plan(batches, held(1), {}, NOON, is_whole=False)]

    assert readable(batch(2, "DELTA"), batch(3, "DELTA")) == []
    assert readable(batch(2, "DELTA"), batch(3), batch(4, "DELTA")) == ["B3"]


@pytest.mark.parametrize(
    ("reason", "minutes_ago", "expected"),
    [
        ("checksum", 1, []),
        ("checksum", 7, ["B2", "B3"]),
        ("row_count", 7, ["B2", "B3"]),
        ("as_of_backwards", 60, []),
        ("unknown_kind", 60, []),
        ("a reason of an older version", 60, []),
    ],
)
def test_a_rejected_batch_ends_the_chain_unless_it_may_be_read_again(
    reason: str, minutes_ago: int, expected: list[str]
) -> None:
    reading = Reading("B2", "rejected", reason, NOON - timedelta(minutes=minutes_ago))

    assert planned([batch(2), batch(3, "DELTA")], held(1), reading) == expected


def test_a_batch_that_contradicts_itself_is_read_again_after_gaps_that_grow_from_minutes_to_six_hours() -> None:
    """Each reading of a large one takes minutes in which no stock is decided on."""
    bad, now, read_at = batch(2), NOON, [NOON]
    while now < NOON + timedelta(days=1):
        now += timedelta(minutes=1)
        reading = Reading("B2", "rejected", "duplicate_rows", read_at[-1], rejected=len(read_at))
        if plan([bad], held(1), {"B2": reading}, now):
            read_at.append(now)
    gaps = [after - before for before, after in pairwise(read_at)]

    assert gaps == sorted(gaps)
    assert len(gaps) < 12
    assert gaps[0] <= timedelta(minutes=7)
    assert gaps[-1] <= timedelta(hours=7.5)


def test_a_person_who_asks_does_not_wait_for_the_next_reading_by_itself() -> None:
    def asked(reading: Reading) -> list[str]:
        return [one.batch_id for one in plan([batch(2)], held(1), {"B2": reading}, NOON, is_asked=True)]

    assert asked(Reading("B2", "rejected", "checksum", NOON, rejected=9)) == ["B2"]
    assert asked(Reading("B2", "rejected", "unknown_kind", NOON)) == []
    assert asked(Reading("B2", "held", "coverage", NOON)) == []


@pytest.mark.parametrize(("verdict", "expected"), [(None, []), ("reject", []), ("accept", ["B2", "B3"])])
def test_a_held_batch_and_what_builds_on_it_wait_for_a_person(verdict: Any, expected: list[str]) -> None:
    reading = Reading("B2", "held", "coverage", NOON, verdict)

    assert planned([batch(2), batch(3, "DELTA")], held(1), reading) == expected


def test_a_later_good_full_batch_overtakes_a_held_one() -> None:
    reading = Reading("B2", "held", "coverage", NOON)

    assert planned([batch(2), batch(3), batch(4, "DELTA")], held(1), reading) == ["B3", "B4"]


def test_a_held_batch_does_not_keep_the_deltas_before_it_from_being_read() -> None:
    reading = Reading("B3", "held", "units_fell", NOON)

    assert planned([batch(2, "DELTA"), batch(3), batch(4, "DELTA")], held(1), reading) == ["B2"]


def test_of_two_held_batches_the_accepted_one_is_read_though_the_newer_waits() -> None:
    accepted = Reading("B2", "held", "coverage", NOON, "accept")
    waiting = Reading("B4", "held", "coverage", NOON)

    assert planned([batch(2), batch(3, "DELTA"), batch(4)], held(1), accepted, waiting) == ["B2", "B3"]


def test_a_batch_completed_later_that_tells_of_an_earlier_moment_is_going_backwards() -> None:
    late = batch(1, completed_at=MORNING + timedelta(hours=5))

    assert going_backwards([late, batch(2)], held(2), {}) == (late,)
    assert going_backwards([late], held(2), {"B1": Reading("B1", "rejected", "as_of_backwards", NOON)}) == ()
    assert going_backwards([late], None, {}) == ()


def test_two_batches_out_of_order_are_read_in_the_order_of_their_moments_and_never_back() -> None:
    assert planned([batch(3, "DELTA"), batch(2, "DELTA")], held(1)) == ["B2", "B3"]
    assert planned([batch(2, "DELTA")], held(3)) == []


def test_a_complete_batch_of_no_known_kind_is_named_once() -> None:
    odd = batch(2, "PARTIAL")

    assert of_no_kind([odd, batch(3)], {}) == (odd,)
    assert of_no_kind([odd], {"B2": Reading("B2", "rejected", "unknown_kind", NOON)}) == ()


BATCHES = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from(["FULL", "DELTA", "PART"]),
        st.sampled_from(["RUNNING", "COMPLETE", "FAILED"]),
    ),
    max_size=8,
    unique_by=lambda one: one[0],
)
READINGS = st.dictionaries(
    st.integers(0, 9),
    st.tuples(
        st.sampled_from(["rejected", "held"]),
        st.sampled_from(["checksum", "coverage"]),
        st.sampled_from([None, "accept", "reject"]),
    ),
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(BATCHES, READINGS, st.none() | st.integers(0, 9))
def test_what_is_read_is_complete_usable_newer_and_a_chain(
    given_batches: list[tuple[int, str, str]], given_readings: dict[int, Any], newest: int | None
) -> None:
    batches = [batch(*one) for one in given_batches]
    readings = {
        f"B{number}": Reading(f"B{number}", state, reason, NOON, verdict)
        for number, (state, reason, verdict) in given_readings.items()
    }
    found = plan(batches, held(newest) if newest is not None else None, readings, NOON)

    assert all(one.state == "COMPLETE" and one.kind in {"FULL", "DELTA"} for one in found)
    assert [one.as_of for one in found] == sorted(one.as_of for one in found)
    assert all(one.as_of > held(newest).as_of for one in found if newest is not None)
    assert all(one.kind == "DELTA" for one in found[1:])
    assert newest is not None or not found or found[0].kind == "FULL"
    assert all(readings[one.batch_id].verdict == "accept" for one in found if one.batch_id in readings)
    # nothing between the first and the last is left out, in whatever state
    between = [
        one.batch_id
        for one in sorted(batches, key=lambda one: one.as_of)
        if found and found[0].as_of <= one.as_of <= found[-1].as_of
    ]
    assert [one.batch_id for one in found] == between
    # and no DELTA is the first where anything lies between it and what is held
    assert (
        not found
        or found[0].kind == "FULL"
        or found[0].as_of == min(one.as_of for one in batches if newest is None or one.as_of > held(newest).as_of)
    )
