"""What is typed in BlueCherry in the place of what we sent: in parts, on another day, under a second number."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from store.database import Ask
from tests.told import DAY, HOUR, NOW, SHIRT, Told, thing
from tests.views.test_drift import PAYLOAD, found, line, sent, shows


def sent_in_two_lines(told: Told) -> None:
    """JL1-A was sold with two lines of two shirts, and we sent it with the shipping of both."""
    told.order("JL1-A", skus=(SHIRT, SHIRT), quantity=2)
    lines = [{**PAYLOAD["lines"][0], "line_number": n, "order_line_id": f"JL1-A-{n}"} for n in (1, 2)]
    told.intent(
        "create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="SO-1",
        payload={**PAYLOAD, "shipping_amount": "7.00", "lines": lines}, intent_id=thing("JL1-A"), at=NOW - 2 * HOUR,
    )  # fmt: skip


def refused_two_days_ago(told: Told) -> None:
    """BlueCherry did not take JL1-A, which was to start on the 27th and to end twelve days from now."""
    told.order("JL1-A", quantity=2, placed=NOW - 3 * DAY, changed=NOW - 3 * DAY, deadline=NOW + DAY)
    days = {"starts_on": (NOW - 2 * DAY).isoformat(), "cancels_on": (NOW + 12 * DAY).isoformat()}
    told.intent(
        "create_sales_order", "JL1-A/NMK/WH1", "refused", order_id="JL1-A", code="CREDIT_HOLD", message="On hold.",
        payload={**PAYLOAD, **days}, intent_id=thing("JL1-A"), at=NOW - 2 * DAY,
    )  # fmt: skip


def test_a_line_keyed_in_anew_has_not_the_shipping_of_the_whole_order(told: Told, ask: Ask) -> None:
    """The second line is cancelled in SO-1 and keyed in anew as SO-2; the shipping stays where we sent it."""
    sent_in_two_lines(told)
    second = {"order_line_id": "JL1-A-2"}
    gone = line(**second, line_number=2, cancelled_quantity=2, open_quantity=0, cancel_kind="HOUSE")
    shows(told, line(), gone, shipping_amount=Decimal("7.00"))
    shows(told, line(**second), ord_num="SO-2", shipping_amount=Decimal(0), revision=0)

    assert found(ask) == []


@pytest.mark.parametrize("is_second_line_cancelled", [False, True])
def test_an_order_keyed_in_anew_as_a_whole_has_all_of_its_shipping(
    told: Told, ask: Ask, is_second_line_cancelled: bool
) -> None:
    """What the customer no longer wants of it stands in it all the same."""
    sent_in_two_lines(told)
    second = {"order_line_id": "JL1-A-2", "line_number": 2}
    gone = {"cancelled_quantity": 2, "open_quantity": 0}
    shows(told, line(**gone), line(**gone, **second), shipping_amount=Decimal("7.00"))
    if is_second_line_cancelled:
        second |= {**gone, "cancel_kind": "CUSTOMER"}
    shows(told, line(), line(**second), ord_num="SO-2", shipping_amount=Decimal(0), revision=0)

    assert ("price", "SO-2", "shipping 7.00", "shipping 0.00", True) in found(ask)


@pytest.mark.parametrize("starts_from", [NOW - 3 * DAY + 12 * HOUR, NOW - 2 * DAY, NOW - DAY], ids=str)
def test_an_order_keyed_in_days_later_starts_on_any_day_until_then_and_ends_after_its_deadline(
    told: Told, ask: Ask, starts_from: datetime
) -> None:
    refused_two_days_ago(told)
    shows(told, revision=0, starts_from_at=starts_from, starts_until_at=starts_from + DAY)

    assert found(ask) == []


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ({"starts_from_at": NOW + DAY, "starts_until_at": NOW + 2 * DAY}, "start 25 Nov, cancel after 8 Dec"),
        ({"starts_from_at": NOW - 5 * DAY, "starts_until_at": NOW - 4 * DAY}, "start 19 Nov, cancel after 8 Dec"),
        ({"cancels_from_at": NOW - DAY, "cancels_until_at": NOW}, "start 23 Nov, cancel after 23 Nov"),
    ],
    ids=["it starts too late", "it starts before it was sold", "its units are free before the deadline"],
)
def test_an_order_keyed_in_days_later_with_days_that_do_not_serve_differs(
    told: Told, ask: Ask, day: dict[str, Any], shown: str
) -> None:
    refused_two_days_ago(told)
    shows(told, revision=0, **day)

    assert [(row[0], row[3]) for row in found(ask)] == [("dates", shown)]


def test_an_end_keyed_in_too_early_is_put_right_by_the_one_we_sent(told: Told, ask: Ask) -> None:
    refused_two_days_ago(told)
    shows(told, revision=0, cancels_from_at=NOW - DAY, cancels_until_at=NOW)
    ours = NOW + 12 * DAY - HOUR
    shows(told, at=NOW, cancels_from_at=ours, cancels_until_at=ours + DAY)

    assert found(ask) == []


@pytest.mark.parametrize("cancelled_there", [0, 1])
def test_units_keyed_in_anew_under_a_second_number_are_not_counted_twice(
    told: Told, ask: Ask, cancelled_there: int
) -> None:
    """One of two is cancelled in SO-1 and keyed in as SO-2; the customer's own is not done there yet."""
    sent(told)
    told.order("JL1-A", quantity=2, cancelled=cancelled_there, changed=NOW - HOUR)
    shows(told, line(cancelled_quantity=1, open_quantity=1, cancel_kind="HOUSE"))
    shows(told, line(ordered_quantity=1, open_quantity=1), ord_num="SO-2", revision=0)

    assert found(ask) == []


def test_a_unit_too_many_that_is_taken_back_there_is_no_difference(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, line(ordered_quantity=3, open_quantity=3))
    assert [row[3] for row in found(ask)] == ["3 units"]
    shows(told, line(ordered_quantity=3, cancelled_quantity=1), at=NOW, revision=2)

    assert found(ask) == []


def test_a_unit_too_many_under_a_second_number_is_one_too_many(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told)
    shows(told, line(ordered_quantity=1, open_quantity=1), ord_num="SO-2", revision=0)

    assert [row[:4] for row in found(ask)] == [("quantity", "JL1-A-1", "2 units", "3 units")]


@pytest.mark.parametrize(("typed", "lost"), [(1, ["JL1-A-1", "JL1-A-2"]), (2, ["JL1-A-2"]), (4, [])])
def test_two_lines_of_a_sku_do_not_share_what_is_keyed_in_without_our_ids(
    told: Told, ask: Ask, typed: int, lost: list[str]
) -> None:
    """Both were cancelled, so many shirts keyed in anew, and John Lewis was told that all four have left."""
    sent_in_two_lines(told)
    gone = {"cancelled_quantity": 2, "open_quantity": 0, "cancel_kind": "HOUSE"}
    anew = line(line_number=3, order_line_id="", ordered_quantity=typed, open_quantity=0, shipped_quantity=typed)
    shows(
        told, line(**gone), line(**gone, order_line_id="JL1-A-2", line_number=2), anew,
        shipping_amount=Decimal("7.00"),
    )  # fmt: skip
    told.order("JL1-A", skus=(SHIRT, SHIRT), quantity=2, state="SHIPPED", changed=NOW)
    missed = ask("select subject from drift($at) where drift_class = 'cancelled' order by all", {"at": NOW})

    assert missed["subject"].to_list() == lost
