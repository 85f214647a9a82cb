"""Goods and money of a return: what is missing on which side, and when it stops being wrong."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from store import events
from store.database import Ask
from store.events import (
    CreditLinePart,
    CreditMemoRead,
    ReceivedLinePart,
    ReturnDecided,
    ReturnedLinePart,
    ReturnRead,
    ReturnSeen,
)
from tests.told import DAY, HOUR, NOW, Told

LINE = "JL1-A-1"


def sold(told: Told, *refunds: tuple[str, int, str], quantity: int = 2, at: datetime = NOW - DAY) -> None:
    """JL1-A, two shirts at £39.00, has been received; refunds are (id, units, goods)."""
    parts = tuple(
        events.RefundPart(
            refund_id=name, quantity=units, amount=Decimal(goods), shipping_amount=Decimal(0),
            reason_code="RFD-SIZE", state="REFUNDED", refunded_at=at,
        )
        for name, units, goods in refunds
    )  # fmt: skip
    told.order("JL1-A", quantity=quantity, state="RECEIVED", placed=NOW - 40 * DAY, changed=at, refunds=parts)


def announced(
    told: Told, *, quantity: int = 1, state: str = "IN_PROGRESS", at: datetime = NOW - 5 * DAY, **more: Any
) -> None:
    told.tell(
        ReturnSeen(
            **{
                "happened_at": at, "return_id": "R1", "order_id": "JL1-A", "state": state, "reason_code": "SIZE",
                "rma": "RMA1", "tracking": "RM1", "opened_at": at, "changed_at": at, "is_before_start": False,
                "lines": (ReturnedLinePart(order_line_id=LINE, quantity=quantity, reason_code="SIZE"),), **more,
            }
        )
    )  # fmt: skip


def authorised(
    told: Told, *, received: int, closed: bool = True, quantity: int = 1, at: datetime = NOW - DAY
) -> None:
    told.tell(
        ReturnRead(
            happened_at=at, ret_num="R000001", order_id="JL1-A", ord_num="SO-1", return_id="R1", raw_status="20",
            is_closed=closed, entered_at=NOW - 5 * DAY, changed_at=at,
            lines=(
                ReceivedLinePart(
                    line_number=1, order_line_id=LINE, quantity=quantity, received_quantity=received
                ),
            ),
        )
    )  # fmt: skip


def wrong(ask: Ask, at: datetime = NOW) -> list[tuple[str, str]]:
    rows = ask("select kind, subject from conditions_returns($at) order by kind", {"at": at}).to_dicts()
    return [(row["kind"], row["subject"]) for row in rows]


def step(ask: Ask) -> str:
    return str(ask("select next_step from order_returns($at)", {"at": NOW})["next_step"].item())


def test_a_return_goes_its_way_step_by_step(told: Told, ask: Ask) -> None:
    sold(told)
    announced(told, at=NOW - HOUR / 2)
    assert step(ask) == "Cherrylane authorises it in BlueCherry"
    authorised(told, received=0, closed=False, at=NOW - HOUR / 3)
    assert step(ask) == "The parcel comes to the warehouse"
    authorised(told, received=1, at=NOW - HOUR / 4)
    assert step(ask) == "Cherrylane tells John Lewis that the goods are here"
    announced(told, state="RECEIVED", at=NOW - HOUR / 5, opened_at=NOW - HOUR / 2)
    assert step(ask) == "The customer gets the money back"
    sold(told, ("F1", 1, "39.00"), at=NOW - HOUR / 6)
    told.tell(
        CreditMemoRead(
            happened_at=NOW, memo_number="CM1", ret_num="R000001", order_id="JL1-A", issued_at=NOW, currency="GBP",
            total_amount=Decimal("39.00"),
            lines=(CreditLinePart(order_line_id=LINE, quantity=1, amount=Decimal("39.00")),),
        )
    )  # fmt: skip
    row = ask("select * from order_returns($at)", {"at": NOW}).to_dicts()[0]

    assert row["next_step"] == "Nothing: goods and money are back"
    assert (row["ret_nums"], row["memo_numbers"], row["credited_quantity"]) == ("R000001", "CM1", 1)
    assert wrong(ask) == []


def test_goods_that_are_back_want_their_money_within_three_days(told: Told, ask: Ask) -> None:
    sold(told)
    announced(told, state="RECEIVED")
    authorised(told, received=1, at=NOW - 2 * DAY)
    assert wrong(ask) == []
    assert wrong(ask, NOW + DAY) == wrong(ask, NOW + 400 * DAY) == [("received_not_refunded", f"R1/{LINE}")]
    sold(told, ("F1", 1, "39.00"))

    assert wrong(ask, NOW + DAY) == []


@pytest.mark.parametrize("units", [1, 0])
def test_money_that_is_back_wants_its_goods_within_three_weeks(told: Told, ask: Ask, units: int) -> None:
    """An operator may tell a refund's amount and no units."""
    sold(told, ("F1", units, "39.00"), at=NOW - 20 * DAY)
    announced(told, at=NOW - 20 * DAY)
    authorised(told, received=0, closed=False)
    assert wrong(ask) == []
    assert wrong(ask, NOW + DAY) == [("refunded_not_received", f"R1/{LINE}")]
    authorised(told, received=1, at=NOW)

    assert wrong(ask, NOW + DAY) == []


