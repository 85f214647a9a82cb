"""What of a sales order as a whole is not as sent: who is billed, under which account, what, and where it goes."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from store.database import Ask
from store.events import DriftAnswered
from store.journal import check_rebuild
from tests.told import DAY, HOUR, NOW, SHIRT, Told, thing
from tests.views.conditions import MINUTE
from tests.views.test_drift import PAYLOAD, found, line, shows, wrong

ENTERED = NOW - 2 * HOUR
AS_SENT: dict[str, Any] = {
    "tax_amount": Decimal(0), "line_tax_amount": Decimal(0), "currency": "GBP", "customer": "JLM",
    "billing_changes": (),
}  # fmt: skip


def sent(told: Told) -> None:
    """JL1-A was sold with two shirts, and we sent it under the house account."""
    told.order("JL1-A", quantity=2)
    told.intent(
        "create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="SO-1",
        payload=PAYLOAD, intent_id=thing("JL1-A"), at=ENTERED,
    )  # fmt: skip


def first(told: Told, **shown: Any) -> None:
    """BlueCherry shows SO-1 before anybody has edited it."""
    shows(told, at=ENTERED, revision=0, **{**AS_SENT, **shown})


def edited(told: Told, *lines: Any, at: datetime = NOW - HOUR, **shown: Any) -> None:
    shows(told, *lines, at=at, **{**AS_SENT, **shown})


def words(ask: Ask) -> dict[str, str]:
    rows = ask("select subject, consequence from drift($at)", {"at": NOW}).to_dicts()
    return {row["subject"]: row["consequence"] for row in rows}


BILLED = ("drift_billing", "address", "SO-1/billing", "billed as the customer gave it")
CHANGES: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"customer": "WEB"}, ("drift_house_account", "house_account", "SO-1", "JLM", "WEB")),
    ({"customer": ""}, ("drift_house_account", "house_account", "SO-1", "JLM", "no account")),
    ({"currency": "EUR"}, ("drift_price", "price", "SO-1/currency", "currency GBP", "currency EUR")),
    ({"tax_amount": Decimal(1)}, ("drift_price", "price", "SO-1/tax", "tax 0.00", "tax 1.00")),
    (
        {"line_tax_amount": Decimal(1)},
        ("drift_price", "price", "SO-1/tax of lines", "tax of its lines 0.00", "tax of its lines 1.00"),
    ),
    ({"billing_changes": ("street", "town")}, (*BILLED, "another billing street, town")),
    ({"billing_changes": ("none",)}, (*BILLED, "no billing address")),
    ({"billing_changes": ("several",)}, (*BILLED, "more than one billing address")),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
@pytest.mark.parametrize("state", ["SHIPPING", "CLOSED"])
def test_a_change_of_who_pays_what_shows_as_itself_until_it_is_put_back_also_when_the_order_is_over(
    told: Told, ask: Ask, change: dict[str, Any], expected: tuple[str, ...], state: str
) -> None:
    sent(told)
    first(told)
    told.order("JL1-A", quantity=2, state=state, changed=NOW - HOUR)
    before = found(ask)
    edited(told, **change)
    between, raised = found(ask), wrong(ask)
    edited(told, at=NOW, revision=2)

    assert (before, between, raised) == ([], [(*expected[1:], True)], {expected[0]})
    assert found(ask) == []
    assert check_rebuild(told.database) == {}


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_accepted_it_is_quiet_and_edited_once_more_it_is_open_again(
    told: Told, ask: Ask, change: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """An address tells no text, so any later edit may have changed it; of the rest another value has to show."""
    sent(told)
    first(told)
    edited(told, **change)
    (row,) = ask("select * from drift($at)", {"at": NOW}).to_dicts()
    told.tell(
        DriftAnswered(
            happened_at=NOW, actor="Olu (ops)", order_id="JL1-A", drift_class=row["drift_class"],
            drift_subject=row["subject"], answer="accept", shown=row["shown_mark"], why="It was agreed",
        )
    )  # fmt: skip
    accepted = found(ask)
    again: dict[str, Any] = {
        **change,
        **{name: type(value)("9") for name, value in change.items() if isinstance(value, str | Decimal)},
    }
    edited(told, at=NOW, revision=2, **again)

    assert accepted == [(*expected[1:], False)]
    assert [row[-1] for row in found(ask)] == [True]
    assert wrong(ask) == {expected[0]}


def test_what_bluecherry_itself_writes_before_anybody_edits_it_is_no_change(told: Told, ask: Ask) -> None:
    """It works out a tax, and bills the house account's own address."""
    own: dict[str, Any] = {
        "tax_amount": Decimal(13),
        "line_tax_amount": Decimal(13),
        "billing_changes": ("name", "street"),
    }
    sent(told)
    first(told, **own)
    edited(told, **own)
    same = found(ask)
    edited(told, at=NOW, revision=2, **{**own, "tax_amount": Decimal(9), "billing_changes": ("town",)})

    assert same == []
    assert {row[1] for row in found(ask)} == {"SO-1/tax", "SO-1/billing"}
    edited(told, at=NOW + HOUR, revision=3, **{**own, "billing_changes": ()})
    assert found(ask) == []  # put right by hand, it is the customer's


