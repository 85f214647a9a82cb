"""What is cancelled at John Lewis of a line a person gave up: how many units, for how much, and never twice."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.rules.cancelations import KIND, Amounts, amounts, decide, open_units

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def line(**changed: Any) -> dict[str, Any]:
    """Three linen shirts at £39.00 with £3.95 of shipping, to be sent."""
    return {
        "order_line_id": "O1-A-1", "state": "SHIPPING", "order_state": "SHIPPING", "quantity": 3,
        "cancelled_quantity": 0, "shipped_quantity": 0, "unit_price_amount": Decimal("39.00"),
        "price_amount": Decimal("117.00"), "shipping_amount": Decimal("3.95"), "cancelled_amount": Decimal(0),
        "cancelled_shipping_amount": Decimal(0), **changed,
    }  # fmt: skip


def asked(quantity: int = 1, *, name: str = "a1", minutes: int = 0, **more: Any) -> dict[str, Any]:
    """The line is given up, or with `answer` the rest of it confirmed, when nothing of it was cancelled."""
    return {
        "ask_id": name, "order_id": "O1-A", "order_line_id": "O1-A-1", "quantity": quantity, "before_quantity": 0,
        "answer": "cancel_line", "short_quantity": quantity, "reason_code": "CNL-SHORT-PICK",
        "happened_at": NOW + timedelta(minutes=minutes), **more,
    }  # fmt: skip


def past(state: str, code: str = "", *, name: str = "a1", before: int = 0, quantity: int = 1) -> dict[str, Any]:
    payload = {"ask_id": name, "order_line_id": "O1-A-1", "before_quantity": before, "quantity": quantity}
    return {
        "intent_kind": KIND, "subject": f"O1-A-1/{before}", "state": state, "code": code,
        "payload": json.dumps(payload), "meant_at": NOW, "happened_at": NOW, "seq": 1,
    }  # fmt: skip


def decided(
    asks: list[dict[str, Any]], shown: dict[str, Any], intents: list[dict[str, Any]]
) -> list[tuple[str, int, str, str]]:
    return [
        (one.subject, one.payload["quantity"], one.payload["amount"], one.payload["shipping_amount"])
        for one in decide(asks, {"O1-A-1": shown}, intents, NOW)
    ]


@pytest.mark.parametrize(
    ("shown", "units", "expected"),
    [
        (line(), 1, Amounts(Decimal("39.00"), Decimal(0))),
        (line(), 3, Amounts(Decimal("117.00"), Decimal("3.95"))),
        (
            line(cancelled_quantity=1, cancelled_amount=Decimal("39.00")), 2,
            Amounts(Decimal("78.00"), Decimal("3.95")),
        ),
        (
            line(
                cancelled_quantity=1, cancelled_amount=Decimal("42.95"),
                cancelled_shipping_amount=Decimal("3.95"),
            ),
            2, Amounts(Decimal("78.00"), Decimal("0.00")),
        ),
        # a price that does not divide: the last units take what is left, to the penny
        (
            line(price_amount=Decimal("100.00"), unit_price_amount=Decimal("33.333333")), 1,
            Amounts(Decimal("33.33"), Decimal(0)),
        ),
        (
            line(
                price_amount=Decimal("100.00"), unit_price_amount=Decimal("33.333333"), cancelled_quantity=2,
                cancelled_amount=Decimal("66.66"),
            ),
            1, Amounts(Decimal("33.34"), Decimal("3.95")),
        ),
    ],
)  # fmt: skip
def test_the_money_is_that_of_the_units_and_the_last_take_all_that_is_left(
    shown: dict[str, Any], units: int, expected: Amounts
) -> None:
    assert amounts(shown, units) == expected


def test_what_has_left_or_is_over_is_not_open() -> None:
    assert open_units(line(shipped_quantity=1, cancelled_quantity=1)) == 1
    assert open_units(line(order_state="SHIPPED")) == 0
    assert open_units(line(state="CANCELED")) == 0


def test_an_ask_is_passed_on_once_and_never_more_than_is_open() -> None:
    assert decided([asked(1)], line(), []) == [("O1-A-1/0", 1, "39.00", "0")]
    assert decided([asked(9)], line(shipped_quantity=1), []) == [("O1-A-1/0", 2, "78.00", "0")]
    assert decided([asked(1)], line(order_state="SHIPPED"), []) == []
    assert decided([asked(1)], line(), [past("confirmed")]) == []
    assert decided([asked(1)], line(), [past("refused", "400")]) == []


@pytest.mark.parametrize(
    ("ask", "cancelled", "units"),
    [
        (asked(2), 1, 1),  # the customer cancelled one of them
        (asked(1), 1, 0),
        (asked(1, before_quantity=1), 1, 1),
        (asked(1, before_quantity=1), 2, 0),
        # asked before the sum was kept
        (asked(1, before_quantity=None), 0, 1),
        (asked(1, before_quantity=None), 1, 0),
        # put back since, or some of it
        (asked(2, answer="confirm_rest", short_quantity=2), 0, 2),
        (asked(2, answer="confirm_rest", short_quantity=1), 0, 1),
        (asked(1, answer="confirm_rest", short_quantity=0), 0, 0),
        (asked(3, short_quantity=1), 0, 3),  # the whole line was given up
    ],
)
def test_what_became_of_the_line_since_it_was_asked_counts(ask: dict[str, Any], cancelled: int, units: int) -> None:
    found = decided([ask], line(cancelled_quantity=cancelled, cancelled_amount=39 * Decimal(cancelled)), [])

    assert [one[1] for one in found] == [units] * (units > 0)


@pytest.mark.parametrize(("code", "times"), [("not_sent", 1), ("unseen", 0), ("absent", 0), ("other_sum", 0)])
def test_only_what_surely_did_not_happen_is_passed_on_again_by_itself(code: str, times: int) -> None:
    assert len(decided([asked(1)], line(), [past("refused", code)])) == times
    assert len(decided([asked(1, name="a2")], line(), [past("refused", code)])) == 1


@pytest.mark.parametrize("state", ["recorded", "unclear"])
def test_a_second_ask_waits_while_the_sum_of_the_line_is_not_known(state: str) -> None:
    assert decided([asked(1, name="a2")], line(), [past(state)]) == []


def test_a_second_ask_waits_until_john_lewis_shows_the_first() -> None:
    both = [asked(1), asked(2, name="a2", minutes=5)]
    shown = line(cancelled_quantity=1, cancelled_amount=Decimal("39.00"))

    assert decided(both, line(), []) == [("O1-A-1/0", 1, "39.00", "0")]
    assert decided(both, line(), [past("confirmed")]) == []
    assert decided(both, shown, [past("confirmed")]) == [("O1-A-1/1", 1, "39.00", "0")]
