"""Our word on a return on the real sandbox: given once, by policy or by a person."""

from collections.abc import Callable
from typing import Any

import pytest

from store import commands as ask
from sync.answers import Refusal
from sync.desk_returns import ReturnDesk
from sync.errors import Unclear
from sync.lanes import lanes_of
from tests.flows.between import Between
from tests.flows.test_returns import authorised, looked, sent_out, truth


def test_returns_that_wait_for_our_word_get_it_once_by_policy_or_by_a_person(bench: Callable[..., Any]) -> None:
    house = sent_out(bench, begin_with=("returns_need_acceptance",))
    market = house.house.marketplace
    waiting = [one["id"] for one in truth(house).values()]
    # of one nobody here knows that it was sent
    odd = truth(house)[waiting[0]]
    given: list[str] = []

    def lost(port: Any, answers: Any) -> Any:
        given.extend(one.return_id for one in answers)
        port.answer_returns(answers)
        raise Unclear("the connection was cut after the effect")

    by_policy = house.house.settings
    house.house.settings = by_policy.model_copy(update={"accepts_returns": "none"})
    house.run("returns")
    unasked = {one["state"] for one in truth(house).values()}
    desk = ReturnDesk(house.house, lanes_of(house.house))

    def say(decision: str, reason: str = "", why: str = "as agreed") -> None:
        command = ask.DecideReturn(return_id=odd["id"], decision=decision, reason_code=reason, why=why)
        desk.decide("Olu (ops)", command)

    for words, arguments in (
        ("Say why", ("refuse", "RETURN_REJECTION_NOT_NEEDED", " ")),
        ("none of John Lewis's reasons", ("refuse", "TOO_LATE")),
        ("not RECEIVED", ("not_compliant", "RETURN_NON_COMPLIANT_OTHER")),
    ):
        with pytest.raises(Refusal, match=words):
            say(*arguments)
    say("refuse", "RETURN_REJECTION_NOT_ELIGIBLE")
    house.house.settings = by_policy
    house.house.marketplace = Between(market, answer_returns=lost)
    house.advance(6)
    house.run("returns")
    house.house.marketplace = market
    looked(house)
    states = {one["id"]: one["state"] for one in truth(house).values()}

    assert unasked == {"WAITING_ACCEPTANCE"}
    assert sorted(given) == sorted(waiting)
    assert states == {one: "REFUSED" if one == odd["id"] else "IN_PROGRESS" for one in waiting}
    assert truth(house)[odd["id"]]["rejection"] == "RETURN_REJECTION_NOT_ELIGIBLE"
    assert set(authorised(house)) == {
        (one["id"], one["order_line_id"]) for one in truth(house).values() if one["id"] != odd["id"]
    }
    assert house.value("select count(*) as n from intent_facts where state in ('unclear', 'recorded')") == 0


def test_that_goods_are_not_as_they_should_be_is_told_by_a_person_once(bench: Callable[..., Any]) -> None:
    house = sent_out(bench)
    house.run("returns")
    looked(house)
    house.sandbox.scenario("returns_arrive")
    looked(house, minutes=12 * 60, times=2)
    (one, *_) = [name for name, sent in truth(house).items() if sent["state"] == "RECEIVED"]
    ReturnDesk(house.house, lanes_of(house.house)).decide(
        "Olu (ops)",
        ask.DecideReturn(
            return_id=one, decision="not_compliant", reason_code="RETURN_NON_COMPLIANT_DAMAGED_PRODUCT", why="torn"
        ),
    )
    runs = []
    for _ in range(3):
        house.advance(6)
        runs.append(house.run("returns").counts["reported"])
    told = {name: sent["wrong"] for name, sent in truth(house).items() if sent["wrong"]}
    shown = house.rows(
        "select return_id from order_returns($now) where not is_compliant", now=house.house.clock.now()
    )

    assert runs == [1, 0, 0]
    assert told == {one: "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT"}
    assert [row["return_id"] for row in shown] == [one]
    assert house.rebuild_differences() == {}
