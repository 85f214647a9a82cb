"""A line John Lewis sold that BlueCherry has not under its order's number is sent, held, or said to be missing."""

from datetime import timedelta
from typing import Any

import pytest

from store import events
from store.database import Ask
from tests.told import DAY, HOUR, NOW, SHIRT, Told
from tests.views.conditions import MINUTE, wrong
from tests.views.test_drift import line, shows

GONE = {"cancelled_quantity": 2, "open_quantity": 0}


def sold(told: Told, *order_ids: str, lines: int = 2) -> None:
    """Orders of two shirts a line that wait for hours, with days left."""
    for order_id in order_ids:
        told.order(
            order_id, skus=(SHIRT,) * lines, quantity=2, placed=NOW - 5 * HOUR, changed=NOW - 4 * HOUR,
            deadline=NOW + 3 * DAY,
        )  # fmt: skip


def created(told: Told, state: str, *line_ids: str, **more: Any) -> None:
    """We set out to send these lines of an order."""
    order_id = line_ids[0][:5]
    payload = {"lines": [{"order_line_id": line_id} for line_id in line_ids]}
    told.intent(
        "create_sales_order", f"{order_id}/NMK/WH1", state, order_id=order_id, payload=payload,
        **{"at": NOW - 3 * HOUR, **more},
    )  # fmt: skip


def to_send(ask: Ask) -> list[str]:
    return [str(one) for one in ask("select order_line_id from orders_open_lines order by all")["order_line_id"]]


def missing(ask: Ask) -> dict[str, str]:
    return {subject: row["detail"] for (kind, subject), row in wrong(ask).items() if kind == "missing_in_erp"}


def test_what_was_put_into_the_sales_order_of_another_by_mistake_and_taken_out_again_is_sent(
    told: Told, ask: Ask
) -> None:
    sold(told, "JL1-A", "JL2-A", lines=1)
    shows(told, line(), line(order_line_id="JL2-A-1", line_number=2))
    there = to_send(ask)
    shows(told, line(), line(order_line_id="JL2-A-1", line_number=2, **GONE), at=NOW - HOUR / 2)
    cancelled = to_send(ask)
    shows(told, line(), at=NOW)

    assert (there, cancelled) == ([], [])  # sent once more it would go twice; what the house cancels is a person's
    assert to_send(ask) == ["JL2-A-1"]


def test_what_was_cancelled_under_its_own_number_is_not_sent_anew(told: Told, ask: Ask) -> None:
    sold(told, "JL1-A", lines=1)
    shows(told, line(**GONE))

    assert to_send(ask) == []


def test_a_line_that_stands_under_the_number_of_another_order_alone_is_said_to_be_missing(
    told: Told, ask: Ask
) -> None:
    sold(told, "JL1-A", lines=1)
    sold(told, "JL2-A")
    shows(told, line(), line(order_line_id="JL2-A-1", line_number=2))
    shows(told, line(order_line_id="JL2-A-2"), ord_num="SO-2", order_id="JL2-A")
    row = wrong(ask)["missing_in_erp", "JL2-A"]

    assert row["cause"] == "under another number"
    assert row["detail"] == f"It waits in SHIPPING, and BlueCherry has {SHIRT} of it in SO-1 of JL1-A alone."
    assert set(missing(ask)) == {"JL2-A"}


def test_what_was_cancelled_in_the_sales_order_of_another_is_for_a_person(told: Told, ask: Ask) -> None:
    sold(told, "JL1-A", "JL2-A", lines=1)
    shows(told, line(), line(order_line_id="JL2-A-1", line_number=2, **GONE, cancel_kind="HOUSE"))
    row = wrong(ask)["missing_in_erp", "JL2-A"]

    assert to_send(ask) == []
    assert row["cause"] == "cancelled under another number"
    assert row["detail"] == f"It waits in SHIPPING, and {SHIRT} of it was cancelled in BlueCherry in SO-1 of JL1-A."


@pytest.mark.parametrize(
    ("there", "is_missing"),
    [
        ((), True),
        ((line(order_line_id="JL2-A-1", line_number=2, **GONE, cancel_kind="HOUSE"),), True),
        ((line(order_line_id="JL2-A-1", line_number=2, open_quantity=0, shipped_quantity=2),), False),
    ],
    ids=["taken_out", "cancelled", "shipped"],
)
def test_what_stood_in_the_sales_order_of_another_and_did_not_leave_from_it_was_shipped_elsewhere(
    told: Told, ask: Ask, there: tuple[events.SalesLinePart, ...], is_missing: bool
) -> None:
    sold(told, "JL1-A", "JL2-A", lines=1)
    shows(told, line(), line(order_line_id="JL2-A-1", line_number=2), at=NOW - 2 * HOUR)
    shows(told, line(), *there)
    told.order("JL2-A", quantity=2, state="SHIPPED", placed=NOW - 5 * HOUR, changed=NOW - HOUR)
    causes = [row["cause"] for (_, subject), row in wrong(ask).items() if subject == "JL2-A"]

    assert causes == (["shipped elsewhere"] if is_missing else [])


