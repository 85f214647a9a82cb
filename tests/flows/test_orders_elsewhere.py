"""A line that stands or stood in the sales order of another order is never sent twice, nor paid back once gone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from store.events import CancelationAsked, DriftAnswered, ReturnedLinePart
from store.journal import check_rebuild
from sync.flows import orders as flow
from sync.flows import orders_cancelations as passing
from sync.flows import returns, returns_settle
from sync.flows.orders_seen import record_sales_orders
from sync.flows.orders_settle import settle
from sync.ports import ErpReturn, Page, SalesLine, SalesOrder
from sync.rules.orders import Decision, decide
from sync.runs import EVERYTHING
from tests.flows.orders_shop import MINUTE, VISIBLE, opened
from tests.flows.shop import Shop
from tests.flows.test_stamps import ORDER, RETURN
from tests.told import DAY, HOUR, NOW, SHIRT, key_of, thing
from tests.views.returned import announced
from tests.views.test_drift import line, shows


class Erp:
    """A BlueCherry that shows what it has when it is asked by an order's number."""

    def __init__(self) -> None:
        self.shown: tuple[SalesOrder, ...] = ()
        self.returned: tuple[ErpReturn, ...] = ()
        self.asked = 0

    def sales_orders(self, *, order_id: str) -> Iterator[Page[SalesOrder]]:
        self.asked += 1
        yield Page(tuple(one for one in self.shown if one.order_id == order_id), None, ())

    def list_returns(self, *, order_id: str) -> Iterator[Page[ErpReturn]]:
        yield Page(tuple(one for one in self.returned if one.order_id == order_id), None, ())


@pytest.fixture
def erp() -> Erp:
    return Erp()


@pytest.fixture
def shop(tmp_path: Path, erp: Erp) -> Iterator[Shop]:
    """Two orders of two shirts."""
    shop = opened(tmp_path / "store.duckdb", erp, ("JL1-A", "JL2-A"), quantity=2)
    yield shop
    shop.told.close()


def run_at(shop: Shop, minutes: float) -> Decision:
    """What a run decides so many minutes from now, and has written down."""
    shop.told.clock.moment = NOW + minutes * MINUTE
    settle(shop.run)
    decision = decide(flow.known(shop.run))
    shop.run.record(flow._taken_over(shop.run, decision))
    return decision


def created(decision: Decision) -> list[str]:
    return [one.order_id for one in decision.create]


def taken_out(shop: Shop) -> None:
    """JL2-A's line was put into SO-1 of JL1-A, and is not in it any more."""
    shows(shop.told, line(), line(order_line_id="JL2-A-1", line_number=2), at=NOW - HOUR)
    assert created(run_at(shop, -30)) == []
    shows(shop.told, line(), at=NOW - MINUTE / 2)


def test_a_line_taken_out_of_the_sales_order_of_another_is_sent_once_it_was_looked_for_twice(
    shop: Shop, erp: Erp
) -> None:
    taken_out(shop)
    minutes = (0, 5, VISIBLE, VISIBLE + 0.5, VISIBLE + 1)
    story = [(created(run_at(shop, at)), erp.asked) for at in minutes]

    assert story == [([], 0), ([], 0), ([], 1), ([], 1), (["JL2-A"], 2)]


def test_what_becomes_of_the_sales_order_it_was_taken_out_of_makes_nobody_look_for_it_anew(
    shop: Shop, erp: Erp
) -> None:
    taken_out(shop)
    run_at(shop, 0)
    run_at(shop, VISIBLE)
    shows(shop.told, line(picked_quantity=2), at=NOW + (VISIBLE - 1) * MINUTE)
    shop.told.clock.moment = NOW + (VISIBLE + 1) * MINUTE
    settle(shop.run)
    shows(shop.told, line(picked_quantity=0, shipped_quantity=2), at=NOW + (VISIBLE + 2) * MINUTE)

    assert created(run_at(shop, VISIBLE + 3)) == ["JL2-A"]
    assert erp.asked == 2
    assert shop.rows("select reason from order_hold_facts") == []  # it was never sent: nothing failed


def test_put_in_there_once_more_and_taken_out_again_it_is_looked_for_anew(shop: Shop) -> None:
    taken_out(shop)
    for minutes in (0, VISIBLE):
        run_at(shop, minutes)
    both = line(), line(order_line_id="JL2-A-1", line_number=2)
    shows(shop.told, *both, at=NOW + (VISIBLE + 0.5) * MINUTE)
    assert created(run_at(shop, VISIBLE + 1)) == []
    shows(shop.told, line(), at=NOW + (VISIBLE + 2) * MINUTE)

    assert [created(run_at(shop, VISIBLE + at)) for at in (3, 4, VISIBLE + 3, VISIBLE + 4)] == [
        [],
        [],
        [],
        ["JL2-A"],
    ]


