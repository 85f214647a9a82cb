"""Acceptance on the real sandbox: what is there is accepted, what is not waits for a person, and a word is kept."""

from collections.abc import Callable
from typing import Any

import pytest

from store import commands as ask
from sync.answers import Refusal
from sync.desk_acceptance import AcceptanceDesk
from sync.lanes import lanes_of


def test_missing_units_wait_for_a_person_whose_word_is_carried_out_once_and_kept(bench: Callable[..., Any]) -> None:
    house = bench(days=1, orders_per_day=0, skus=40, settings={"accepts": "fulfilable"})
    for name in ("no_orders", "no_hand_edits", "relaxed_limits", "no_other_channels"):
        house.sandbox.scenario(name)
    for flow in ("catalogue", "orders", "inventory"):
        house.run(flow)
    house.sandbox.scenario("burst")
    house.advance(6)
    # the shelf is emptied in the batch we know, as if a count had found nothing
    with house.assembled.database.connect() as connection:
        connection.execute("update stock_facts set on_hand = 0")
    for _ in range(2):
        house.advance(1)
        house.run("orders")
    house.run("watch")
    now = house.house.clock.now()
    held = [
        row["order_id"]
        for row in house.rows("select order_id from order_hold_facts where reason = 'not_fulfilable'")
    ]
    (one, other, *_) = sorted(held)
    opened = house.rows(
        "select deadline_at from exception_facts"
        " where exception_kind = 'not_fulfilable' and exception_subject = $id",
        id=one,
    )
    waiting = {house.sandbox.state("john_lewis")["orders"][order_id]["state"] for order_id in held}
    desk = AcceptanceDesk(house.house, lanes_of(house.house))
    with pytest.raises(Refusal, match="Say why"):
        desk.decide("Olu (ops)", ask.DecideAcceptance(order_id=one, decision="refuse", why=" "))
    desk.decide("Olu (ops)", ask.DecideAcceptance(order_id=one, decision="refuse", why="lost in the fire"))
    desk.decide(
        "Olu (ops)", ask.DecideAcceptance(order_id=other, decision="accept", why="found in the other aisle")
    )
    for _ in range(2):
        house.advance(2)
        house.run("orders")
    truth = house.sandbox.state("john_lewis")["orders"]

    assert waiting == {"WAITING_ACCEPTANCE"}
    assert opened[0]["deadline_at"] > now
    assert truth[one]["state"] == "REFUSED"
    assert truth[other]["state"] not in {"WAITING_ACCEPTANCE", "REFUSED"}
    assert house.rows("select why, actor from acceptance_decision_facts where order_id = $id", id=one) == [
        {"why": "lost in the fire", "actor": "Olu (ops)"}
    ]
    with pytest.raises(Refusal, match="it was decided before"):
        desk.decide("Olu (ops)", ask.DecideAcceptance(order_id=one, decision="accept", why="found it"))
