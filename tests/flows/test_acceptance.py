"""Acceptance on the real sandbox: what is there is accepted, what is not waits for a person, and a word is kept."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from store import commands as ask
from store.events import AcceptanceDecided
from sync.answers import Refusal
from sync.desk_acceptance import AcceptanceDesk
from sync.errors import Refused
from sync.lanes import lanes_of
from sync.ports import MarketOrder, Outcome, Page
from tests.flows.between import Between
from tests.flows.desk import Counter


def found_empty(begin: Callable[..., Any], **settings: object) -> Any:
    """A house whose orders wait for acceptance, when a count finds some of their shelves empty."""
    house = begin(days=1, orders_per_day=0, skus=40, settings=settings)
    for name in ("no_orders", "no_hand_edits", "relaxed_limits", "no_other_channels"):
        house.sandbox.scenario(name)
    for flow in ("catalogue", "orders", "inventory"):
        house.run(flow)
    for name in ("burst", "spanning", "shelves_found_empty", "batch_now"):
        house.sandbox.scenario(name)
    house.advance(1)
    for flow in ("inventory", "orders", "watch"):
        house.run(flow)
        house.advance(1)
    return house


def there(house: Any) -> dict[str, dict[str, Any]]:
    orders: dict[str, dict[str, Any]] = house.sandbox.state("john_lewis")["orders"]
    return orders


def gone_lines(house: Any) -> dict[str, set[str]]:
    """By order held for its stock, the lines of which the batch in use shows not one unit; where others are short
    too, the order is left out."""
    rows = house.rows(
        """
        select stock.order_id, list(stock.order_line_id) filter (where stock.supply <= 0) as gone
        from orders_acceptance($now) as stock
        join order_hold_facts as hold on hold.order_id = stock.order_id and hold.reason = 'not_fulfilable'
        group by stock.order_id
        having bool_and(stock.supply <= 0 or stock.quantity <= stock.fulfilable) and bool_or(stock.supply <= 0)
        """,
        now=house.house.clock.now(),
    )
    return {row["order_id"]: set(row["gone"]) for row in rows}


def waiting(house: Any) -> set[str]:
    return {order_id for order_id, order in there(house).items() if order["state"] == "WAITING_ACCEPTANCE"}


def held(house: Any) -> set[str]:
    return {row["order_id"] for row in house.rows("select order_id from order_hold_facts where reason is not null")}


def lines_of(house: Any, order_id: str) -> dict[str, str]:
    return {line["order_line_id"]: line["state"] for line in there(house)[order_id]["lines"]}


def test_missing_units_wait_for_a_person_whose_word_for_each_line_is_carried_out_once_and_kept(
    bench: Callable[..., Any],
) -> None:
    house = found_empty(bench)
    now = house.house.clock.now()
    short = gone_lines(house)
    parts = [order_id for order_id, lines in sorted(short.items()) if lines < set(lines_of(house, order_id))]
    (one, other, *_) = [order_id for order_id in sorted(short) if order_id not in parts]
    (part, *_) = parts
    gone = tuple(sorted(short[part]))
    opened = house.rows(
        "select deadline_at from exception_facts"
        " where exception_kind = 'not_fulfilable' and exception_subject = $id",
        id=one,
    )
    before, held_before = waiting(house), held(house)
    desk = AcceptanceDesk(house.house, lanes_of(house.house))

    def say(order_id: str, decision: str, why: str, refused: tuple[str, ...] = ()) -> None:
        command = ask.DecideAcceptance(order_id=order_id, decision=decision, why=why, refused_lines=refused)
        desk.decide("Olu (ops)", command)

    for words, order_id, decision, why, refused in (
        ("Say why", one, "refuse", " ", ()),
        ("has no line", part, "accept", "lost", (f"{part}-99",)),
        ("all its lines", part, "accept", "lost", tuple(lines_of(house, part))),
        ("not both", part, "refuse", "lost", gone),
    ):
        with pytest.raises(Refusal, match=words):
            say(order_id, decision, why, refused)
    say(one, "refuse", "lost in the fire")
    say(other, "accept", "found in the other aisle")
    say(part, "accept", "one of them is lost", gone)
    for _ in range(2):
        house.advance(2)
        house.run("orders")
    after = {order_id: order["state"] for order_id, order in there(house).items()}

    assert set(short) <= before == held_before  # the others were accepted
    assert opened[0]["deadline_at"] > now
    assert after[one] == "REFUSED"
    assert after[other] not in {"WAITING_ACCEPTANCE", "REFUSED"}
    assert after[part] not in {"WAITING_ACCEPTANCE", "REFUSED"}
    assert {line for line, state in lines_of(house, part).items() if state == "REFUSED"} == set(gone)
    assert house.rows("select why, actor from acceptance_decision_facts where order_id = $id", id=one) == [
        {"why": "lost in the fire", "actor": "Olu (ops)"}
    ]
    with pytest.raises(Refusal, match="it was decided before"):
        say(one, "accept", "found it")
    house.advance(30)
    for minutes in (12, 12):
        house.run("orders")
        house.advance(minutes)
    sent = {
        line["ext_line_id"]
        for order in house.sandbox.state("bluecherry")["sales_orders"]
        for line in order["lines"]
        if order["po_num"] == part
    }
    assert sent == set(lines_of(house, part)) - set(gone)
    assert house.rebuild_differences() == {}


def test_by_policy_lines_proven_to_be_nowhere_are_refused_and_the_others_accepted(
    bench: Callable[..., Any],
) -> None:
    house = found_empty(bench, refuses_zero_stock=True)
    house.run("orders")
    decided = house.rows("select order_id, decision, refused_lines, why from acceptance_decision_facts")
    states = there(house)

    assert {row["decision"] for row in decided} == {"accept", "refuse"}
    assert all(row["why"].startswith("policy: proven zero stock") for row in decided)
    for row in decided:
        refused = {line for line, state in lines_of(house, row["order_id"]).items() if state == "REFUSED"}
        if row["decision"] == "refuse":
            assert states[row["order_id"]]["state"] == "REFUSED"
        else:
            assert states[row["order_id"]]["state"] != "REFUSED"
            assert refused == set(row["refused_lines"])
    assert waiting(house) <= held(house)
    assert gone_lines(house) == {}


def test_a_sku_nobody_knows_is_never_refused_by_policy_and_has_the_acceptance_clock(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=1, orders_per_day=0, skus=40, settings={"refuses_zero_stock": True})
    for name in ("no_orders", "no_hand_edits", "relaxed_limits", "no_other_channels"):
        house.sandbox.scenario(name)
    for flow in ("catalogue", "orders", "inventory"):
        house.run(flow)
    for name in ("spanning", "batch_now"):
        house.sandbox.scenario(name)
    house.advance(1)
    (order_id, *_) = sorted(order_id for order_id, order in there(house).items() if len(order["lines"]) > 1)

    def spelt(one: MarketOrder) -> MarketOrder:
        first, *others = one.lines
        lines = (replace(first, offer_sku=first.offer_sku.lower()), *others)
        return replace(one, lines=lines) if one.order_id == order_id else one

    def misspelt(port: Any, **named: Any) -> Iterator[Page[MarketOrder]]:
        for page in port.orders(**named):
            yield replace(page, items=tuple(map(spelt, page.items)))

    house.house.marketplace = Between(house.house.marketplace, orders=misspelt)
    for flow in ("inventory", "orders", "orders", "watch"):
        house.run(flow)

    assert order_id in waiting(house)
    assert house.rows("select * from acceptance_decision_facts") == []
    assert house.rows(
        "select exception_kind, deadline_at is not null as has_clock from exception_facts"
        " where exception_subject = $id and is_open",
        id=order_id,
    ) == [{"exception_kind": "misspelt_sku", "has_clock": True}]


def test_where_john_lewis_takes_orders_only_whole_the_refusal_is_a_persons_next_step(
    bench: Callable[..., Any],
) -> None:
    house = found_empty(bench, refuses_zero_stock=True)
    house.sandbox.scenario("no_partial_acceptance")
    house.sandbox.scenario("spanning")
    for name in ("shelves_found_empty", "batch_now"):
        house.sandbox.scenario(name)
    house.advance(1)
    for flow in ("inventory", "orders", "orders"):
        house.run(flow)
    refused = house.rows("select order_id, cause from order_hold_facts where reason = 'accept_refused'")

    assert refused
    assert all("PARTIAL_ACCEPTANCE_DISABLED" in row["cause"] for row in refused)
    assert {row["order_id"] for row in refused} <= waiting(house)


def test_what_john_lewis_does_not_take_is_an_exception_that_a_retry_mends(bench: Callable[..., Any]) -> None:
    house = found_empty(bench)
    market = house.house.marketplace
    (one, *_) = sorted(gone_lines(house))

    def no(*_: Any) -> Any:
        raise Refused("PUT: 400", status=400, code="BUSY", reason="Not now.")

    def none_of_them(_: Any, references: dict[str, str]) -> tuple[Outcome, ...]:
        return tuple(Outcome(order_id, is_ok=False, message="Too long.") for order_id in references)

    def opened() -> dict[str, set[str]]:
        rows = house.rows("select exception_kind as k, list(order_id) as ids from exception_facts where is_open"
                          " and exception_kind in ('refuse_refused', 'reference_refused') group by 1")  # fmt: skip
        return {row["k"]: set(row["ids"]) for row in rows}

    house.house.marketplace = Between(market, refuse=no, write_references=none_of_them)
    counter = Counter(house)
    counter.ask(ask.DecideAcceptance(order_id=one, decision="refuse", why="lost in the fire"))
    for minutes in (12, 12, 12):
        house.run("orders")
        house.advance(minutes)
    house.run("watch")
    before = opened()
    tries = house.value("select count(*) as n from intent_facts where intent_kind = 'refuse_order'")
    house.house.marketplace = market
    retries = [
        ask.Retry(exception_kind=kind, cause=cause)
        for kind, cause in (("refuse_refused", "BUSY"), ("reference_refused", "refused"))
    ]
    foreseen = [counter.ask(one.model_copy(update={"dry_run": True}))["message"] for one in retries]
    answers = [counter.ask(one) for one in retries]
    house.advance(2)
    house.run("orders")
    house.run("watch")
    counter.close()
    numbers = {order_id: there(house)[order_id]["reference_for_seller"] for order_id in before["reference_refused"]}

    assert before["refuse_refused"] == {one}
    assert tries == 1
    assert foreseen[0] == "Of 1 exception, 1 goes on."
    assert foreseen[1] in {
        "Of 1 exception, 1 goes on.", f"Of {len(numbers)} exceptions, {len(numbers)} go on.",
    }  # fmt: skip
    assert {answer["state"] for answer in answers} == {"done"}
    assert there(house)[one]["state"] == "REFUSED"
    assert numbers
    assert all(numbers.values())
    assert opened() == {}
    assert house.rebuild_differences() == {}


def test_a_refusal_said_while_acceptances_are_sent_is_carried_out_or_told_of_where_it_came_too_late(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=0.05, orders_per_day=0, skus=40, settings={"accepts": "all"})
    for name in ("no_orders", "no_hand_edits", "relaxed_limits"):
        house.sandbox.scenario(name)
    house.run("catalogue")
    for _ in range(2):
        house.sandbox.scenario("burst")
    market = house.house.marketplace
    desk = AcceptanceDesk(house.house, lanes_of(house.house))
    in_time: list[str] = []
    too_late: list[str] = []
    one_at_a_time = threading.Lock()

    def accept(port: Any, order_id: str, *given: Any) -> None:
        with one_at_a_time:
            if not in_time:
                too_late.append(order_id)
                in_time.append(last_in_queue(house))
                desk.decide("Olu (ops)", ask.DecideAcceptance(order_id=in_time[0], decision="refuse", why="lost"))
                said = AcceptanceDecided(
                    happened_at=house.house.clock.now(), order_id=order_id, decision="refuse", why="lost"
                )
                house.house.journal.append([said])
        port.accept(order_id, *given)

    house.house.marketplace = Between(market, accept=accept)
    house.run("orders")
    for minutes in (3, 12):
        house.advance(minutes)
        house.run("orders")
    house.run("watch")
    meant = house.rows(
        "select order_id, intent_kind, state from intent_facts"
        " where order_id in ($one, $other) and intent_kind in ('accept_order', 'refuse_order') order by all",
        one=in_time[0], other=too_late[0],
    )  # fmt: skip
    opened = house.rows(
        "select order_id from exception_facts where is_open and exception_kind = 'refusal_overtaken'"
    )

    assert there(house)[in_time[0]]["state"] == "REFUSED"
    assert there(house)[too_late[0]]["state"] not in {"WAITING_ACCEPTANCE", "REFUSED"}
    assert {(row["order_id"], row["intent_kind"], row["state"]) for row in meant} == {
        (in_time[0], "refuse_order", "confirmed"), (too_late[0], "accept_order", "confirmed"),
    }  # fmt: skip
    assert opened == [{"order_id": too_late[0]}]
    assert house.rebuild_differences() == {}


def last_in_queue(house: Any) -> str:
    """The order that is accepted last of those whose acceptance is not recorded yet."""
    return str(
        house.value(
            "select max_by(order_id, (placed_at, order_id)) as id from order_facts"
            " where state = 'WAITING_ACCEPTANCE' and order_id not in"
            " (select order_id from intent_facts where intent_kind = 'accept_order')"
        )
    )
