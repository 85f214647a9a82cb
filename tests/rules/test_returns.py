"""What a return needs next: told of once counted, its shipping with it, and no second payment going out."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules.exceptions import KINDS, retried_by
from sync.rules.return_frees import freed_by
from sync.rules.returns import UNSEEN, Known, decide
from tests.told import HOUR, NOW

PRICE, SHIPPING = Decimal("39.00"), Decimal("3.95")


def came_back(**changed: Any) -> dict[str, Any]:
    """Return R1: the one shirt of JL1-A is here and credited."""
    return {
        "return_id": "R1", "order_id": "JL1-A", "order_line_id": "JL1-A-1", "state": "RECEIVED", "opened_at": NOW,
        "is_before_start": False, "is_closed": True, "ret_nums": "R000001", "quantity": 1, "received_quantity": 1,
        "credited_quantity": 1, "refunded_quantity": 0, "tracking": "", "reason_code": "SIZE", **changed,
    }  # fmt: skip


def line(number: int = 1, *, shipping: Decimal = SHIPPING, refunded: Decimal = Decimal(0)) -> dict[str, Any]:
    return {
        "order_line_id": f"JL1-A-{number}", "order_id": "JL1-A", "line_number": number, "currency": "GBP",
        "unit_price_amount": PRICE, "price_amount": PRICE, "shipping_amount": shipping,
        "shipping_left_amount": shipping, "cancelled_amount": Decimal(0), "refunded_amount": refunded,
    }  # fmt: skip


def tried(subject: str, state: str, code: str = "", *, shipping: str = "0") -> dict[str, Any]:
    """A refund of the shirt that we set out to give."""
    payload = {
        "return_id": subject.partition("/")[0], "order_line_id": "JL1-A-1", "quantity": 1, "before_amount": "0",
        "amount": "39.00", "shipping_amount": shipping,
    }  # fmt: skip
    return {
        "intent_kind": "refund_line", "subject": subject, "order_id": "JL1-A", "state": state, "code": code,
        "payload": json.dumps(payload), "meant_at": NOW, "happened_at": NOW, "seq": 1,
    }  # fmt: skip


def refunds(*intents: dict[str, Any], **known: Any) -> list[tuple[str, str, str]]:
    """Line, goods and shipping of each refund that would be given."""
    what = {
        "returns": [came_back()], "lines": {"JL1-A-1": line()}, "shipping": {"JL1-A": SHIPPING}, **known,
    }  # fmt: skip
    decision = decide(
        Known(sales_lines={}, intents=intents, is_ours_to_refund=True, refund_reason="RFD-SIZE", now=NOW, **what)
    )
    return [
        (one.payload["order_line_id"], one.payload["amount"], one.payload["shipping_amount"])
        for one in decision.refund
    ]


def test_the_shipping_bluecherry_credited_goes_back_with_the_goods() -> None:
    assert refunds() == [("JL1-A-1", "39.00", "3.95")]
    assert refunds(shipping={}) == [("JL1-A-1", "39.00", "0")]
    assert refunds(shipping={"JL1-A": Decimal(9)}) == [("JL1-A-1", "39.00", "3.95")]  # no more than was paid


def test_shipping_another_line_bore_or_that_was_credited_later_is_a_refund_of_its_own() -> None:
    lines = {"JL1-A-1": line(shipping=Decimal(0)), "JL1-A-2": line(2)}
    given = {"returns": [came_back(refunded_quantity=1)], "lines": {"JL1-A-1": line(refunded=PRICE)}}

    assert refunds(lines=lines) == [("JL1-A-1", "39.00", "0"), ("JL1-A-2", "0", "3.95")]
    assert refunds(tried("R1/JL1-A-1", "confirmed"), **given) == [("JL1-A-1", "0", "3.95")]


@pytest.mark.parametrize(
    "before",
    [
        tried("R1/JL1-A-1", "unclear", shipping="3.95"),
        tried("R1/JL1-A-1", "confirmed", shipping="3.95"),  # and not shown yet
        tried("R1/JL1-A-1", "refused", UNSEEN, shipping="3.95"),
    ],
    ids=lambda one: str(one["state"]),
)
def test_shipping_that_may_be_back_already_is_not_sent_again_by_itself(before: dict[str, Any]) -> None:
    goods_are_back = {
        "returns": [came_back(refunded_quantity=1)], "lines": {"JL1-A-1": line(refunded=PRICE)},
    }  # fmt: skip

    assert refunds(before) == []
    assert refunds(before, **goods_are_back) == []


def test_a_person_may_have_it_sent_again() -> None:
    doubt = tried("R1/JL1-A-1", "refused", UNSEEN, shipping="3.95")

    assert refunds(doubt, frees=freed_by("refund_refused", UNSEEN, "R1/JL1-A-1")) == [("JL1-A-1", "39.00", "3.95")]


def test_units_credited_later_are_refunded_later_whichever_return_john_lewis_counted_the_first_for() -> None:
    two = line(shipping=Decimal(0), refunded=PRICE) | {"price_amount": PRICE * 2}
    given = {"lines": {"JL1-A-1": two}, "shipping": {}}
    first, other = tried("R1/JL1-A-1/0.00", "confirmed"), tried("R2/JL1-A-1/0.00", "confirmed")
    both = [came_back(refunded_quantity=1), came_back(return_id="R2", opened_at=NOW + HOUR)]
    later = [came_back(quantity=2, received_quantity=2, credited_quantity=2, refunded_quantity=1)]

    assert refunds(first, returns=later, **given) == [("JL1-A-1", "39.00", "0")]
    assert refunds(other, returns=both, **given) == [("JL1-A-1", "39.00", "0")]
    assert refunds(other, returns=both[1:], **given) == []  # counted for another return, and paid all the same


def test_a_refund_nobody_is_sure_of_stays_a_persons_whatever_else_was_paid_back_since() -> None:
    goodwill = {"lines": {"JL1-A-1": line(refunded=Decimal(5))}, "shipping": {}}
    doubt = tried("R1/JL1-A-1/0.00", "refused", UNSEEN)

    assert refunds(doubt, **goodwill) == []
    assert refunds(doubt, frees=["refund_line/JL1-A-1"], **goodwill) == [("JL1-A-1", "37.95", "0")]


@pytest.mark.parametrize(
    "other",
    [
        (kind.code, "", subject)
        for kind in KINDS
        if retried_by(kind.code, "") == "returns" and kind.code != "refund_refused"
        for subject in ("R1", "R1/JL1-A-1")
    ] + [("refund_refused", UNSEEN, "R2/JL1-A-2"), ("refund_refused", UNSEEN, "R3/JL9-A-1")],
    ids="-".join,
)  # fmt: skip
def test_a_refund_that_is_refused_or_in_doubt_is_not_sent_for_another_exception_of_its_order(
    other: tuple[str, str, str],
) -> None:
    for code in (UNSEEN, "400"):
        before = tried("R1/JL1-A-1/0.00", "refused", code, shipping="3.95")
        assert refunds(before, frees=freed_by(*other)) == []


def test_shipping_that_is_in_doubt_goes_again_for_its_own_exception_alone() -> None:
    goods_are_back = {
        "returns": [came_back(refunded_quantity=1)], "lines": {"JL1-A-1": line(refunded=PRICE)},
    }  # fmt: skip
    doubt = tried("R1/JL1-A-1/39.00/shipping", "refused", UNSEEN, shipping="3.95")
    goods = tried("R1/JL1-A-1/0.00", "refused", UNSEEN, shipping="3.95")
    of_shipping = freed_by("received_not_refunded", "shipping", "JL1-A/shipping")

    for before in (doubt, goods):
        assert refunds(before, frees=of_shipping, **goods_are_back) == [("JL1-A-1", "0", "3.95")]
        assert refunds(before, frees=freed_by("received_not_refunded", "", "R1/JL1-A-1"), **goods_are_back) == []
    assert refunds(doubt, frees=["refund_line/JL1-A-1"], **goods_are_back) == []
    assert refunds(goods, frees=of_shipping) == [("JL1-A-1", "0", "3.95")]  # the goods are another matter


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        (("return_not_authorised", "400", "R1"), ["create_return"]),
        (("receipt_refused", "400", "R1"), ["receive_return"]),
        (("cancelled_return", "400", "R1/RET1"), ["cancel_return"]),
        (("received_not_refunded", "", "R1/JL1-A-1"), []),
        (("receipt_refused", "400", "R2"), []),
    ],
    ids=lambda one: one[0] if one else "nothing",
)
def test_what_was_refused_of_a_return_goes_again_for_its_own_exception(
    wrong: tuple[str, str, str], meant: list[str]
) -> None:
    subjects = {"create_return": "R1/SO-1", "receive_return": "R1", "cancel_return": "R1/RET1"}
    refused = [
        {**tried(subject, "refused", "400"), "intent_kind": kind, "payload": "{}", "seq": number}
        for number, (kind, subject) in enumerate(subjects.items())
    ]
    sold_by = {"ord_num": "SO-1", "line_number": 1, "sku_key": "k", "shipped_quantity": 1}
    off = {
        "return_id": "R1", "ret_num": "RET1", "order_id": "JL1-A", "received_quantity": 0, "is_before_start": False,
    }  # fmt: skip
    known = Known(
        [came_back(state="IN_PROGRESS", ret_nums="")], {"JL1-A-1": [sold_by]}, {}, refused,
        is_ours_to_refund=False, refund_reason="", now=NOW, frees=freed_by(*wrong), withdrawn=[off],
    )  # fmt: skip
    decision = decide(known)

    assert [one.kind for one in (*decision.create, *decision.receive, *decision.withdraw)] == meant


@given(
    st.lists(
        st.sampled_from(["credit R1", "credit R2", "sent", "late", "lost", "cut", "shown", "pressed"]), max_size=40
    )
)
def test_no_unit_is_refunded_twice_and_every_credited_one_once_all_is_known(steps: list[str]) -> None:
    """Three units of one line come back in two returns; answers are lost, and what was paid may show later."""
    credited, shown, hidden = {"R1": 0, "R2": 0}, 0, 0
    intents: list[dict[str, Any]] = []

    def next_refund(*frees: str) -> Any:
        rows, left = [], shown
        for name, units in (("R1", 2), ("R2", 1)):
            share = min(left, units)
            left -= share
            rows.append(
                came_back(
                    return_id=name, quantity=units, received_quantity=units, credited_quantity=credited[name],
                    refunded_quantity=share,
                )
            )  # fmt: skip
        sold = line(shipping=Decimal(0), refunded=PRICE * shown) | {"price_amount": PRICE * 3}
        known = Known(
            returns=rows, sales_lines={}, lines={"JL1-A-1": sold}, intents=intents, is_ours_to_refund=True,
            refund_reason="RFD-SIZE", now=NOW, frees=frees,
        )  # fmt: skip
        return next(iter(decide(known).refund), None)

    def end(one: Any, state: str, code: str = "") -> None:
        intents.append(tried(one.subject, state, code) | {"payload": json.dumps(one.payload), "seq": len(intents)})

    for step in [*steps, "shown", "credit R1", "credit R2", "credit R1", *["pressed", "shown"] * 4]:
        if step.startswith("credit"):
            name = step.removeprefix("credit ")
            credited[name] = min(credited[name] + 1, {"R1": 2, "R2": 1}[name])
        elif step == "shown":
            shown, hidden = shown + hidden, 0
        elif one := next_refund(*["refund_line/JL1-A-1"] * (step == "pressed" and not hidden)):
            units = one.payload["quantity"]
            if step in {"lost", "cut"}:
                end(one, "refused", UNSEEN)
            else:
                end(one, "confirmed")
            shown += units if step in {"sent", "pressed"} else 0
            hidden += units if step in {"late", "lost"} else 0
        assert shown + hidden <= sum(credited.values())
    assert (shown, hidden) == (3, 0)


@pytest.mark.parametrize(
    ("of_return", "told"),
    [
        ({}, ["R1"]),
        ({"is_closed": False}, []),  # the warehouse still counts
        ({"received_quantity": 0}, []),
        ({"state": "RECEIVED"}, []),
    ],
)
def test_john_lewis_is_told_of_goods_received_back_without_asking_a_person_once_they_are_counted(
    of_return: dict[str, Any], told: list[str]
) -> None:
    here = came_back(**{"state": "IN_PROGRESS", **of_return})
    known = Known([here], {}, {}, [], is_ours_to_refund=False, refund_reason="", now=NOW)

    assert [one.subject for one in decide(known).receive] == told
