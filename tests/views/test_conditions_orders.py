"""What is wrong now with orders and their shipments: each kind shows when it should, and goes away by itself."""

import contextlib
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from store import events
from store.database import Ask
from store.journal import rebuild
from tests.told import DAY, HOUR, NOW, SHIRT, Told
from tests.views.conditions import MINUTE, wrong

ORDER_HOLDS = (
    "unknown_sku", "misspelt_sku", "inactive_sku", "missing_division", "missing_warehouse", "unknown_ship_via",
    "refused_by_erp",
    "accept_refused", "address_too_long", "address_incomplete", "missing_in_erp",
)  # fmt: skip


@pytest.mark.parametrize("reason", ORDER_HOLDS)
def test_a_held_order_shows_with_its_cause_its_value_and_its_deadline(told: Told, ask: Ask, reason: str) -> None:
    told.order("O1-A", deadline=NOW + DAY)
    told.hold("O1-A", reason, "NMH", "Nothing is mapped.")
    row = wrong(ask)[reason, "O1-A"]

    assert (row["cause"], row["amount"], row["currency"]) == ("NMH", Decimal("42.500000"), "GBP")
    assert (row["deadline_at"], row["since_at"]) == (NOW + DAY, NOW - HOUR)


def test_a_released_or_finished_order_is_not_wrong(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.intent("create_sales_order", "O1-A/NMK/WH1", "confirmed", order_id="O1-A", reference="SO-1")
    told.sales_order("SO-1", "O1-A")
    told.hold("O1-A", "unknown_sku", "X")
    told.tell(events.OrderReleased(happened_at=NOW, order_id="O1-A"))
    told.order("O2-A", state="CANCELED")
    told.hold("O2-A", "unknown_sku", "X")

    assert wrong(ask) == {}


def test_a_missing_address_is_wrong_only_after_two_hours(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.hold("O1-A", "no_address", "O1-A", at=NOW - HOUR)

    assert ("no_address", "O1-A") not in wrong(ask)
    assert wrong(ask, NOW + HOUR)["no_address", "O1-A"]["cause"] == ""


def test_read_again_with_the_same_values_a_trouble_has_the_same_grounds(told: Told, ask: Ask) -> None:
    def grounds(at: datetime) -> Any:
        return wrong(ask, at)["missing_division", "O1-A"]["grounds"]

    told.order("O1-A")
    told.hold("O1-A", "missing_division", "NMH", "Tried at 08:00.")
    first = grounds(NOW)
    told.order("O1-A", changed=NOW)
    told.hold("O1-A", "missing_division", "NMH", "Tried at 09:00.", at=NOW)
    again = grounds(NOW + MINUTE)
    told.order("O1-A", quantity=2, changed=NOW + HOUR)

    assert first == again == "NMH | 42.500000"
    assert grounds(NOW + HOUR) == "NMH | 81.500000"


def test_an_order_nobody_did_anything_about_is_never_forgotten(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.order("O2-A", is_before_start=True)

    assert list(wrong(ask)) == [("missing_in_erp", "O1-A")]


def test_an_unclear_call_is_wrong_after_a_quarter_of_an_hour(told: Told, ask: Ask) -> None:
    told.order("O1-A", placed=NOW - MINUTE)
    told.intent("create_sales_order", "O1-A/NMK/WH1", "unclear", order_id="O1-A", at=NOW - 14 * MINUTE)

    assert wrong(ask) == {}
    assert wrong(ask, NOW + MINUTE)["order_unclear", "create_sales_order/O1-A/NMK/WH1"]["order_id"] == "O1-A"


def test_a_sales_order_that_stays_invisible_is_wrong(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.intent("create_sales_order", "O1-A/NMK/WH1", "confirmed", order_id="O1-A", reference="SO-1")

    assert ("sent_not_visible", "O1-A/NMK/WH1") in wrong(ask)
    assert wrong(ask, visibility_minutes=90) == {}


def test_a_lost_sales_order_is_wrong_until_each_line_it_carried_is_keyed_in_anew(told: Told, ask: Ask) -> None:
    told.order("O1-A", skus=(SHIRT, SHIRT, SHIRT))
    for number, lines in (("1", ("O1-A-1", "O1-A-2")), ("2", ("O1-A-3",))):
        told.intent(
            "create_sales_order", f"O1-A/NMK/WH{number}", "confirmed", order_id="O1-A", reference=f"LOST-{number}",
            payload={"lines": [{"order_line_id": line_id} for line_id in lines]},
        )  # fmt: skip
    told.sales_order("SO-1", "O1-A", skus=(SHIRT,))
    half = {subject for kind, subject in wrong(ask) if kind == "sent_not_visible"}
    told.sales_order("SO-2", "O1-A", line_ids=("O1-A-2",))
    told.order("O1-A", skus=(SHIRT, SHIRT, SHIRT), state="CLOSED", changed=NOW)
    for warehouse in ("WH1", "WH2"):
        told.wrong("sent_not_visible", f"O1-A/NMK/{warehouse}", order_id="O1-A")
    keyed_in = {subject for kind, subject in wrong(ask, NOW + 60 * DAY) if kind == "sent_not_visible"}

    assert half == {"O1-A/NMK/WH1", "O1-A/NMK/WH2"}
    assert keyed_in == {"O1-A/NMK/WH2"}


@pytest.mark.parametrize("state", ["SHIPPED", "CLOSED", "CANCELED"])
def test_a_line_in_two_sales_orders_stays_wrong_when_its_order_is_done_at_john_lewis(
    told: Told, ask: Ask, state: str
) -> None:
    """The first parcel is confirmed, and the second is still to go."""
    long_ago = NOW - 60 * DAY
    told.order("O1-A", state=state, placed=NOW - DAY)
    told.order("O2-A", state=state, placed=long_ago, changed=long_ago)
    for order_id in ("O1-A", "O2-A"):
        told.sales_order(f"{order_id}/1", order_id, shipped=1, entered=long_ago)
        told.sales_order(f"{order_id}/2", order_id, entered=NOW - HOUR)

    assert {subject for kind, subject in wrong(ask) if kind == "duplicate_sales_order"} == {"O1-A-1", "O2-A-1"}


@pytest.mark.parametrize("number", ["O1-A", "", "TYPO"])
def test_a_line_in_two_sales_orders_is_wrong_until_one_is_cancelled(told: Told, ask: Ask, number: str) -> None:
    """The second is under the order's number, under none, or under one that is no order's."""
    told.order("O1-A")
    told.sales_order("SO-1", "O1-A")
    told.sales_order("SO-2", number, line_ids=("O1-A-1",))
    found = wrong(ask)["duplicate_sales_order", "O1-A-1"]

    assert (found["detail"], found["order_id"]) == ("It stands in SO-1 and SO-2.", "O1-A")
    told.sales_order("SO-2", number, line_ids=("O1-A-1",), quantity=0, read=NOW)
    assert wrong(ask) == {}


def test_an_order_john_lewis_refused_by_itself_is_somebodys_until_it_is_accepted(told: Told, ask: Ask) -> None:
    for order_id in ("O1-A", "O2-A"):
        told.order(order_id, state="WAITING_ACCEPTANCE", placed=NOW - DAY)
    told.order("O3-A", state="CANCELED")
    told.order("O4-A", state="REFUSED", is_before_start=True)
    told.wrong("unknown_sku", "O1-A", order_id="O1-A", is_closed=True)
    told.tell(
        events.AcceptanceDecided(
            happened_at=NOW - HOUR, actor="Ops", order_id="O2-A", decision="refuse", why="lost in the fire"
        )
    )
    for order_id in ("O1-A", "O2-A"):
        told.order(order_id, state="REFUSED", placed=NOW - DAY, changed=NOW)
    (found,) = wrong(ask).items()
    missed = told.wrong("acceptance_missed", "O1-A", order_id="O1-A")

    assert found[0] == ("acceptance_missed", "O1-A")
    assert found[1]["detail"].endswith("What was wrong with it: unknown sku.")
    assert list(wrong(ask, NOW + 60 * DAY)) == [found[0]]
    told.tell(
        events.ExceptionHandled(
            happened_at=NOW, actor="Ops", exception_id=missed, order_id="O1-A",
            exception_kind="acceptance_missed", action="accept", note="lost", grounds=None,
        )
    )  # fmt: skip
    assert list(wrong(ask, NOW + DAY)) == [found[0]]
    assert wrong(ask, NOW + 60 * DAY) == {}


def test_an_acceptance_whose_answer_never_came_is_pressed_by_the_acceptance_window(told: Told, ask: Ask) -> None:
    told.order("O1-A", state="WAITING_ACCEPTANCE", placed=NOW - 2 * HOUR)
    told.intent("accept_order", "O1-A", "unclear", order_id="O1-A", at=NOW - HOUR)

    assert wrong(ask)["order_unclear", "accept_order/O1-A"]["deadline_at"] == NOW + 22 * HOUR


def test_an_order_waiting_for_acceptance_is_wrong_four_hours_before_the_window_ends(told: Told, ask: Ask) -> None:
    told.order("O1-A", state="WAITING_ACCEPTANCE", placed=NOW - 20 * HOUR)

    assert wrong(ask)["acceptance_due", "O1-A"]["deadline_at"] == NOW + 4 * HOUR
    assert wrong(ask, acceptance_hours=48) == {}


def test_a_refusal_john_lewis_did_not_take_is_wrong_until_the_order_waits_no_more(told: Told, ask: Ask) -> None:
    told.order("O1-A", state="WAITING_ACCEPTANCE")
    told.tell(events.AcceptanceDecided(happened_at=NOW - 2 * HOUR, order_id="O1-A", decision="refuse", why="lost"))
    told.intent("refuse_order", "O1-A", "refused", order_id="O1-A", code="absent")
    nothing_happened = wrong(ask)
    told.intent("refuse_order", "O1-A", "refused", order_id="O1-A", code="400", message="Not now.", at=NOW - MINUTE)
    row = wrong(ask)["refuse_refused", "O1-A"]
    told.order("O1-A", state="REFUSED", changed=NOW)

    assert nothing_happened == {}
    assert (row["cause"], row["detail"], row["amount"]) == ("400", "Not now.", Decimal("42.500000"))
    assert row["deadline_at"] is not None
    assert wrong(ask) == {}


def test_a_refusal_that_came_too_late_is_wrong_until_the_order_is_cancelled(told: Told, ask: Ask) -> None:
    told.order("O1-A", state="WAITING_ACCEPTANCE")
    told.tell(events.AcceptanceDecided(happened_at=NOW - HOUR, order_id="O1-A", decision="refuse", why="lost"))
    in_time = wrong(ask)
    told.order("O1-A", changed=NOW - MINUTE)
    row = wrong(ask)["refusal_overtaken", "O1-A"]
    told.order("O1-A", state="CANCELED", changed=NOW)

    assert in_time == {}
    assert row["detail"] == "It is refused here, and John Lewis shows the order as SHIPPING."
    assert row["since_at"] == NOW - HOUR
    assert wrong(ask) == {}


def test_a_refused_line_that_was_accepted_with_the_others_is_wrong(told: Told, ask: Ask) -> None:
    told.order("O1-A", state="SHIPPING")
    told.order("O2-A", state="SHIPPING")
    for order_id, line_id in (("O1-A", "O1-A-1"), ("O2-A", "O2-A-2")):
        told.tell(
            events.AcceptanceDecided(
                happened_at=NOW - HOUR, order_id=order_id, decision="accept", why="lost", refused_lines=(line_id,)
            )
        )
    found = {subject: row["detail"] for (kind, subject), row in wrong(ask).items() if kind == "refusal_overtaken"}

    assert found == {"O1-A": "Lines of it are refused here, and John Lewis shows the order as SHIPPING."}


def test_a_number_john_lewis_does_not_take_is_wrong_until_it_shows_it(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.sales_order("SO-1", "O1-A")
    told.intent(
        "write_reference", "O1-A", "refused", order_id="O1-A", code="refused", message="Too long.",
        payload={"reference": "SO-1"},
    )  # fmt: skip
    row = wrong(ask)["reference_refused", "O1-A"]
    told.order("O1-A", seller_reference="SO-1", changed=NOW)

    assert (row["cause"], row["detail"]) == ("refused", "Too long.")
    assert wrong(ask) == {}


def test_an_unsent_order_is_due_and_then_late(told: Told, ask: Ask) -> None:
    told.order("O1-A", deadline=NOW + 4 * HOUR)
    told.sales_order("SO-1", "O1-A")

    assert list(wrong(ask, NOW - MINUTE)) == []
    assert list(wrong(ask)) == [("dispatch_due", "O1-A")]
    assert list(wrong(ask, NOW + 4 * HOUR)) == [("dispatch_late", "O1-A")]


def test_an_order_just_confirmed_is_not_called_late(told: Told, ask: Ask) -> None:
    told.order("O1-A", deadline=NOW - MINUTE)
    told.sales_order("SO-1", "O1-A")
    told.shipment("S1", "O1-A")
    told.intent("confirm_shipment", "S1/C1", "confirmed", order_id="O1-A", at=NOW - MINUTE)

    assert wrong(ask) == {}
    assert list(wrong(ask, NOW + HOUR)) == [("dispatch_late", "O1-A")]


def test_what_left_two_hours_ago_and_was_not_confirmed_is_wrong(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.sales_order("SO-1", "O1-A")
    told.shipment("S1", "O1-A", cartons=("C1", "C2"), shipped=NOW - 2 * HOUR)
    told.intent("confirm_shipment", "S1/C1", "confirmed", order_id="O1-A")
    row = wrong(ask)["shipped_not_confirmed", "S1"]

    assert (row["cause"], row["detail"], row["since_at"]) == ("not tried yet", "Parcel C2", NOW)
    assert wrong(ask, NOW - MINUTE) == {}


@pytest.mark.parametrize("reason", ["unmapped_carrier", "missing_tracking", "over_shipped", "unknown_line",
                                    "refused_by_marketplace"])  # fmt: skip
def test_a_held_shipment_shows_with_its_cause(told: Told, ask: Ask, reason: str) -> None:
    told.order("O1-A")
    told.sales_order("SO-1", "O1-A")
    told.shipment("S1", "O1-A", ship_via="DPX")
    told.shipment_held("S1", "O1-A", reason, "DPX")

    assert {key: row["cause"] for key, row in wrong(ask).items()} == {(reason, "S1"): "DPX"}


def test_a_part_that_waits_for_the_rest_is_no_trouble_and_a_voided_one_always_is(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.sales_order("SO-1", "O1-A")
    told.shipment_held("S1", "O1-A", "incomplete", "O1-A")
    told.order("O2-A", state="SHIPPED")
    told.sales_order("SO-2", "O2-A", shipped=1)
    told.shipment_held("S2", "O2-A", "voided", "S2")

    assert list(wrong(ask)) == [("voided", "S2")]


def test_a_number_that_is_in_bluecherry_with_other_content_is_wrong_until_a_person_released_it(
    told: Told, ask: Ask
) -> None:
    told.order("O1-A")
    told.intent(
        "create_sales_order", "O1-A/NMK/WH1", "refused", order_id="O1-A", code="other_content",
        message="BlueCherry has SO-7 with the number O1-A, and not the lines John Lewis sold.",
    )  # fmt: skip
    told.sales_order("SO-7", "O1-A", quantity=2)
    found = wrong(ask)["duplicate_po", "O1-A"]

    assert found["detail"].startswith("BlueCherry has SO-7")
    for frees in ((), ("write_reference",)):  # released, and something else of it was meant
        told.tell(events.OrderReleased(happened_at=NOW - MINUTE, order_id="O1-A", frees=frees))
        assert ("duplicate_po", "O1-A") in wrong(ask)
    told.tell(events.OrderReleased(happened_at=NOW, order_id="O1-A"))
    assert ("duplicate_po", "O1-A") not in wrong(ask)


def test_a_number_with_other_content_is_well_once_exactly_what_was_meant_is_there(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.intent("create_sales_order", "O1-A/NMK/WH1", "refused", order_id="O1-A", code="DUPLICATE_PO")
    absent = set(wrong(ask))
    told.sales_order("SO-1", "O1-A")
    there = set(wrong(ask))
    told.sales_order("SO-2", "O1-A", line_ids=("",))

    assert ("duplicate_po", "O1-A") in absent
    assert there == set()
    assert ("duplicate_po", "O1-A") in wrong(ask)


def test_a_cancelled_parcel_is_done_with_when_its_goods_are_back_at_the_bench(told: Told, ask: Ask) -> None:
    told.order("O3-A", state="CANCELED", quantity=2, cancelled=2)
    told.sales_order("SO-3", "O3-A", quantity=2, shipped=2)
    before = wrong(ask)

    told.tell(by_hand("O3-A", 1, at=NOW))
    half = wrong(ask)
    told.tell(by_hand("O3-A", 2, at=NOW + MINUTE))

    assert ("cancelled_after_pick", "O3-A-1") in before
    assert ("cancelled_after_pick", "O3-A-1") in half
    assert ("cancelled_after_pick", "O3-A-1") not in wrong(ask)


def by_hand(order_id: str, units: int, *, at: datetime) -> events.ReturnRead:
    """The returns bench took goods back that no return at John Lewis speaks of."""
    line = events.ReceivedLinePart(
        line_number=1, order_line_id=f"{order_id}-1", quantity=2, received_quantity=units
    )
    return events.ReturnRead(
        happened_at=at, ret_num=f"R-{order_id}", order_id=order_id, ord_num="SO-3", return_id="", raw_status="20",
        is_closed=True, entered_at=at, changed_at=at, lines=(line,),
    )  # fmt: skip


def test_an_order_cancelled_after_the_acceptance_window_says_what_john_lewis_says_of_it(
    told: Told, ask: Ask
) -> None:
    long_ago = NOW - 30 * HOUR
    told.order("O1-A", placed=long_ago, changed=NOW - 5 * HOUR, state="CANCELED", state_reason="Late (AUTO)")
    told.order("O2-A", placed=long_ago, changed=NOW - 5 * HOUR, state="CANCELED")
    # touched again after the window, and cancelled within it: the customer did it
    told.order("O3-A", placed=long_ago, changed=NOW - HOUR, cancelled_at=NOW - 20 * HOUR, state="CANCELED")
    told.order("O4-A", placed=NOW - 8 * HOUR, changed=NOW - HOUR, state="CANCELED")
    # accepted, and not paid for
    told.order("O5-A", placed=long_ago, changed=NOW - HOUR, state="CANCELED", accepted_at=long_ago + HOUR)
    told.order("O6-A", placed=long_ago, changed=NOW - HOUR, state="CANCELED")
    told.intent("accept_order", "O6-A", "confirmed", order_id="O6-A", at=long_ago + HOUR)
    told.order("O7-A", placed=long_ago, changed=NOW - HOUR, state="CANCELED", is_before_start=True)
    told.order("O8-A", placed=long_ago, changed=NOW - HOUR, state="REFUSED", state_reason="AUTO")
    # its answer never came, and the end of the window was taken for it
    told.order("O9-A", placed=long_ago, changed=NOW - 5 * HOUR, state="CANCELED", state_reason="Late (AUTO)")
    told.intent("accept_order", "O9-A", "confirmed", order_id="O9-A", reference="CANCELED", at=long_ago + HOUR)
    found = {subject: row["detail"] for (kind, subject), row in wrong(ask).items() if kind == "acceptance_missed"}
    told.described("rules", {"acceptance": "AUTOMATIC"})
    automatic = {subject for kind, subject in wrong(ask) if kind == "acceptance_missed"}

    ended = (
        "John Lewis cancelled it after the 24 hours it waits for an acceptance, and nobody here had accepted or"
        " refused it"
    )
    assert found == {
        "O1-A": f"{ended}. It says: Late (AUTO).",
        "O2-A": f"{ended}; it gives no reason, so it may have been the customer.",
        "O8-A": "John Lewis refused it, and nobody here had. It says: AUTO.",
        "O9-A": f"{ended}. It says: Late (AUTO).",
    }
    assert automatic == {"O8-A"}


def test_of_an_order_cancelled_before_reasons_were_kept_no_missed_acceptance_is_said(told: Told, ask: Ask) -> None:
    told.order("O1-A", placed=NOW - 3 * DAY, changed=NOW - DAY, state="CANCELED")
    now_told = [subject for kind, subject in wrong(ask) if kind == "acceptance_missed"]
    with contextlib.closing(told.database.connect()) as connection:
        without = json.dumps({"state_reason": None, "cancelled_at": None})
        connection.execute("update events set body = json_merge_patch(body, $without)", {"without": without})
        rebuild(connection)

    assert now_told == ["O1-A"]
    assert [subject for kind, subject in wrong(ask) if kind == "acceptance_missed"] == []
