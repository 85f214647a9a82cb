"""Goods or money that came back without a return at John Lewis: whose they are, and what settles them."""

from decimal import Decimal

import pytest

from store import events
from store.database import Ask
from tests.told import DAY, HOUR, NOW, Told
from tests.views.returned import LINE, announced, by_hand, paid, sold, wrong


def test_goods_john_lewis_has_no_return_for_are_somebodys_until_it_has_one(told: Told, ask: Ask) -> None:
    sold(told)
    by_hand(told, 1)
    (row,) = ask("select * from conditions_returns($at)", {"at": NOW}).to_dicts()
    soon = wrong(ask, NOW - HOUR / 2)
    announced(told, at=NOW)
    opened = [kind for kind, _ in wrong(ask, NOW + HOUR / 2)]
    by_hand(told, 2, at=NOW + HOUR)
    two = [kind for kind, _ in wrong(ask, NOW + 3 * HOUR)]
    by_hand(told, 0, at=NOW + 4 * HOUR)  # it was another line's

    assert (row["kind"], row["subject"], row["amount"]) == ("goods_without_return", LINE, Decimal("39.00"))
    assert (
        row["detail"] == "1 received in BlueCherry (R000900), no return at John Lewis; 0 refunds of the line there."
    )
    assert soon == []
    assert "goods_without_return" not in opened
    assert "goods_without_return" in two
    assert "goods_without_return" not in [kind for kind, _ in wrong(ask, NOW + 6 * HOUR)]


def test_goods_under_a_number_john_lewis_never_showed_us_are_without_a_return_too(told: Told, ask: Ask) -> None:
    sold(told)
    by_hand(told, 1, return_id="typed-by-hand")

    assert wrong(ask) == [("goods_without_return", LINE)]


def test_what_was_sent_although_it_was_cancelled_may_come_back_without_a_return(told: Told, ask: Ask) -> None:
    told.order("JL1-A", quantity=2, cancelled=1, state="SHIPPED")
    told.sales_order("SO-1", "JL1-A", quantity=2, shipped=2)
    by_hand(told, 1)
    one = wrong(ask)
    by_hand(told, 2, at=NOW)

    assert one == []
    assert wrong(ask, NOW + HOUR) == [("goods_without_return", LINE)]


@pytest.mark.parametrize(
    ("refunds", "is_wrong"),
    [
        ((paid("F1", "39.00"),), True),
        ((paid("F1", "39.00", units=0),), True),  # units only inform; the money is that of one
        ((paid("F1", "5.00"), paid("F2", "34.00")), True),
        ((paid("F1", "25.00"),), False),  # goodwill
        ((paid("F1", "0", units=0, shipping="3.50"),), False),
        ((paid("F1", "39.00", reason="RFD-LOST"),), False),
        ((paid("F1", "39.00", reason="RFD-LOST"), paid("F2", "10.00", units=0, reason="RFD-SORRY")), False),
    ],
)
def test_only_whole_units_paid_back_for_a_reason_that_brings_goods_want_a_return(
    told: Told, ask: Ask, refunds: tuple[events.RefundPart, ...], *, is_wrong: bool
) -> None:
    told.order("JL1-A", quantity=2, state="RECEIVED", placed=NOW - 40 * DAY, changed=NOW - DAY, refunds=refunds)
    asked = "select kind, subject from conditions_returns($at, returnless := ['RFD-LOST'])"
    found = ask(asked, {"at": NOW}).rows()

    assert found == ([("refund_without_return", LINE)] if is_wrong else [])
    assert ask(asked, {"at": NOW - HOUR}).rows() == []


def test_a_refund_without_a_return_is_settled_by_a_return_or_by_the_goods(told: Told, ask: Ask) -> None:
    told.order(
        "JL1-A", quantity=2, state="RECEIVED", placed=NOW - 40 * DAY, refunds=(paid("F1", "78.00", units=2),)
    )
    (row,) = ask("select * from conditions_returns($at)", {"at": NOW}).to_dicts()
    by_hand(told, 1)
    announced(told, at=NOW - HOUR / 2)
    kinds = [kind for kind, _ in wrong(ask)]

    assert (row["kind"], row["amount"]) == ("refund_without_return", Decimal("78.00"))
    assert "refund_without_return" not in kinds


@pytest.mark.parametrize(
    ("cancelled", "anew", "owed"),
    [(0, 0, "78.00"), (1, 0, "39.00"), (2, 0, None), (2, 1, "39.00"), (2, 2, "78.00")],
)
def test_what_bluecherry_cancelled_never_left_and_its_money_goes_back_without_a_return(
    told: Told, ask: Ask, cancelled: int, anew: int, owed: str | None
) -> None:
    """`anew` of the units cancelled were keyed in once more, without our id."""
    told.sales_order("SO-1", "JL1-A", quantity=2, shipped=2 - cancelled, cancelled=cancelled)
    if anew:
        told.sales_order("SO-2", "JL1-A", line_ids=("",), quantity=anew, shipped=anew)
    refund = paid("F1", "78.00", units=2)
    told.order("JL1-A", quantity=2, state="RECEIVED", placed=NOW - 40 * DAY, refunds=(refund,))
    rows = ask("select kind, amount from conditions_returns($at) where kind = 'refund_without_return'", {"at": NOW})

    assert rows.rows() == ([("refund_without_return", Decimal(owed))] if owed else [])


def test_refunds_and_goods_from_before_we_began_are_somebody_elses(told: Told, ask: Ask) -> None:
    told.tell(bookmarks={"start_on": (NOW - DAY).isoformat()})
    told.order("JL1-A", quantity=2, state="RECEIVED", placed=NOW - 40 * DAY, refunds=(paid("F1", "39.00"),))
    by_hand(told, 1)

    assert wrong(ask) == []
