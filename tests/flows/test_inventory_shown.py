"""What should stand at an offer: what took effect, less what was sold since, and when that is sent again."""

from datetime import timedelta

import pytest

from tests.flows.shop import Stall
from tests.told import HOUR, NOW


def expected(stall: Stall) -> tuple[int, int]:
    row = stall.row()
    return row["shown_least"], row["shown_most"]


def test_nothing_sold_since_means_what_was_sent_stands_there(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=2, placed=NOW - 3 * HOUR)

    assert expected(stall) == (7, 7)


def test_a_sale_after_it_took_effect_is_off_the_offer(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=2, placed=NOW - HOUR / 2)

    assert expected(stall) == (5, 5)


def test_a_sale_between_sending_and_effect_may_have_been_overwritten(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=2, placed=NOW - HOUR + timedelta(minutes=3))

    assert expected(stall) == (5, 7)


def test_a_sale_counted_when_it_was_sent_is_not_counted_again(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR, inflight=2, inflight_orders=f"{stall.name}-JL-1")
    stall.order("JL-1", quantity=2, placed=NOW - HOUR - timedelta(minutes=1))

    assert expected(stall) == (7, 7)


def test_a_sale_just_before_the_sending_that_was_not_counted_may_have_been_overwritten(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=2, placed=NOW - HOUR - timedelta(minutes=1))

    assert expected(stall) == (5, 7)


def test_a_cancelled_sale_may_have_been_put_back(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR, inflight=2, inflight_orders=f"{stall.name}-JL-1")
    stall.order("JL-1", quantity=2, state="CANCELED", placed=NOW - 3 * HOUR, changed=NOW - HOUR / 2)
    stall.order("JL-2", quantity=3, cancelled=1, placed=NOW - HOUR / 3, changed=NOW - HOUR / 4)

    assert expected(stall) == (4, 7)


def test_never_less_than_nothing_stands_there(stall: Stall) -> None:
    stall.publish(1, at=NOW - HOUR)
    stall.order("JL-1", quantity=3, placed=NOW - HOUR / 2)

    assert expected(stall) == (0, 0)


def test_where_the_marketplace_does_not_lower_its_offers_a_sale_changes_nothing_there(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR)
    stall.order("JL-1", quantity=2, placed=NOW - HOUR / 2)
    question = (
        "select least_quantity, most_quantity from expected_shown($at, $at, deducts_sales := false)"
        " where sku = $sku"
    )

    assert stall.shop.rows(question, at=NOW, sku=stall.sku) == [{"least_quantity": 7, "most_quantity": 7}]


def test_what_is_still_on_its_way_is_not_known_to_stand_there(stall: Stall) -> None:
    stall.publish(7, at=NOW - HOUR, is_finished=False)

    assert stall.row()["shown_most"] is None


@pytest.mark.parametrize(("count", "shown", "expected"), [(0, 5, False), (1, 9, True), (1, 3, False), (2, 3, True)])
def test_a_push_accepted_but_not_applied_is_sent_again(
    stall: Stall, count: int, shown: int, expected: bool
) -> None:
    """At once where more stands there than may; less only when it is sure."""
    stall.publish(5, at=NOW - HOUR)
    stall.differs(shown, least=5, most=5, read_count=count, at=NOW - HOUR / 2)

    assert stall.row()["has_drifted"] == expected


def test_a_difference_seen_before_the_last_sending_says_nothing_of_it(stall: Stall) -> None:
    stall.publish(5, at=NOW - HOUR)
    stall.differs(9, least=5, most=5, read_count=2, at=NOW - 2 * HOUR)

    assert stall.row()["has_drifted"] is False