@pytest.mark.parametrize(
    ("there", "next_step"),
    [
        ({}, "A person takes it out of SO-1 of JL1-A, the sales order of another order"),
        (GONE, "A person decides: it was cancelled in BlueCherry in SO-1 of JL1-A"),
    ],
    ids=["stands", "cancelled"],
)
@pytest.mark.parametrize("changed_ago", [4 * HOUR, 5 * MINUTE])
def test_what_nobody_sends_is_not_said_to_be_on_its_way(
    told: Told, ask: Ask, there: dict[str, Any], next_step: str, changed_ago: timedelta
) -> None:
    told.order("JL2-A", quantity=2, placed=NOW - 5 * HOUR, changed=NOW - changed_ago, deadline=NOW + 3 * DAY)
    shows(told, line(order_line_id="JL2-A-1", **there))
    rows = ask("select erp_state, next_step from orders($at)", {"at": NOW}).rows()
    places = ask("select place, order_count from order_places($at)", {"at": NOW}).rows()

    assert (rows, places) == ([("missing", next_step)], [("missing", 1)])


def test_a_sales_order_with_the_lines_of_another_order_has_other_content(told: Told, ask: Ask) -> None:
    sold(told, "JL1-A", "JL2-A", lines=1)
    shows(told, line(order_line_id="JL2-A-1"))

    assert ask("select order_id, ord_nums from orders_other_content").rows() == [("JL1-A", "SO-1")]
    assert "JL2-A" in missing(ask)


def test_a_line_left_out_of_a_sales_order_nobody_sees_is_said_to_be_missing(told: Told, ask: Ask) -> None:
    """The other line was keyed in under a second number, so nobody misses the first sales order."""
    sold(told, "JL1-A")
    created(told, "confirmed", "JL1-A-1", reference="SO-1")
    shows(told, line(), ord_num="SO-9")

    assert missing(ask) == {"JL1-A": f"It waits in SHIPPING, nothing holds it, and {SHIRT} of it was never sent."}


@pytest.mark.parametrize("state", ["recorded", "unclear", "confirmed"])
def test_a_line_on_its_way_is_not_missing(told: Told, ask: Ask, state: str) -> None:
    sold(told, "JL1-A")
    created(told, state, "JL1-A-1", "JL1-A-2", reference="SO-1" if state == "confirmed" else "")

    assert missing(ask) == {}


def test_a_line_that_was_refused_is_missing_where_nothing_holds_it_for_an_hour(told: Told, ask: Ask) -> None:
    sold(told, "JL1-A", "JL2-A", "JL3-A")
    for order_id in ("JL1-A", "JL2-A", "JL3-A"):
        created(told, "refused", f"{order_id}-1", f"{order_id}-2", code="CREDIT_HOLD")
        told.hold(order_id, "refused_by_erp", "CREDIT_HOLD", at=NOW - 2 * HOUR)
    for order_id, ago in (("JL2-A", 90), ("JL3-A", 30)):
        told.tell(events.OrderReleased(happened_at=NOW - ago * MINUTE, order_id=order_id))

    assert set(missing(ask)) == {"JL2-A"}


@pytest.mark.parametrize(("typed", "skus"), [(1, f"{SHIRT} and {SHIRT}"), (2, SHIRT), (3, SHIRT), (4, "")])
def test_two_lines_of_a_sku_do_not_share_the_units_typed_in_without_our_ids(
    told: Told, ask: Ask, typed: int, skus: str
) -> None:
    """Shown as shipped with two lines of two shirts: of what nobody typed in, nobody knows who shipped it."""
    told.order("JL1-A", skus=(SHIRT, SHIRT), quantity=2, state="SHIPPED", placed=NOW - DAY, changed=NOW - HOUR)
    told.skus(SHIRT)
    shows(told, line(order_line_id="", ordered_quantity=typed, open_quantity=typed))
    missed = ask("select string_agg(sku, ' and ') from orders_unsent_lines").item() or ""

    assert missed == skus
    assert ("JL1-A" in missing(ask)) is bool(skus)


def test_what_was_typed_in_without_our_ids_and_taken_out_again_is_missing(told: Told, ask: Ask) -> None:
    told.order("JL1-A", quantity=2, state="SHIPPED", placed=NOW - DAY, changed=NOW - HOUR)
    told.skus(SHIRT)
    shows(told, line(order_line_id=""))
    typed = missing(ask)
    shows(told, line(order_line_id="", line_number=2, **GONE), at=NOW - HOUR / 2)

    assert typed == {}
    assert set(missing(ask)) == {"JL1-A"}
