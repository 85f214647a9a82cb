"""What of a sales order is not as we sent it, class by class, and when it stops being anybody's business."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from store import events
from store.database import Ask
from store.events import CancelationAsked, DriftAnswered
from tests.told import DAY, HOUR, NOW, SHIRT, Told, key_of, thing

TROUSERS = "NMC-05220-NVY-A--8"
DAYS = {
    "starts_from_at": NOW - DAY, "starts_until_at": NOW, "cancels_from_at": NOW + 14 * DAY,
    "cancels_until_at": NOW + 15 * DAY,
}  # fmt: skip
PAYLOAD: dict[str, Any] = {
    "division": "NMK", "warehouse": "WH1", "customer": "JLM", "ship_via": "RML", "currency": "GBP",
    "shipping_amount": "3.50",
    "starts_on": (NOW - 2 * HOUR).isoformat(), "cancels_on": (NOW + 14 * DAY + HOUR).isoformat(),
    "lines": [
        {"line_number": 1, "order_line_id": "JL1-A-1", "sku_key": key_of(SHIRT), "upc": "", "quantity": 2,
         "unit_price": "39.00"},
    ],
}  # fmt: skip


def sent(told: Told, *, quantity: int = 2) -> None:
    """JL1-A was sold with two shirts, and we sent it."""
    told.order("JL1-A", quantity=quantity)
    told.intent(
        "create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="SO-1", payload=PAYLOAD,
        intent_id=thing("JL1-A"), at=NOW - 2 * HOUR,
    )  # fmt: skip


def line(**changed: Any) -> events.SalesLinePart:
    return events.SalesLinePart(
        **{
            "line_number": 1, "order_line_id": "JL1-A-1", "sku_key": key_of(SHIRT), "ordered_quantity": 2,
            "open_quantity": 2, "picked_quantity": 0, "shipped_quantity": 0, "cancelled_quantity": 0,
            "cancel_kind": "", "unit_price_amount": Decimal("39.00"), **changed,
        }
    )  # fmt: skip


def shows(
    told: Told, *lines: events.SalesLinePart, at: datetime = NOW - HOUR, revision: int = 1, **changed: Any
) -> None:
    """BlueCherry shows SO-1 of JL1-A, edited by CSDESK1."""
    told.mapping("order_status", "20", "OPEN")
    told.tell(
        events.SalesOrderRead(
            **{
                "happened_at": at, "ord_num": "SO-1", "order_id": "JL1-A", "division": "NMK", "warehouse": "WH1",
                "ship_via": "RML", "raw_status": "20", "entered_at": NOW - 2 * HOUR,
                "changed_at": at, "changed_by": "CSDESK1", "revision": revision, "lines": lines or (line(),),
                "shipping_amount": Decimal("3.50"), "discount_amount": Decimal(0), "address_changes": (),
                **DAYS, **changed,
            }
        )
    )  # fmt: skip


def found(ask: Ask, at: datetime = NOW) -> list[tuple[str, str, str, str, bool]]:
    rows = ask("select * from drift($at) order by drift_class, subject", {"at": at}).to_dicts()
    return [(row["drift_class"], row["subject"], row["sent"], row["shown"], row["is_open"]) for row in rows]


def wrong(ask: Ask, at: datetime = NOW) -> set[str]:
    return set(ask("select kind from conditions_drift($at)", {"at": at})["kind"])


def test_a_sales_order_as_we_sent_it_does_not_drift(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told)

    assert found(ask) == []


def test_what_is_changed_in_bluecherry_long_after_john_lewis_closed_the_order_is_shown_all_the_same(
    told: Told, ask: Ask
) -> None:
    sent(told)
    told.order("JL1-A", quantity=2, state="CLOSED", changed=NOW)
    told.clock.moment = late = NOW + 40 * DAY
    shows(told, line(unit_price_amount=Decimal("35.00")), at=late - HOUR, raw_status="60")

    assert [row[0] for row in found(ask, late)] == ["price"]


@pytest.mark.parametrize(
    ("lines", "header", "expected"),
    [
        (
            (line(cancelled_quantity=1, open_quantity=1, cancel_kind="HOUSE"),), {},
            ("quantity", "JL1-A-1", "2 units", "1 unit"),
        ),
        (
            (line(cancelled_quantity=2, open_quantity=0, cancel_kind="HOUSE"),), {},
            ("cancelled", "JL1-A-1", f"2 of {key_of(SHIRT)}", "cancelled by the house"),
        ),
        (
            (line(), line(line_number=2, order_line_id="", ordered_quantity=1)), {},
            ("quantity", "SO-1/2", "no such line", f"1 of {key_of(SHIRT)}, added by hand"),
        ),
        ((line(ordered_quantity=3),), {}, ("quantity", "JL1-A-1", "2 units", "3 units")),
        (
            (line(sku_key=key_of(TROUSERS)),), {},
            ("substitution", "JL1-A-1", key_of(SHIRT), key_of(TROUSERS)),
        ),
        ((line(unit_price_amount=Decimal("34.00")),), {}, ("price", "JL1-A-1", "39.00", "34.00")),
        ((), {"shipping_amount": Decimal(0)}, ("price", "SO-1", "shipping 3.50", "shipping 0.00")),
        ((), {"discount_amount": Decimal(5)}, ("price", "SO-1/discount", "discount 0.00", "discount 5.00")),
        ((), {"warehouse": "WH2"}, ("warehouse", "SO-1", "WH1", "WH2")),
        ((), {"ship_via": "YDL"}, ("ship_via", "SO-1", "RML", "YDL")),
        (
            (), {"address_changes": ("none",)},
            ("address", "SO-1", "as the customer gave it", "no delivery address"),
        ),
        (
            (), {"address_changes": ("several",)},
            ("address", "SO-1", "as the customer gave it", "more than one delivery address"),
        ),
        (
            (), {"address_changes": ("street", "town")},
            ("address", "SO-1", "as the customer gave it", "another street, town"),
        ),
        (
            (), {"cancels_from_at": NOW + 21 * DAY, "cancels_until_at": NOW + 22 * DAY},
            ("dates", "SO-1", "start 24 Nov, cancel after 8 Dec", "start 23 Nov, cancel after 15 Dec"),
        ),
    ],
)  # fmt: skip
def test_every_class_of_change_shows_as_itself_and_as_nothing_else(
    told: Told, ask: Ask, lines: tuple[events.SalesLinePart, ...], header: dict[str, Any], expected: tuple[str, ...]
) -> None:
    sent(told)
    shows(told, *lines, **header)

    assert found(ask) == [(*expected, True)]
    assert wrong(ask) == {f"drift_{expected[0]}"}


def test_it_goes_away_by_itself_once_it_is_put_back(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, warehouse="WH2")
    assert wrong(ask) == {"drift_warehouse"}
    shows(told, at=NOW - HOUR / 2, revision=2)

    assert found(ask) == []


def test_what_the_customer_cancelled_and_we_passed_on_is_no_drift(told: Told, ask: Ask) -> None:
    sent(told)
    told.order("JL1-A", quantity=2, cancelled=1, changed=NOW - HOUR)
    shows(told, line(cancelled_quantity=1, open_quantity=1, cancel_kind="CUSTOMER"))

    assert found(ask) == []


def test_accepted_it_is_quiet_until_it_changes_once_more(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, ship_via="YDL")
    told.tell(
        DriftAnswered(
            happened_at=NOW, actor="Olu (ops)", order_id="JL1-A", drift_class="ship_via", drift_subject="SO-1",
            answer="accept", shown="YDL", why="Royal Mail is on strike",
        )
    )  # fmt: skip
    assert found(ask) == [("ship_via", "SO-1", "RML", "YDL", False)]
    assert wrong(ask) == set()
    shows(told, at=NOW, ship_via="EVR", revision=2)

    assert found(ask) == [("ship_via", "SO-1", "RML", "EVR", True)]


def test_another_address_is_not_accepted_with_the_one_before_it(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, address_changes=("street",))
    told.tell(
        DriftAnswered(
            happened_at=NOW, actor="Olu (ops)", order_id="JL1-A", drift_class="address", drift_subject="SO-1",
            answer="accept", shown="another street (1)", why="The customer has moved",
        )
    )  # fmt: skip
    assert wrong(ask) == set()
    shows(told, at=NOW, address_changes=("street",), revision=2)

    assert wrong(ask) == {"drift_address"}


def test_a_cancelation_passed_on_closes_it_before_john_lewis_is_read_again(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, line(cancelled_quantity=1, open_quantity=1, cancel_kind="HOUSE"))
    told.tell(
        CancelationAsked(
            happened_at=NOW - HOUR / 2, actor="Olu (ops)", ask_id=thing("ask"), order_id="JL1-A",
            order_line_id="JL1-A-1", quantity=1, reason_code="CNL-SHORT-PICK", why="not on the shelf",
        )
    )  # fmt: skip
    (row,) = ask("select passed_on, is_open from drift($at)", {"at": NOW}).to_dicts()
    assert row == {"passed_on": "waiting", "is_open": True}
    told.intent("cancel_market_line", "JL1-A-1/0", "confirmed", order_id="JL1-A", at=NOW - HOUR / 4)

    assert ask("select passed_on, is_open from drift($at)", {"at": NOW}).to_dicts() == [
        {"passed_on": "confirmed", "is_open": False}
    ]


def test_a_refused_cancelation_is_wrong_until_its_difference_is_answered_again_or_gone(
    told: Told, ask: Ask
) -> None:
    sent(told)
    shows(told, line(cancelled_quantity=1, open_quantity=1, cancel_kind="HOUSE"), at=NOW - 2 * HOUR)
    told.intent(
        "cancel_market_line", "JL1-A-1/0", "refused", order_id="JL1-A", code="400", message="It has left.",
        at=NOW - HOUR,
    )  # fmt: skip
    assert wrong(ask) == {"cancelation_refused", "drift_quantity"}
    told.tell(
        DriftAnswered(
            happened_at=NOW - HOUR / 2, actor="Olu (ops)", order_id="JL1-A", drift_class="quantity",
            drift_subject="JL1-A-1", answer="revert", shown="1 unit", why="It was found",
        )
    )  # fmt: skip
    assert wrong(ask) == {"drift_quantity"}
    told.intent(
        "cancel_market_line", "JL1-A-1/0", "refused", order_id="JL1-A", code="unseen", message="No answer came.",
        at=NOW - HOUR / 4,
    )  # fmt: skip
    assert wrong(ask) == {"cancelation_refused", "drift_quantity"}
    shows(told, at=NOW)

    assert wrong(ask) == set()


def test_what_the_customer_cancelled_after_it_was_picked_is_for_a_person(told: Told, ask: Ask) -> None:
    sent(told)
    told.order("JL1-A", quantity=2, cancelled=1, changed=NOW - HOUR)
    shows(told, line(open_quantity=0, picked_quantity=2))
    (row,) = ask("select * from conditions_drift($at) where kind = 'cancelled_after_pick'", {"at": NOW}).to_dicts()

    assert row["subject"] == "JL1-A-1"
    assert row["detail"] == "2 picked and 0 shipped in sales order SO-1; John Lewis wants 1."


def test_an_order_of_the_integration_before_us_is_held_to_what_was_sold_and_first_seen(
    told: Told, ask: Ask
) -> None:
    told.skus(SHIRT)
    told.order("JL1-A", quantity=2, is_before_start=True)
    shows(told, address_changes=("name",), revision=0, ship_via="EVR")
    assert found(ask) == []
    shows(told, line(unit_price_amount=Decimal("30.00")), at=NOW, address_changes=("name",), revision=1)

    assert [row[0] for row in found(ask)] == ["address", "price", "ship_via"]


def test_an_order_that_is_over_there_is_only_looked_at_for_what_was_invoiced_and_sent(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, line(sku_key=key_of(TROUSERS)), warehouse="WH2")
    told.order("JL1-A", quantity=2, state="RECEIVED", changed=NOW - HOUR)

    assert [row[0] for row in found(ask)] == ["substitution"]
    assert found(ask, NOW + timedelta(days=40)) == []


def test_what_has_left_the_building_has_no_deadline_to_leave_it(told: Told, ask: Ask) -> None:
    sent(told)
    shows(told, line(unit_price_amount=Decimal("34.00")))
    before = ask("select deadline_at from drift($at) where is_open", {"at": NOW})["deadline_at"].to_list()
    told.order("JL1-A", quantity=2, state="SHIPPED", changed=NOW - HOUR / 2)
    after = ask("select deadline_at from drift($at) where is_open", {"at": NOW})["deadline_at"].to_list()

    assert None not in before
    assert after == [None]


@pytest.mark.parametrize("is_split", [False, True])
def test_what_is_cancelled_of_a_line_that_was_typed_anew_or_split_in_bluecherry_must_not_be_sent(
    told: Told, ask: Ask, is_split: bool
) -> None:
    """Line 1 was replaced by line 2, or stands beside it."""
    sent(told)
    shows(told)
    half = {"ordered_quantity": 1, "open_quantity": 1}
    lines = (line(**half), line(line_number=2, **half)) if is_split else (line(line_number=2),)
    shows(told, *lines, at=NOW - HOUR)
    told.order("JL1-A", quantity=2, state="CANCELED", cancelled=2, changed=NOW - HOUR)
    rows = ask("select kind, cause from conditions_drift($at)", {"at": NOW}).rows()
    single = ask("select is_single, line_number from orders_cancelled_lines").rows()

    assert open_in_bluecherry(ask) == [("JL1-A-1", 2)]
    assert rows == [("uncancelled_in_erp", "in several lines" if is_split else "not done yet")]
    assert single == [(not is_split, 1 if is_split else 2)]


def open_in_bluecherry(ask: Ask) -> list[tuple[str, int]]:
    """What of it a customer has cancelled and BlueCherry would still send."""
    rows = ask("select order_line_id, quantity from orders_cancelled_lines").to_dicts()
    return [(row["order_line_id"], row["quantity"]) for row in rows]


@pytest.mark.parametrize(
    ("state", "line_state", "cancelled"),
    [
        ("SHIPPED", "", 2), ("RECEIVED", "", 2), ("SHIPPING", "CANCELED", 0), ("INCIDENT_OPEN", "", 2),
        ("CLOSED", "", 2),
    ],
)  # fmt: skip
def test_what_is_cancelled_of_an_order_that_goes_on_must_not_be_sent(
    told: Told, ask: Ask, state: str, line_state: str, cancelled: int
) -> None:
    """The other lines have left, and the order counts as shipped; or the line is cancelled without a record."""
    sent(told)
    shows(told)
    told.order("JL1-A", quantity=2, state=state, line_state=line_state, cancelled=cancelled, changed=NOW - HOUR)
    rows = ask("select kind, cause, detail from conditions_drift($at)", {"at": NOW}).to_dicts()

    assert open_in_bluecherry(ask) == [("JL1-A-1", 2)]
    assert [(row["kind"], row["cause"]) for row in rows] == [("uncancelled_in_erp", "not done yet")]
    shows(told, line(open_quantity=0, cancelled_quantity=2), at=NOW)
    assert open_in_bluecherry(ask) == []


@pytest.mark.parametrize("is_lost", [False, True])
def test_what_is_keyed_in_anew_in_the_place_of_ours_is_held_to_what_we_sent(
    told: Told, ask: Ask, is_lost: bool
) -> None:
    """SO-1 was lost, or cancelled there; SO-9 carries its line, and is nobody's business where it says the same."""
    sent(told)
    if not is_lost:
        shows(told, line(cancelled_quantity=2, open_quantity=0))
    shows(told, ord_num="SO-9", revision=0)
    same = everything(ask)
    shows(
        told, line(sku_key=key_of(TROUSERS), unit_price_amount=Decimal("34.00")), ord_num="SO-9", at=NOW - HOUR / 2,
        revision=0, warehouse="WH2", ship_via="YDL", address_changes=("town", "postcode"),
        shipping_amount=Decimal(0), cancels_from_at=NOW + 21 * DAY, cancels_until_at=NOW + 22 * DAY,
    )  # fmt: skip

    assert same == []
    assert everything(ask) == [
        ("drift_address", "SO-9"), ("drift_dates", "SO-9"), ("drift_price", "JL1-A-1"), ("drift_price", "SO-9"),
        ("drift_ship_via", "SO-9"), ("drift_substitution", "JL1-A-1"), ("drift_warehouse", "SO-9"),
    ]  # fmt: skip


