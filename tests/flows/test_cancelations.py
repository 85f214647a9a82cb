"""A person gives up what is short: exactly so many units are cancelled at John Lewis, while it is the last word."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sync.answers import Refusal
from sync.errors import Retriable, Unclear
from sync.flows import orders_cancelations as passing
from sync.ports import Page, SalesOrder
from sync.runs import EVERYTHING, Run
from tests.flows.between import Between
from tests.flows.shop import Shop, settings_of
from tests.flows.test_drift import answered, cancelled_there, customer_cancels, differences, in_bluecherry
from tests.told import HOUR, NOW
from tests.views.test_drift import line, sent, shows
from tests.views.test_drift_cancelations import one_is_asked, some_are_short


def short_of_one(begin: Callable[..., Any]) -> tuple[Any, dict[str, Any]]:
    """A house with a line of three of which BlueCherry has only two left to send; and that difference."""
    house = in_bluecherry(begin, sold="in_threes")
    house.sandbox.scenario("hand_quantity_down")
    house.advance(1)
    house.run("orders")
    row, *_ = [one for one in differences(house) if one["drift_class"] == "quantity"]
    return house, row


def down(_: Any, __: Any) -> Any:
    raise Retriable("503 before anything happened")


class Lost:
    """John Lewis takes cancellations, never answers, and does them when it comes to it."""

    def __init__(self, market: Any) -> None:
        self.market = market
        self.taken: list[Any] = []

    def __call__(self, _: Any, cancelations: Any) -> Any:
        self.taken.append(cancelations)
        raise Unclear("504: taken, and not done yet")

    def comes_to_it(self) -> None:
        self.market.cancel_lines(self.taken[0])


def run_for_a_while(house: Any, *, runs: int = 2, minutes: float = 3) -> None:
    for _ in range(runs):
        house.advance(minutes)
        house.run("orders")


def test_a_unit_the_customer_cancels_first_is_that_which_was_given_up(bench: Callable[..., Any]) -> None:
    house, row = short_of_one(bench)
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    customer_cancels(house, row["order_id"], row["order_line_id"], 1)
    run_for_a_while(house)

    assert [units for _, units, _ in cancelled_there(house, row["order_id"])] == [row["short_quantity"]] == [1]
    assert house.rows("select * from intent_facts where intent_kind = 'cancel_market_line'") == []
    assert differences(house) == []


def test_a_word_said_again_while_the_first_waits_for_its_next_try_cancels_once(bench: Callable[..., Any]) -> None:
    house, row = short_of_one(bench)
    market = house.house.marketplace
    house.house.marketplace = Between(market, cancel_lines=down)
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    house.run("orders")
    tried = house.rows("select state, code from intent_facts where intent_kind = 'cancel_market_line'")
    for _ in range(2):  # the second time it has not been tried yet
        house.advance(1)
        answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    house.house.marketplace = market
    run_for_a_while(house)

    assert tried == [{"state": "refused", "code": "not_sent"}]
    assert [units for _, units, _ in cancelled_there(house, row["order_id"])] == [1]
    assert differences(house) == []
    assert house.rebuild_differences() == {}


def test_a_word_taken_back_before_it_was_carried_out_cancels_nothing(bench: Callable[..., Any]) -> None:
    house, row = short_of_one(bench)
    market = house.house.marketplace
    for last in ("revert", "accept"):
        house.house.marketplace = Between(market, cancel_lines=down)
        answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
        house.run("orders")
        answered(house, row, last, why="the unit was found")
        house.house.marketplace = market
        run_for_a_while(house, runs=1)
    taken_back = cancelled_there(house, row["order_id"])
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    # and between the decision and the call
    run = Run(house.house, "orders", uuid4(), house.house.clock.now())
    decided = list(passing.decided(run, EVERYTHING))
    before = passing.still_meant(run, decided)
    answered(house, row, "revert", why="the unit was found")
    after = passing.still_meant(run, decided)
    house.advance(1)
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    run_for_a_while(house, runs=1)

    assert taken_back == []
    assert before == decided
    assert [one.payload["quantity"] for one in decided] == [1]
    assert after == []
    assert [units for _, units, _ in cancelled_there(house, row["order_id"])] == [1]


def test_what_bluecherry_puts_back_before_it_is_cancelled_stays_sold(bench: Callable[..., Any]) -> None:
    house, row = short_of_one(bench)
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    house.advance(1)

    def whole(order: SalesOrder) -> SalesOrder:
        lines = (
            replace(line, open_quantity=line.ordered_quantity, cancelled_quantity=0, cancel_kind="")
            for line in order.lines
        )
        return replace(order, updated_at=house.house.clock.now(), lines=tuple(lines))

    def put_back(port: Any, **named: Any) -> Iterator[Page[SalesOrder]]:
        for page in port.sales_orders(**named):
            yield replace(page, items=tuple(map(whole, page.items)))

    house.house.erp = Between(house.house.erp, sales_orders=put_back)
    run_for_a_while(house)

    assert cancelled_there(house, row["order_id"]) == []
    assert differences(house) == []


def not_settled(house: Any) -> list[str]:
    house.run("watch")
    rows = house.rows("select cause from exception_facts where exception_kind = 'cancelation_refused' and is_open")
    return [row["cause"] for row in rows]


def test_a_cancelation_done_minutes_after_its_answer_was_lost_is_not_sent_again(bench: Callable[..., Any]) -> None:
    house, row = short_of_one(bench)
    lost = Lost(house.house.marketplace)
    house.house.marketplace = Between(lost.market, cancel_lines=lost)
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    house.run("orders")
    run_for_a_while(house, minutes=2.5)
    lost.comes_to_it()
    run_for_a_while(house)

    assert len(lost.taken) == 1
    assert [units for _, units, _ in cancelled_there(house, row["order_id"])] == [1]
    assert house.rows("select state, message from intent_facts where intent_kind = 'cancel_market_line'") == [
        {"state": "confirmed", "message": "found by looking"}
    ]
    assert not_settled(house) == []


def looks_for_differences(house: Any) -> bool:
    """Whether a run would: that is dear in a large house."""
    return is_looking(Run(house.house, "orders", uuid4(), house.house.clock.now()))


def is_looking(run: Run) -> bool:
    asked: list[str] = []

    def noted(run: Any, sql: str, *values: Any) -> Any:
        asked.append(sql)
        return run.rows(sql, *values)

    listening: Any = Between(run, rows=noted)
    passing.decided(listening, EVERYTHING)
    return any("drift(" in sql for sql in asked)


def test_a_cancelation_that_does_not_show_is_a_persons_who_has_it_sent_again(bench: Callable[..., Any]) -> None:
    house, row = short_of_one(bench)
    lost = Lost(house.house.marketplace)
    house.house.marketplace = Between(lost.market, cancel_lines=lost)
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    house.run("orders")
    run_for_a_while(house, minutes=16)
    run_for_a_while(house, minutes=70)
    sent, before, is_at_rest = len(lost.taken), not_settled(house), not looks_for_differences(house)
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    again, is_looked_for = not_settled(house), looks_for_differences(house)
    house.run("orders")
    run_for_a_while(house, minutes=16)
    later = not_settled(house)
    lost.comes_to_it()  # the first, long after
    run_for_a_while(house)

    assert (sent, before, is_at_rest) == (1, ["unseen"], True)
    assert (again, is_looked_for) == ([], True)
    assert (len(lost.taken), later) == (2, ["unseen"])
    # it shows, so there is nothing left to be said
    assert not_settled(house) == []
    assert [units for _, units, _ in cancelled_there(house, row["order_id"])] == [1]
    assert house.rebuild_differences() == {}


def test_one_that_was_overtaken_makes_no_run_look_for_differences(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "store.duckdb", settings_of())
    some_are_short(shop.told, 3)
    one_is_asked(shop.told)
    is_wanted = is_looking(shop.run)
    shop.told.order("JL1-A", quantity=4, cancelled=1, changed=NOW - HOUR / 2)
    is_overtaken = not is_looking(shop.run)
    shop.told.close()

    assert (is_wanted, is_overtaken) == (True, True)


def test_nothing_can_be_cancelled_of_an_order_john_lewis_shows_as_shipped(tmp_path: Path) -> None:
    """It would be promised, and never done."""
    shop = Shop(tmp_path / "store.duckdb", settings_of())
    sent(shop.told)
    shows(shop.told, line(sku_key="ANOTHER", open_quantity=0, shipped_quantity=2))
    shop.told.order("JL1-A", quantity=2, state="SHIPPED", changed=NOW)
    (row,) = shop.rows("from drift($now)", now=NOW)
    with pytest.raises(Refusal, match="refunded there"):
        answered(shop.run, row, "cancel_line", reason_code="CNL-SHORT-PICK")
    asked = shop.rows("from cancelation_ask_facts")
    shop.told.close()

    assert (row["drift_class"], row["short_quantity"]) == ("substitution", 0)
    assert asked == []