def test_what_a_person_keyed_in_under_its_own_number_meanwhile_is_not_sent_once_more(shop: Shop, erp: Erp) -> None:
    taken_out(shop)
    run_at(shop, 0)
    shirts = SalesLine(1, "JL2-A-1", key_of(SHIRT), 2, 2, 0, 0, 0, "", None)
    erp.shown = (replace(ORDER, ord_num="SO-9", order_id="JL2-A", entered_at=NOW, updated_at=NOW, lines=(shirts,)),)

    assert [created(run_at(shop, VISIBLE + at)) for at in range(4)] == [[], [], [], []]
    assert shop.rows("select state, reference from intent_facts where order_id = 'JL2-A'") == [
        {"state": "confirmed", "reference": "SO-9"}
    ]


def test_units_that_left_in_the_parcel_of_another_order_are_not_cancelled_at_john_lewis(shop: Shop) -> None:
    told = shop.told
    gone, both = {"cancelled_quantity": 2, "open_quantity": 0, "cancel_kind": "HOUSE"}, {"line_number": 2}
    shows(told, line(**gone), at=NOW - 2 * HOUR)
    other: dict[str, Any] = {"ord_num": "SO-2", "order_id": "JL2-A"}
    shows(told, line(order_line_id="JL2-A-1"), line(**both), **other, at=NOW - 2 * HOUR)
    (row,) = shop.rows("select drift_class, subject, shown from drift($now) where order_id = 'JL1-A'", now=NOW)
    word = {"happened_at": NOW - HOUR, "actor": "Olu", "order_id": "JL1-A", "why": "x"}
    told.tell(
        DriftAnswered(
            **word, drift_class=row["drift_class"], drift_subject=row["subject"], answer="cancel_line",
            shown=row["shown"],
        ),
        CancelationAsked(
            **word, ask_id=thing("ask"), order_line_id="JL1-A-1", quantity=2, before_quantity=0, reason_code="CNL",
        ),
    )  # fmt: skip
    meant = [one.payload["quantity"] for one in passing.decided(shop.run, EVERYTHING)]
    left = {"open_quantity": 0, "shipped_quantity": 2}
    shows(told, line(order_line_id="JL2-A-1", **left), line(**both, **left), **other, at=NOW - HOUR / 2)

    assert meant == [2]
    assert passing.decided(shop.run, EVERYTHING) == ()


def test_a_scheduled_order_that_turns_out_to_be_ours_takes_nothing_of_stock_beside_it(shop: Shop) -> None:
    shirts = SalesLine(1, "JL1-A-1", key_of(SHIRT), 10, 10, 0, 0, 0, "", None)
    typed = replace(
        ORDER, ord_num="SO-W", customer="SHOP9", entered_at=NOW - 5 * HOUR, updated_at=NOW - 5 * HOUR,
        start_day=(NOW + HOUR, NOW + DAY), lines=(shirts,),
    )  # fmt: skip
    taken = []
    for one in (typed, replace(typed, customer="JLM", updated_at=NOW - 4 * HOUR)):
        record_sales_orders(shop.run, Page((one,), None, ()))
        (row, *_) = shop.rows(
            "select open_quantity::integer as n, len(lines) as lines from scheduled_order_facts"
            " order by happened_at desc, seq desc"
        )
        taken.append((row["n"], row["lines"]))

    assert taken == [(10, 1), (0, 0)]
    assert shop.rows("select ord_num from sales_order_facts") == [{"ord_num": "SO-W"}]
    assert check_rebuild(shop.told.database) == {}


@pytest.mark.parametrize("shown", [{"order_id": ""}, {"order_id": "", "customer": "WEB"}, {"order_id": "TYPO"}])
def test_what_was_created_and_lost_its_number_before_it_was_read_is_found_by_its_lines_and_never_sent_twice(
    shop: Shop, shown: dict[str, Any]
) -> None:
    """The answer to its creation never came, and asked by the order's number BlueCherry shows nothing."""
    lines = [{"order_line_id": "JL2-A-1", "sku_key": key_of(SHIRT), "quantity": 2}]
    shop.told.intent(
        "create_sales_order", "JL2-A/NMK/WH1", "unclear", order_id="JL2-A", payload={"lines": lines},
        at=NOW - HOUR,
    )  # fmt: skip
    shirts = SalesLine(1, "JL2-A-1", key_of(SHIRT), 2, 2, 0, 0, 0, "", None)
    sent_then = replace(ORDER, ord_num="SO-9", entered_at=NOW - HOUR, updated_at=NOW - HOUR / 2, lines=(shirts,))
    there = replace(sent_then, **shown)
    stranger = replace(there, ord_num="SO-8", order_id="", lines=(replace(shirts, order_line_id="4711"),))
    record_sales_orders(shop.run, Page((there, stranger), None, ()))
    sent = [one for at in range(4) for one in created(run_at(shop, VISIBLE + at))]

    assert "JL2-A" not in sent
    assert shop.rows("select ord_num from sales_order_facts where order_id <> 'JL1-A'") == [{"ord_num": "SO-9"}]
    assert shop.rows("select state, reference from intent_facts where order_id = 'JL2-A'") == [
        {"state": "confirmed", "reference": "SO-9"}
    ]
    assert check_rebuild(shop.told.database) == {}