def test_of_two_sales_orders_put_into_one_the_goods_of_one_leave_from_elsewhere(told: Told, ask: Ask) -> None:
    told.order("JL1-A", skus=(SHIRT, SHIRT))
    for number, warehouse, shipping in ((1, "WH1", "3.50"), (2, "WH2", "0")):
        part = {**PAYLOAD["lines"][0], "order_line_id": f"JL1-A-{number}", "quantity": 1}
        told.intent(
            "create_sales_order", f"JL1-A/NMK/{warehouse}", "confirmed", order_id="JL1-A", reference=f"SO-{number}",
            payload={**PAYLOAD, "warehouse": warehouse, "shipping_amount": shipping, "lines": [part]},
            at=NOW - 2 * HOUR,
        )  # fmt: skip
    one = {"ordered_quantity": 1, "open_quantity": 1}
    both = (line(**one), line(**one, line_number=2, order_line_id="JL1-A-2"))
    shows(told, *both, ord_num="SO-9", revision=0)
    first = found(ask)
    shows(told, *both, ord_num="SO-9", revision=0, warehouse="WH2", at=NOW)

    assert first == [("warehouse", "SO-9", "WH2", "WH1", True)]
    assert found(ask) == [("warehouse", "SO-9", "WH1", "WH2", True)]


