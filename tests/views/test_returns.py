"""Goods and money of a return: what is missing on which side, and when it stops being wrong."""

from decimal import Decimal

import pytest

from store.database import Ask
from store.events import (
    CreditLinePart,
    CreditMemoRead,
    ReceivedLinePart,
    ReturnDecided,
    ReturnRead,
)
from tests.told import DAY, HOUR, NOW, Told
from tests.views.returned import LINE, announced, authorised, sold, step, wrong


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
