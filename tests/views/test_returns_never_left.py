"""Units that never left BlueCherry: their money goes back without a return, and is never taken for that of one."""

from datetime import timedelta
from decimal import Decimal

import pytest

from store import events
from store.database import Ask
from tests.told import DAY, HOUR, NOW, Told
from tests.views.returned import LINE, announced, authorised, wrong
from tests.views.test_drift import line, sent, shows


def one_of_two_left(told: Told, *refunded: timedelta) -> None:
    """The house cancelled one of two shirts, John Lewis shows both as received; a refund each so long ago."""
    sent(told)
    shows(told, line(cancelled_quantity=1, open_quantity=0, shipped_quantity=1, cancel_kind="HOUSE"))
    refunds_of(told, *(("39.00", 1, ago) for ago in refunded))


def refunds_of(told: Told, *refunds: tuple[str, int, timedelta]) -> None:
    """Goods, units, how long ago."""
    parts = tuple(
        events.RefundPart(
            refund_id=f"F{number}", quantity=units, amount=Decimal(goods), shipping_amount=Decimal(0),
            reason_code="RFD-SIZE", state="REFUNDED", refunded_at=NOW - ago,
        )
        for number, (goods, units, ago) in enumerate(refunds)
    )  # fmt: skip
    told.order("JL1-A", quantity=2, state="RECEIVED", placed=NOW - 40 * DAY, changed=NOW, refunds=parts)


def one_came_back(told: Told) -> None:
    announced(told, state="RECEIVED", at=NOW - 5 * DAY)
    authorised(told, received=1, at=NOW - 4 * DAY)


def drifting(ask: Ask) -> list[str]:
    return [str(one) for one in ask("select drift_class from drift($at)", {"at": NOW})["drift_class"]]


@pytest.mark.parametrize(
    ("refunded", "is_short", "is_unpaid"),
    [
        ((), True, True),
        ((10 * DAY,), False, True),  # before anything was sent back: it is the missing unit's
        ((2 * DAY,), True, False),
        ((10 * DAY, 2 * DAY), False, False),
        ((2 * DAY, 2 * DAY), False, False),
        ((2 * DAY, DAY), False, False),
    ],
    ids=["none", "before the return", "after it", "before and after it", "both at once", "both after it"],
)
def test_the_money_of_a_unit_that_never_left_is_not_taken_for_that_of_a_return(
    told: Told, ask: Ask, refunded: tuple[timedelta, ...], *, is_short: bool, is_unpaid: bool
) -> None:
    one_of_two_left(told, *refunded)
    one_came_back(told)
    steps = ask("select next_step, refunded_quantity from order_returns($at)", {"at": NOW}).rows()
    kinds = ask("select kind from conditions($at) order by kind", {"at": NOW})["kind"].to_list()

    assert steps == [
        ("The customer gets the money back", 0) if is_unpaid else ("Nothing: goods and money are back", 1)
    ]
    assert kinds == ["drift_quantity"] * is_short + ["received_not_refunded"] * is_unpaid
    assert drifting(ask) == ["quantity"] * is_short


def test_a_refund_more_than_what_never_left_and_what_came_back_is_one_too_many(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, line(cancelled_quantity=1, open_quantity=0, shipped_quantity=1, cancel_kind="HOUSE"))
    one_came_back(told)
    refunds_of(told, ("39.00", 1, 2 * DAY), ("39.00", 1, DAY), ("12.00", 0, DAY))
    rows = ask("select kind, subject, amount from conditions_returns($at)", {"at": NOW}).rows()

    assert rows == [("refunded_twice", LINE, Decimal("12.00"))]


@pytest.mark.parametrize("is_in_another", [False, True])
def test_the_money_of_a_line_taken_out_of_its_sales_order_goes_back_without_a_return(
    told: Told, ask: Ask, is_in_another: bool
) -> None:
    """Put into the sales order of another order, it left from there."""
    sent(told)
    shows(told, at=NOW - HOUR)
    shows(told, line(order_line_id="JL1-A-9", line_number=2), at=NOW - HOUR / 2, revision=2)
    if is_in_another:
        shows(told, line(open_quantity=0, shipped_quantity=2), ord_num="SO-2", order_id="JL2-A", at=NOW - HOUR / 2)
    refunds_of(told, ("78.00", 2, 4 * DAY))

    assert wrong(ask) == ([("refund_without_return", LINE)] if is_in_another else [])
    assert drifting(ask) == []
