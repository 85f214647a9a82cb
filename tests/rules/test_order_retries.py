"""A creation that failed for a passing reason waits under that reason, is tried again, and stays held meanwhile."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.rules.order_known import Known
from sync.rules.order_past import freed_by
from sync.rules.orders import decide
from tests.rules.test_orders import NOW, ORDINARY, SHIRT, SUBJECT, WAITING, intent, placed_in, steps

FAILED_AT = NOW - timedelta(minutes=9)
FAILED = intent("refused", "LOCK_TIMEOUT", message="A record is held.", meant_at=FAILED_AT, happened_at=FAILED_AT)


def next_try(state: str, code: str = "", **more: Any) -> dict[str, Any]:
    """What became, just now, of the try after that."""
    return intent(state, code, message="Too many calls.", meant_at=NOW, happened_at=NOW, seq=2, **more)


def held_by(known: Known) -> Known:
    """The order as it is held by what this decides."""
    (said,) = decide(known).holds
    hold = {"reason": said.reason, "cause": said.cause, "detail": said.detail, "happened_at": NOW, "seq": 1}
    return replace(known, holds={"JLM1-A": hold})


def released(code: str) -> dict[str, dict[str, Any]]:
    """A person tried it again after it had failed with that code, a minute ago."""
    hold = {"reason": None, "cause": "", "detail": "", "frees": freed_by("refused_by_erp", code), "seq": 1}
    return {"JLM1-A": {**hold, "happened_at": NOW - timedelta(minutes=1)}}


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ("BATCH_RUNNING", {"hold": ["refused_by_erp"]}), ("LOCK_TIMEOUT", {"hold": ["refused_by_erp"]}),
        ("UPSTREAM_TIMEOUT", {"hold": ["refused_by_erp"]}), ("INTERNAL", {"hold": ["refused_by_erp"]}),
        ("", {"create": [SUBJECT]}),
    ],
)  # fmt: skip
def test_what_was_absent_after_an_answer_that_passes_by_itself_rests_under_its_code(
    answered: str, expected: dict[str, list[str]]
) -> None:
    known = replace(ORDINARY, intents=[intent("refused", "absent", answered=answered, happened_at=NOW)])
    frees = freed_by("refused_by_erp", answered)
    released = {"reason": None, "cause": "", "detail": "", "seq": 2, "happened_at": NOW, "frees": frees}
    later = replace(known, now=NOW + timedelta(minutes=3))

    assert steps(decide(known)) == expected
    assert [one.cause for one in decide(known).holds] == [answered] * ("hold" in expected)
    assert steps(decide(later))["create"] == [SUBJECT]
    assert steps(decide(replace(known, holds={"JLM1-A": released}))) == {"create": [SUBJECT]}


@pytest.mark.parametrize(
    ("answered", "cause", "words"),
    [
        ("INTERNAL", "INTERNAL", "BlueCherry answered INTERNAL, and it was not there"),
        ("OUT_OF_MEMORY", "INTERNAL", "BlueCherry answered OUT_OF_MEMORY, and it was not there"),
        ("", "NO_ANSWER", "its answer never came, and it was not there"),
    ],
)
def test_what_bluecherry_s_own_server_failed_on_is_not_said_to_have_no_answer(
    answered: str, cause: str, words: str
) -> None:
    twice = [
        intent("refused", "absent", answered=answered, meant_at=NOW - ago, happened_at=NOW - ago / 2)
        for ago in (timedelta(minutes=40), timedelta(minutes=1))
    ]
    (held,) = decide(replace(ORDINARY, intents=twice)).holds

    assert (held.reason, held.cause) == ("refused_by_erp", cause)
    assert held.detail == f"Tried 2 times, the last at 08:59 UTC: {words}. Tried again by itself."


def test_a_try_that_was_never_sent_leaves_the_order_held_for_what_failed_and_goes_at_once() -> None:
    known = replace(ORDINARY, intents=[FAILED, next_try("refused", "not_sent")])
    decision = decide(known)

    assert steps(decision) == {"create": [SUBJECT], "hold": ["refused_by_erp"]}
    assert [(one.cause, one.detail) for one in decision.holds] == [
        ("LOCK_TIMEOUT", "Tried once, the last at 08:51 UTC: A record is held. Tried again by itself.")
    ]


def test_a_try_that_was_never_sent_says_nothing_new_of_what_is_held() -> None:
    held = held_by(replace(ORDINARY, intents=[FAILED]))

    assert steps(decide(replace(held, intents=[FAILED, next_try("refused", "not_sent")]))) == {"create": [SUBJECT]}


def test_a_try_a_person_asked_for_goes_at_once_though_it_could_not_be_sent_the_first_time() -> None:
    failed = {**FAILED, "happened_at": NOW - timedelta(minutes=1, seconds=30)}
    known = replace(ORDINARY, intents=[failed, next_try("refused", "not_sent")])

    assert "create" not in steps(decide(known))
    assert steps(decide(replace(known, holds=released("LOCK_TIMEOUT")))) == {"create": [SUBJECT]}


@pytest.mark.parametrize("state", ["recorded", "unclear"])
def test_while_it_is_tried_again_it_stays_held_as_it_was(state: str) -> None:
    held = held_by(replace(ORDINARY, intents=[FAILED]))

    assert steps(decide(replace(held, intents=[FAILED, next_try(state)]))) == {}


def test_once_bluecherry_took_it_it_is_held_no_more() -> None:
    held = held_by(replace(ORDINARY, intents=[FAILED]))
    taken = next_try("confirmed", is_pending=True)

    assert steps(decide(replace(held, intents=[FAILED, taken]))) == {"release": ["JLM1-A"]}


@pytest.mark.parametrize("state", ["recorded", "unclear"])
def test_what_a_person_has_tried_again_is_held_for_what_failed_until_its_outcome_is_known(state: str) -> None:
    """Only its being tried is known: it is not mended."""
    known = replace(ORDINARY, holds=released("LOCK_TIMEOUT"))
    under_way = decide(replace(known, intents=[FAILED, next_try(state)]))

    assert steps(decide(replace(known, intents=[FAILED]))) == {"create": [SUBJECT]}
    assert [(one.reason, one.cause) for one in under_way.holds] == [("refused_by_erp", "LOCK_TIMEOUT")]
    assert steps(under_way) == {"hold": ["refused_by_erp"]}


def test_a_mapping_that_names_another_warehouse_leaves_what_is_under_way_held_as_it_was() -> None:
    held = replace(
        held_by(replace(ORDINARY, intents=[FAILED])),
        mappings=placed_in({SHIRT: "WH2"}),
        intents=[FAILED, next_try("unclear")],
    )

    assert steps(decide(held)) == {}
    assert steps(decide(replace(held, intents=[next_try("unclear")]))) == {"release": ["JLM1-A"]}


@pytest.mark.parametrize("reason", ["unknown_sku", "missing_in_erp"])
def test_what_it_was_held_for_before_is_not_kept_by_its_being_tried(reason: str) -> None:
    other = {"reason": reason, "cause": "x", "detail": "y", "happened_at": NOW, "seq": 1}
    trying = replace(ORDINARY, holds={"JLM1-A": other}, intents=[FAILED, next_try("recorded")])
    never_failed = replace(held_by(replace(ORDINARY, intents=[FAILED])), intents=[next_try("recorded")])

    assert [one.cause for one in decide(trying).holds] == ["LOCK_TIMEOUT"]
    assert steps(decide(never_failed)) == {"release": ["JLM1-A"]}


def test_an_acceptance_that_was_never_sent_goes_at_once_whatever_failed_before() -> None:
    about = {"kind": "accept_order", "subject": "JLM1-A"}
    failed = intent("refused", "RATE_LIMITED", **about, meant_at=NOW, happened_at=NOW)
    known = replace(ORDINARY, lines=[WAITING], intents=[failed])
    never_sent = intent("refused", "not_sent", **about, meant_at=NOW, happened_at=NOW, seq=2)

    assert steps(decide(known)) == {}
    assert steps(decide(replace(known, intents=[failed, never_sent]))) == {"accept": ["JLM1-A"]}


LOOKED_FOR = intent("refused", "absent", is_sent=False, meant_at=NOW - timedelta(minutes=40), happened_at=FAILED_AT)
FOREIGN = replace(ORDINARY, taken_out={"JLM1-A-1": NOW - timedelta(minutes=45)})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("RATE_LIMITED", {"create": [SUBJECT], "hold": ["refused_by_erp"]}),
        ("not_sent", {"create": [SUBJECT]}),
        ("LOCK_TIMEOUT", {"create": [SUBJECT], "hold": ["refused_by_erp"]}),
    ],
)
def test_what_was_surely_absent_is_not_looked_for_anew_because_it_could_not_be_sent_then(
    code: str, expected: dict[str, list[str]]
) -> None:
    then = NOW - timedelta(minutes=6)
    known = replace(FOREIGN, intents=[LOOKED_FOR, intent("refused", code, meant_at=then, happened_at=then, seq=2)])
    decision = decide(known)

    assert steps(decide(replace(FOREIGN, intents=[LOOKED_FOR]))) == {"create": [SUBJECT]}
    assert steps(decision) == expected
    assert all(held.detail.startswith("Tried once") for held in decision.holds)


def test_what_is_there_with_other_content_is_looked_for_anew_once_a_person_released_it() -> None:
    known = replace(
        FOREIGN,
        intents=[LOOKED_FOR, intent("refused", "DUPLICATE_PO", meant_at=FAILED_AT, happened_at=FAILED_AT, seq=2)],
        holds=released("DUPLICATE_PO"),
    )

    assert steps(decide(known)) == {"take_over": [SUBJECT]}


def test_what_was_only_looked_for_was_never_sent_and_did_not_fail() -> None:
    twice = [LOOKED_FOR, {**LOOKED_FOR, "meant_at": NOW - timedelta(minutes=20), "happened_at": NOW, "seq": 3}]

    assert steps(decide(replace(FOREIGN, intents=twice))) == {"create": [SUBJECT]}