@pytest.mark.parametrize(
    ("state", "next_step"),
    [
        ("IN_PROGRESS", "Cherrylane authorises it in BlueCherry"),
        ("WAITING_ACCEPTANCE", "It is accepted at John Lewis"),
    ],
)
def test_units_that_left_in_the_parcel_of_another_order_and_come_back_are_authorised_there(
    shop: Shop, state: str, next_step: str
) -> None:
    told = shop.told
    left = {"open_quantity": 0, "shipped_quantity": 2}
    shows(told, line(**left), line(order_line_id="JL2-A-1", line_number=2, **left), at=NOW - 2 * HOUR)
    told.order("JL2-A", quantity=2, state="RECEIVED", placed=NOW - 5 * HOUR, changed=NOW - 2 * HOUR)
    announced(
        told, quantity=2, state=state, order_id="JL2-A", at=NOW - HOUR,
        lines=(ReturnedLinePart(order_line_id="JL2-A-1", quantity=2, reason_code="SIZE"),),
    )  # fmt: skip
    (row,) = shop.rows("select next_step from order_returns($now)", now=NOW)
    create = returns._decide(shop.run, EVERYTHING).create
    there = {"line_number": 2, "order_line_id": "JL2-A-1", "sku_key": key_of(SHIRT), "quantity": 2}

    assert row["next_step"] == next_step
    assert [(one.payload["ord_num"], one.payload["lines"]) for one in create] == (
        [("SO-1", [there])] if state == "IN_PROGRESS" else []
    )


def test_an_authorisation_in_the_sales_order_of_another_whose_answer_was_lost_is_found_by_its_number(
    shop: Shop, erp: Erp
) -> None:
    """BlueCherry gives it the order number of the sales order that the units left by."""
    shows(shop.told, line(), line(order_line_id="JL2-A-1", line_number=2), at=NOW - 2 * HOUR)
    shop.told.intent(
        "create_return", "R1/SO-1", "unclear", order_id="JL2-A", at=NOW - HOUR,
        payload={"return_id": "R1", "ord_num": "SO-1"},
    )  # fmt: skip
    erp.returned = (replace(RETURN, ret_num="R000001", return_id="R1", ord_num="SO-1", order_id="JL1-A"),)
    shop.told.clock.moment = NOW
    returns_settle.settle(shop.run)

    assert shop.rows("select state, reference from intent_facts") == [
        {"state": "confirmed", "reference": "R000001"}
    ]


def test_a_copy_of_our_order_for_another_customer_stays_wholesale(shop: Shop) -> None:
    """Its lines kept our ids: its units are scheduled, and none of them is one John Lewis sold."""
    ours, theirs = (
        SalesLine(1, "JL1-A-1", key_of(SHIRT), 200, 200, 0, 0, 0, "", None),
        SalesLine(2, "", key_of(SHIRT), 500, 500, 0, 0, 0, "", None),
    )
    copy = replace(
        ORDER, ord_num="SO-W", order_id="W-77", customer="SHOP9", entered_at=NOW - HOUR, updated_at=NOW - HOUR,
        start_day=(NOW + HOUR, NOW + DAY), lines=(ours, theirs),
    )  # fmt: skip
    record_sales_orders(shop.run, Page((copy,), None, ()))

    assert shop.rows("select open_quantity::integer as n from scheduled_order_facts") == [{"n": 700}]
    assert shop.rows("select ord_num from sales_order_facts where ord_num = 'SO-W'") == []


def test_a_sales_order_that_lost_its_number_is_to_get_it_back(shop: Shop) -> None:
    shows(shop.told, line(order_line_id="JL2-A-1"), ord_num="SO-9", order_id="", at=NOW - HOUR)
    rows = shop.rows("select next_step from orders($now) where order_id = 'JL2-A'", now=NOW)

    assert rows == [{"next_step": "A person puts its number back in SO-9"}]


def test_what_left_under_no_number_and_comes_back_waits_for_the_number(shop: Shop) -> None:
    """An authorisation in that sales order would have no number either, and not be found again."""
    told, left = shop.told, {"open_quantity": 0, "shipped_quantity": 2}
    told.order("JL2-A", quantity=2, state="RECEIVED", placed=NOW - 5 * HOUR, changed=NOW - 2 * HOUR)
    announced(
        told, quantity=2, order_id="JL2-A", at=NOW - HOUR,
        lines=(ReturnedLinePart(order_line_id="JL2-A-1", quantity=2, reason_code="SIZE"),),
    )  # fmt: skip
    decided = []
    for place, number in enumerate(("", "JL2-A")):
        at = NOW - HOUR / (place + 2)
        shows(told, line(order_line_id="JL2-A-1", **left), ord_num="SO-9", order_id=number, at=at)
        decided.append([one.payload["ord_num"] for one in returns._decide(shop.run, EVERYTHING).create])

    assert decided == [[], ["SO-9"]]