def test_what_is_keyed_in_for_an_order_we_could_not_send_goes_where_the_customer_wants_it(
    told: Told, ask: Ask
) -> None:
    told.order("JL1-A", quantity=2)
    shows(told, address_changes=("postcode",), revision=0)

    assert [row[0] for row in found(ask)] == ["address"]


def test_what_is_cancelled_and_still_open_in_bluecherry_stays_wrong_when_john_lewis_closes_the_order(
    told: Told, ask: Ask
) -> None:
    """Its line was locked for a pick when the customer cancelled; another change of the order gives no grace."""
    sent(told)
    shows(told)
    told.order("JL1-A", quantity=2, state="RECEIVED", cancelled=2, changed=NOW - 2 * HOUR)
    before = wrong(ask)
    told.wrong("uncancelled_in_erp", "JL1-A-1", order_id="JL1-A")
    told.order("JL1-A", quantity=2, state="CLOSED", cancelled=2, changed=NOW - HOUR / 4)

    assert before == wrong(ask) == {"uncancelled_in_erp"}
    shows(told, line(open_quantity=0, cancelled_quantity=2), at=NOW)
    assert wrong(ask) == set()


def everything(ask: Ask) -> list[tuple[str, str]]:
    """Whatever is wrong with orders, by kind and subject."""
    rows = ask("select kind, subject from conditions($at) where order_id <> '' order by all", {"at": NOW}).rows()
    return [(kind, subject) for kind, subject in rows]