@pytest.mark.parametrize(("worked_out", "differs"), [("13.00", False), ("0", True)])
def test_a_tax_it_works_out_anew_once_units_are_cancelled_is_no_change_and_any_other_is(
    told: Told, ask: Ask, worked_out: str, differs: bool
) -> None:
    sent(told)
    first(told, tax_amount=Decimal(worked_out))
    told.order("JL1-A", quantity=2, cancelled=1, changed=NOW - HOUR)
    edited(told, line(cancelled_quantity=1, open_quantity=1, cancel_kind="CUSTOMER"), tax_amount=Decimal("6.50"))

    assert [row[1] for row in found(ask)] == ["SO-1/tax"] * differs


def test_edited_before_it_was_first_read_it_is_held_to_what_was_sent(told: Told, ask: Ask) -> None:
    sent(told)
    edited(told, customer="WEB", currency="EUR", tax_amount=Decimal(1), billing_changes=("name",))

    assert {row[1] for row in found(ask)} == {"SO-1", "SO-1/currency", "SO-1/tax", "SO-1/billing"}


def test_of_what_was_sent_and_read_before_these_were_kept_nothing_is_said(told: Told, ask: Ask) -> None:
    told.order("JL1-A", quantity=2)
    told.intent(
        "create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="SO-1",
        payload={name: PAYLOAD[name] for name in {*PAYLOAD} - {"currency", "customer"}}, at=ENTERED,
    )  # fmt: skip
    shows(told, at=ENTERED, revision=0)
    edited(told, customer="WEB", currency="EUR", tax_amount=Decimal(1), billing_changes=("name",))

    assert found(ask) == []


def test_of_a_discount_nothing_is_said_where_it_was_not_read_or_the_order_was_not_ours_to_send(
    told: Told, ask: Ask
) -> None:
    sent(told)
    shows(told, discount_amount=None)
    told.order("JL2-A", quantity=2)
    shows(told, ord_num="SO-2", order_id="JL2-A", discount_amount=Decimal(5), revision=0)

    assert found(ask) == []


def test_an_order_of_the_integration_before_us_is_held_to_its_first_reading(told: Told, ask: Ask) -> None:
    own: dict[str, Any] = {
        "tax_amount": Decimal(13),
        "customer": "OLD",
        "billing_changes": ("name",),
        "currency": None,
    }
    told.skus(SHIRT)
    told.order("JL1-A", quantity=2, is_before_start=True)
    first(told, **own)
    edited(told, **own)
    same = found(ask)
    edited(told, at=NOW, revision=2, **{**own, "customer": "WEB", "tax_amount": Decimal(9)})

    assert same == []
    assert {row[1] for row in found(ask)} == {"SO-1", "SO-1/tax"}


def test_its_consequence_at_john_lewis_is_said(told: Told, ask: Ask) -> None:
    sent(told)
    first(told)
    edited(told, customer="WEB", currency="EUR", tax_amount=Decimal(1), billing_changes=("name",))
    said = words(ask)

    assert "John Lewis pays for it all the same" in said["SO-1"]
    assert "another currency than the customer paid in" in said["SO-1/currency"]
    assert "differ from what the customer paid" in said["SO-1/tax"]
    assert "The goods are not concerned, and John Lewis is told nothing" in said["SO-1/billing"]


def leaves(told: Told, at: datetime, *, is_voided: bool = False) -> None:
    """Both shirts leave, and John Lewis is told."""
    told.shipment("S1", "JL1-A", quantities={"JL1-A-1": 2}, shipped=at, is_voided=is_voided)
    told.order("JL1-A", quantity=2, state="SHIPPED", changed=at)


GONE = line(open_quantity=0, shipped_quantity=2)


def address_open(ask: Ask) -> bool:
    return "drift_address" in wrong(ask)


def test_an_address_changed_before_the_parcel_left_stays_open_when_john_lewis_shows_it_as_shipped(
    told: Told, ask: Ask
) -> None:
    sent(told)
    first(told)
    edited(told, address_changes=("street",))
    before = address_open(ask)
    leaves(told, NOW - HOUR / 2)
    edited(told, GONE, at=NOW - HOUR / 2, address_changes=("street",))

    assert (before, address_open(ask)) == (True, True)
    assert "ask the warehouse where the parcel went" in words(ask)["SO-1"]
    edited(told, GONE, at=NOW, revision=2)
    assert not address_open(ask)


@pytest.mark.parametrize(
    ("kept", "is_wrong"), [(NOW - HOUR, True), (NOW - HOUR / 2, False), (NOW - HOUR / 4, False)]
)
def test_seen_only_after_the_parcel_left_a_change_counts_unless_the_address_still_stood_there_then(
    told: Told, ask: Ask, kept: datetime, is_wrong: bool
) -> None:
    """The parcel left half an hour ago; the address was last seen as the customer gave it at `kept`."""
    sent(told)
    first(told)
    leaves(told, NOW - HOUR / 2)
    edited(told, GONE, at=kept)
    edited(told, GONE, at=NOW - HOUR / 8, revision=2, address_changes=("postcode",))

    assert address_open(ask) is is_wrong
    assert check_rebuild(told.database) == {}