def test_goods_counted_short_are_missed_at_once(told: Told, ask: Ask) -> None:
    sold(told, ("F1", 2, "78.00"))
    announced(told, quantity=2, state="RECEIVED")
    authorised(told, received=1, quantity=2)
    (row,) = ask("select * from conditions_returns($at)", {"at": NOW}).to_dicts()

    assert (row["kind"], row["cause"], row["amount"]) == ("refunded_not_received", "came short", Decimal("39.00"))


def test_two_refunds_for_one_unit_are_one_too_many(told: Told, ask: Ask) -> None:
    announced(told, state="RECEIVED")
    authorised(told, received=1)
    sold(told, ("F1", 1, "39.00"))
    assert wrong(ask) == []
    sold(told, ("F1", 1, "39.00"), ("F2", 1, "39.00"), at=NOW - HOUR)
    (row,) = ask("select * from conditions_returns($at) where kind = 'refunded_twice'", {"at": NOW}).to_dicts()

    assert (row["subject"], row["amount"]) == (LINE, Decimal("39.00"))
    assert "F1 and F2" in row["detail"]
    assert ("refunded_twice", LINE) in wrong(ask, NOW + 400 * DAY)


def test_two_returns_of_one_line_with_a_refund_each_are_well(told: Told, ask: Ask) -> None:
    sold(told, ("F1", 1, "39.00"), ("F2", 1, "39.00"))
    announced(told, state="RECEIVED")
    announced(told, state="RECEIVED", return_id="R2")
    authorised(told, received=1)
    told.tell(
        ReturnRead(
            happened_at=NOW - DAY, ret_num="R000002", order_id="JL1-A", ord_num="SO-1", return_id="R2",
            raw_status="20", is_closed=True, entered_at=NOW - 5 * DAY, changed_at=NOW - DAY,
            lines=(ReceivedLinePart(line_number=1, order_line_id=LINE, quantity=1, received_quantity=1),),
        )
    )  # fmt: skip

    assert wrong(ask) == []


@pytest.mark.parametrize(
    ("state", "code", "cause"),
    [("", "", "never sent"), ("refused", "INVALID_QTY", "INVALID_QTY"), ("confirmed", "", "not shown")],
)
def test_a_return_bluecherry_does_not_have_after_an_hour_is_somebodys(
    told: Told, ask: Ask, state: str, code: str, cause: str
) -> None:
    sold(told)
    announced(told, at=NOW - HOUR)
    if state:
        told.intent("create_return", "R1/SO-1", state, order_id="JL1-A", code=code, message="Said so.")
    (row,) = ask("select * from conditions_returns($at)", {"at": NOW}).to_dicts()

    assert (row["kind"], row["subject"], row["cause"]) == ("return_not_authorised", "R1", cause)


def test_a_return_opened_before_we_began_is_somebody_elses(told: Told, ask: Ask) -> None:
    sold(told, ("F1", 1, "39.00"), at=NOW - 40 * DAY)
    announced(told, is_before_start=True, at=NOW - 40 * DAY)

    assert step(ask) == "Nothing: it was opened before we began"
    assert wrong(ask) == []


def test_a_refused_receipt_and_a_refund_nobody_is_sure_of_are_somebodys_with_the_money_that_is_waited_for(
    told: Told, ask: Ask
) -> None:
    sold(told)
    announced(told)
    authorised(told, received=1)
    money = {"amount": "39.00", "shipping_amount": "3.95", "currency": "GBP"}
    told.intent("receive_return", "R1", "refused", order_id="JL1-A", code="refused", payload={"return_id": "R1"})
    told.intent("refund_line", f"R1/{LINE}", "refused", order_id="JL1-A", code="unseen", payload=money)
    rows = ask("select kind, subject, amount, currency from conditions_returns($at) order by kind", {"at": NOW})

    assert rows.rows() == [
        ("receipt_refused", "R1", None, ""), ("refund_refused", f"R1/{LINE}", Decimal("42.95"), "GBP"),
    ]  # fmt: skip


