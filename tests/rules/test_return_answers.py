"""What John Lewis is told of a return: by itself only that what was sent may come back; else a person says so."""

from datetime import timedelta
from typing import Any

import pytest

from sync.rules.return_answers import decide
from tests.told import NOW

LATER = NOW + timedelta(hours=1)


def back(**changed: Any) -> dict[str, Any]:
    return {
        "return_id": "R1", "order_id": "JL1-A", "order_line_id": "JL1-A-1", "state": "WAITING_ACCEPTANCE",
        "quantity": 2, "received_quantity": 0, "is_fitting": True, **changed,
    }  # fmt: skip


def said(decision: str, reason: str = "", **more: Any) -> dict[str, Any]:
    return {"decision": decision, "reason_code": reason, "happened_at": NOW, **more}


def tried(state: str, code: str = "", kind: str = "answer_return") -> dict[str, Any]:
    return {
        "intent_kind": kind, "subject": "R1", "state": state, "code": code, "meant_at": NOW, "happened_at": NOW,
        "seq": 1,
    }  # fmt: skip


def told(
    *returns: dict[str, Any], word: dict[str, Any] | None = None, before: dict[str, Any] | None = None, **more: Any
) -> list[dict[str, Any]]:
    """What would be said, without its wrapping."""
    words = {"R1": word} if word else {}
    policy: dict[str, Any] = {"accepts_fitting": True, "now": NOW, **more}
    return [one.payload for one in decide(returns, words, [before] if before else [], **policy)]


YES = {"is_accepted": True, "reason_code": ""}
NO = {"is_accepted": False, "reason_code": "LATE"}


def test_what_was_sent_may_come_back_by_itself_and_nothing_else_is_said_by_itself() -> None:
    assert told(back()) == [YES]
    assert told(back(), accepts_fitting=False) == []
    assert told(back(is_fitting=False)) == []
    assert told(back(), back(order_line_id="JL1-A-2", is_fitting=False)) == []
    assert told(back(state="IN_PROGRESS")) == []


def test_a_persons_word_goes_before_the_policy() -> None:
    assert told(back(), word=said("refuse", "LATE")) == [NO]
    assert told(back(is_fitting=False), word=said("accept")) == [YES]


@pytest.mark.parametrize("state", ["recorded", "unclear", "confirmed"])
def test_nothing_is_said_twice(state: str) -> None:
    assert told(back(), before=tried(state)) == []


def test_what_was_refused_waits_for_another_word_or_a_press() -> None:
    no = tried("refused", "400")

    assert told(back(), before=no) == []
    assert told(back(), before=tried("refused", "absent")) == [YES]
    assert told(back(), before=no, frees=["answer_return/R1"]) == [YES]
    assert told(back(), before=no, frees=["answer_return/R2", "report_return/R1"]) == []
    assert told(back(), word=said("refuse", "LATE"), before=no) == []
    assert told(back(), word=said("refuse", "LATE", happened_at=LATER), before=no) == [NO]


def test_of_goods_that_came_every_line_has_its_word_and_the_short_ones_are_wrong() -> None:
    here = back(state="RECEIVED", received_quantity=2)
    short = back(state="RECEIVED", order_line_id="JL1-A-2", received_quantity=1)
    word = said("not_compliant", "DAMAGED")

    assert told(here, short, word=word) == [
        {"lines": ["JL1-A-1", "JL1-A-2"], "wrong_lines": ["JL1-A-2"], "reason_code": "DAMAGED"}
    ]
    assert told(here, word=word)[0]["wrong_lines"] == ["JL1-A-1"]
    assert told(here, short) == []