DAY_ALONE = NOW.replace(hour=0)


@pytest.mark.parametrize(("left", "is_wrong"), [(NOW - HOUR - MINUTE, False), (DAY_ALONE, True)])
def test_a_tracking_number_that_comes_after_the_parcel_left_makes_no_later_edit_of_the_address_count(
    told: Told, ask: Ask, left: datetime, *, is_wrong: bool
) -> None:
    """The shipment changed then, and nothing left then; where it tells the day it left alone, nobody can say so."""
    sent(told)
    first(told)
    leaves(told, left)
    edited(told, GONE, at=NOW - HOUR / 2)
    told.shipment("S1", "JL1-A", quantities={"JL1-A-1": 2}, tracking="RM9", shipped=left, read=NOW - HOUR / 4)
    edited(told, GONE, at=NOW - HOUR / 8, revision=2, address_changes=("postcode",))

    assert address_open(ask) is is_wrong


@pytest.mark.parametrize("case", ["part is still here", "its shipment was voided", "no shipment was posted"])
def test_a_change_while_something_may_still_leave_counts(told: Told, ask: Ask, case: str) -> None:
    sent(told)
    first(told)
    if case == "no shipment was posted":
        told.order("JL1-A", quantity=2, state="SHIPPED", changed=NOW - HOUR)
    else:
        leaves(told, NOW - HOUR, is_voided=case == "its shipment was voided")
    left = line(open_quantity=1, shipped_quantity=1) if case == "part is still here" else GONE
    edited(told, left, at=NOW - HOUR / 2)
    edited(told, left, at=NOW, revision=2, address_changes=("postcode",))

    assert address_open(ask)


def test_a_parcel_gone_to_another_address_is_not_forgotten_after_a_month(told: Told, ask: Ask) -> None:
    sent(told)
    first(told)
    edited(told, address_changes=("street",))
    leaves(told, NOW - HOUR / 2)
    told.wrong("drift_address", "SO-1", order_id="JL1-A")
    rows = ask("select kind from conditions_drift($at)", {"at": NOW + 40 * DAY})["kind"].to_list()

    assert rows == ["drift_address"]


@pytest.mark.parametrize("number", ["JL1-B", "JL2-A", ""])
@pytest.mark.parametrize("state", ["SHIPPING", "SHIPPED"])
def test_a_sales_order_that_lost_its_john_lewis_number_is_a_difference_of_its_order_and_is_not_sent_again(
    told: Told, ask: Ask, number: str, state: str
) -> None:
    """JL2-A is another order of ours, JL1-B nobody's."""
    sent(told)
    first(told)
    told.order("JL2-A", quantity=2)
    told.order("JL1-A", quantity=2, state=state, changed=NOW - HOUR)
    edited(told, order_id=number)
    between, raised = found(ask), wrong(ask)
    unsent = ask("select order_line_id from orders_open_lines")["order_line_id"].to_list()
    edited(told, line(cancelled_quantity=2, open_quantity=0), at=NOW - HOUR / 2, revision=2, order_id=number)
    dead = found(ask)
    edited(told, at=NOW, revision=3)

    assert between == [("order_number", "SO-1", "JL1-A", number or "no number", True)]
    assert raised == {"drift_order_number"}
    assert unsent == ["JL2-A-1"]
    assert (dead, found(ask)) == ([], [])


@pytest.mark.parametrize("number", ["", "JL1-B"])
@pytest.mark.parametrize("is_taken_out", [False, True])
def test_an_order_whose_sales_order_lost_its_number_and_then_its_units_is_not_quietly_skipped(
    told: Told, ask: Ask, number: str, *, is_taken_out: bool
) -> None:
    sent(told)
    first(told)
    told.order("JL1-A", quantity=2, changed=NOW - HOUR, deadline=NOW + 3 * DAY)
    edited(told, order_id=number)
    emptied = line(order_line_id="" if is_taken_out else "JL1-A-1", cancelled_quantity=2, open_quantity=0)
    edited(told, emptied, at=NOW - HOUR / 2, revision=2, order_id=number)

    assert ask("select kind from conditions($at)", {"at": NOW + 5 * HOUR})["kind"].to_list() == ["missing_in_erp"]


def test_an_address_accepted_before_the_parcel_left_stays_accepted(told: Told, ask: Ask) -> None:
    sent(told)
    first(told)
    edited(told, address_changes=("street",))
    (shown,) = ask("select shown_mark from drift($at)", {"at": NOW})["shown_mark"]
    told.tell(
        DriftAnswered(
            happened_at=NOW - HOUR, actor="Olu (ops)", order_id="JL1-A", drift_class="address",
            drift_subject="SO-1", answer="accept", shown=shown, why="The customer asked us by phone.",
        )
    )  # fmt: skip
    leaves(told, NOW - HOUR / 2)

    assert not address_open(ask)
    assert wrong(ask) == set()