def test_a_refund_counts_for_the_return_bluecherry_has_credited_and_stays_wrong_for_its_line(
    told: Told, ask: Ask
) -> None:
    """The older return is still on its way; of the refunds of the other's line, the last says how it stands."""
    sold(told)
    announced(told, return_id="R0", at=NOW - 6 * DAY)
    announced(told, state="RECEIVED")
    authorised(told, received=1, at=NOW - 4 * DAY)
    told.tell(
        CreditMemoRead(
            happened_at=NOW, memo_number="CM1", ret_num="R000001", order_id="JL1-A", issued_at=NOW, currency="GBP",
            total_amount=Decimal("39.00"),
            lines=(CreditLinePart(order_line_id=LINE, quantity=1, amount=Decimal("39.00")),),
        )
    )  # fmt: skip
    told.intent("refund_line", f"R1/{LINE}/0.00", "refused", order_id="JL1-A", code="unseen", message="No answer.")
    doubted = wrong(ask)
    told.intent("refund_line", f"R1/{LINE}/5.00", "confirmed", order_id="JL1-A")
    settled = wrong(ask)
    sold(told, ("F1", 1, "39.00"))
    rows = ask("select return_id, refunded_quantity from order_returns($at) order by 1", {"at": NOW}).rows()

    assert ("refund_refused", f"R1/{LINE}") in doubted
    assert ("refund_refused", f"R1/{LINE}") not in settled
    assert rows == [("R0", 0), ("R1", 1)]
    assert ("received_not_refunded", f"R1/{LINE}") in settled
    assert ("received_not_refunded", f"R1/{LINE}") not in wrong(ask)


def test_a_return_that_is_over_at_john_lewis_must_not_be_expected_or_received_in_bluecherry(
    told: Told, ask: Ask
) -> None:
    sold(told)
    authorised(told, received=0, closed=False, at=NOW - 3 * HOUR)
    announced(told, state="CANCELED", at=NOW - HOUR / 2)
    soon = wrong(ask)
    late = ask("select kind, cause from conditions_returns($at)", {"at": NOW + HOUR}).rows()
    authorised(told, received=0, at=NOW)
    closed = wrong(ask, NOW + 2 * HOUR)
    authorised(told, received=1, at=NOW + HOUR)
    came = ask("select kind, cause from conditions_returns($at)", {"at": NOW + 2 * HOUR}).rows()

    assert (soon, closed) == ([], [])
    assert late == [("cancelled_return", "still expected")]
    assert came == [("cancelled_return", "came all the same")]


def test_shipping_credited_and_not_refunded_is_missed_after_three_days_where_we_refund(
    told: Told, ask: Ask
) -> None:
    sold(told, ("F1", 1, "39.00"), at=NOW - 4 * DAY)
    announced(told, state="RECEIVED")
    authorised(told, received=1, at=NOW - 4 * DAY)
    told.tell(
        CreditMemoRead(
            happened_at=NOW - 4 * DAY, memo_number="CM1", ret_num="R000001", order_id="JL1-A",
            issued_at=NOW - 4 * DAY, currency="GBP", total_amount=Decimal("42.50"), shipping_amount=Decimal("3.50"),
            lines=(CreditLinePart(order_line_id=LINE, quantity=1, amount=Decimal("39.00")),),
        )
    )  # fmt: skip
    theirs = wrong(ask)
    told.intent("refund_line", f"R1/{LINE}", "confirmed", order_id="JL1-A")

    assert theirs == []
    assert wrong(ask) == [("received_not_refunded", "JL1-A/shipping")]


def test_a_return_that_waits_for_our_word_shows_at_once_where_more_is_claimed_than_was_sent(
    told: Told, ask: Ask
) -> None:
    sold(told)
    announced(told, state="WAITING_ACCEPTANCE", at=NOW - HOUR / 2)
    (strange,) = ask("select kind, cause from conditions_returns($at)", {"at": NOW}).rows()
    words = step(ask)
    told.sales_order("SO-1", "JL1-A", quantity=2, shipped=2)
    soon = wrong(ask)
    (late,) = ask("select kind, cause from conditions_returns($at)", {"at": NOW + HOUR}).rows()
    fits = step(ask)
    told.intent("answer_return", "R1", "refused", order_id="JL1-A", code="refused", message="Not now.")
    (refused, _) = wrong(ask, NOW + HOUR)
    told.tell(
        ReturnDecided(
            happened_at=NOW, return_id="R1", order_id="JL1-A", decision="accept", reason_code="", why="it is fine"
        )
    )

    assert strange == ("return_undecided", "more than was sent")
    assert (words, fits) == ("A person accepts or refuses it", "It is accepted at John Lewis")
    assert soon == []
    assert late == ("return_undecided", "nobody has answered")
    assert refused == ("return_answer_refused", "R1")
    assert wrong(ask, NOW + HOUR) == []


def by_hand(told: Told, units: int, *, return_id: str = "", at: datetime = NOW - HOUR) -> None:
    """The returns bench took units of JL1-A in under an authorisation somebody typed."""
    told.tell(
        ReturnRead(
            happened_at=at, ret_num="R000900", order_id="JL1-A", ord_num="SO-1", return_id=return_id,
            raw_status="20", is_closed=True, entered_at=NOW - 2 * DAY, changed_at=at,
            lines=(ReceivedLinePart(line_number=1, order_line_id=LINE, quantity=2, received_quantity=units),),
        )
    )  # fmt: skip


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


def paid(
    name: str, goods: str, *, units: int = 1, shipping: str = "0", reason: str = "RFD-SIZE"
) -> events.RefundPart:
    return events.RefundPart(
        refund_id=name, quantity=units, amount=Decimal(goods), shipping_amount=Decimal(shipping),
        reason_code=reason, state="REFUNDED", refunded_at=NOW - 3 * DAY,
    )  # fmt: skip


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
