"""While BlueCherry takes no sales orders at all, all rest and one is tried; no other code stops more than one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.rules.erp_refusals import REFUSALS
from sync.rules.erp_rest import LONGEST_GAP, OF_ALL, Rest
from sync.rules.order_known import Known
from sync.rules.order_past import freed_by
from sync.rules.orders import decide
from tests.rules.test_order_retries import FAILED, next_try, released
from tests.rules.test_orders import NOW, ORDINARY, SUBJECT, intent, line, steps

MINUTE = timedelta(minutes=1)
OTHER = "JLM2-A/NMK/WH1"


def resting(last: float, since: float | None = None, tries: int = 1) -> Known:
    """Two orders, while BlueCherry has been busy for so many minutes, and said so last so many minutes ago."""
    return replace(
        ORDINARY,
        lines=[line(), line("JLM2-A")],
        has_address={"JLM1-A": True, "JLM2-A": True},
        countries={"JLM1-A": "GBR", "JLM2-A": "GBR"},
        rest=Rest("BATCH_RUNNING", tries, NOW - (last if since is None else since) * MINUTE, NOW - last * MINUTE),
    )


def test_only_what_is_said_of_all_sales_orders_stops_them_all() -> None:
    """LOCK_TIMEOUT is about the same records, UPSTREAM_TIMEOUT and INTERNAL may be about what one of them is."""
    assert sorted(OF_ALL) == ["BATCH_RUNNING"]
    assert all(one.passes for one in REFUSALS if one.is_of_all)


@pytest.mark.parametrize(
    ("last", "since", "tries", "expected"),
    [
        (1, 1, 1, {}),
        (3, 3, 1, {"create": [SUBJECT, OTHER]}),
        # told once it has lasted as long as an answer may be awaited
        (1, 16, 4, {"hold": ["refused_by_erp"] * 2}),
        # what came since is not told when it may be the one that is tried
        (7, 16, 4, {"create": [SUBJECT, OTHER]}),
        (500, 600, 99, {"create": [SUBJECT, OTHER]}),
    ],
)
def test_all_of_them_rest_until_one_is_to_be_tried(
    last: float, since: float, tries: int, expected: dict[str, list[str]]
) -> None:
    decision = decide(resting(last, since, tries))

    assert steps(decision) == expected
    assert decision.is_trial
    assert all(
        one.detail
        == f"BlueCherry answers all sales orders with BATCH_RUNNING since {NOW - since * MINUTE:%H:%M} UTC."
        " One is tried every few minutes; once it is taken, this one is sent."
        for one in decision.holds
    )


def test_what_waits_is_held_in_the_same_words_until_one_is_taken() -> None:
    before = decide(resting(1, 16, 4)).holds
    holds = {
        one.order_id: {"reason": one.reason, "cause": one.cause, "detail": one.detail, "happened_at": NOW, "seq": 1}
        for one in before
    }
    later = replace(resting(0, 16, 5), holds=holds)

    assert [one.order_id for one in before] == ["JLM1-A", "JLM2-A"]
    assert steps(decide(later)) == {}
    assert steps(decide(replace(resting(7, 16, 5), holds=holds))) == {"create": [SUBJECT, OTHER]}
    assert steps(decide(replace(later, rest=None))) == {
        "create": [SUBJECT, OTHER], "release": ["JLM1-A", "JLM2-A"],
    }  # fmt: skip


def test_the_gaps_grow_to_a_few_minutes_and_no_further() -> None:
    gaps = [Rest("BATCH_RUNNING", tries, NOW, NOW).next_try_at - NOW for tries in range(1, 50)]

    assert MINUTE <= gaps[0] < gaps[2]
    assert max(gaps) <= LONGEST_GAP * 1.25


def test_what_failed_before_goes_after_what_is_new_and_stays_held_for_what_it_failed_with() -> None:
    known = replace(resting(7, 9), intents=[FAILED])
    decision = decide(known)

    assert steps(decision) == {"create": [OTHER, SUBJECT], "hold": ["refused_by_erp"]}
    assert [(one.order_id, one.cause) for one in decision.holds] == [("JLM1-A", "LOCK_TIMEOUT")]


@pytest.mark.parametrize("code", ["BATCH_RUNNING", "CREDIT_HOLD"])
def test_a_person_who_has_it_tried_again_is_not_told_that_it_is_mended(code: str) -> None:
    """For what it waits with all others it goes at once; for another reason it waits with them, and is held."""
    frees = freed_by("refused_by_erp", code)
    hold: dict[str, Any] = {**released(code)["JLM1-A"], "frees": frees, "happened_at": NOW - MINUTE}
    refused = intent("refused", "CREDIT_HOLD", happened_at=NOW - 9 * MINUTE)
    known = replace(resting(1.5), holds={"JLM1-A": hold}, intents=[refused] if code == "CREDIT_HOLD" else [])
    in_vain = replace(known, rest=Rest("BATCH_RUNNING", 2, NOW - 2 * MINUTE, NOW))

    assert steps(decide(known)) == (
        {"create": [SUBJECT]} if code == "BATCH_RUNNING" else {"hold": ["refused_by_erp"]}
    )
    assert [(one.order_id, one.cause) for one in decide(in_vain).holds] == [("JLM1-A", "BATCH_RUNNING")]


def test_what_is_under_way_is_held_for_what_it_failed_with_whatever_the_others_wait_for() -> None:
    known = replace(resting(1, 16, 4), intents=[FAILED, next_try("unclear")])

    assert {(one.order_id, one.cause) for one in decide(known).holds} == {
        ("JLM1-A", "LOCK_TIMEOUT"), ("JLM2-A", "BATCH_RUNNING"),
    }  # fmt: skip
