"""Hand edits in the real BlueCherry: each shows as what it is, and a person's answer reaches John Lewis once."""

from collections.abc import Callable
from typing import Any, Literal

import pytest

from store import commands as ask
from store.commands import Role
from sync.answers import Refusal
from sync.desk_drift import DriftDesk
from sync.errors import Refused, Unclear
from sync.lanes import lanes_of
from sync.ports import LineCancelation
from sync.rules.exceptions import kind_of
from tests.flows.between import Between
from tests.flows.desk import Counter

STILL_OPEN = """
select sales.order_id from sales_order_facts as sales join status_words($now) as word using (raw_status)
where word.status = 'OPEN'
"""
CLASSES = {
    "quantity_down": {"quantity", "cancelled"}, "line_removed": {"cancelled"}, "cancelled": {"cancelled"},
    "ship_via_changed": {"ship_via"}, "address_changed": {"address"}, "warehouse_changed": {"warehouse"},
    "price_changed": {"price"}, "dates_changed": {"dates"}, "sku_substituted": {"substitution"},
    "line_added": {"quantity"}, "discount_given": {"price"}, "billing_changed": {"address"},
    "account_changed": {"house_account"}, "tax_changed": {"price"}, "currency_changed": {"price"},
}  # fmt: skip


def in_bluecherry(begin: Callable[..., Any], sold: str = "burst", **world: Any) -> Any:
    """A small house whose burst of orders BlueCherry has, and nobody has picked."""
    house = begin(**{"days": 0.05, "orders_per_day": 0, "skus": 60, **world})
    for name in ("no_orders", "no_hand_edits", "relaxed_limits"):
        house.sandbox.scenario(name)
    house.run("catalogue")
    house.sandbox.scenario(sold)
    house.run("orders")
    for _ in range(2):
        house.advance(12)
        house.run("orders")
    return house


def answered(house: Any, row: dict[str, Any], answer: str, **more: Any) -> dict[str, Any]:
    """What the desk says to an answer."""
    command = ask.AnswerDrift(
        order_id=row["order_id"], drift_class=row["drift_class"], drift_subject=row["subject"], answer=answer,
        **{"why": "it was agreed", "shown_mark": row["shown_mark"], **more},
    )  # fmt: skip
    return DriftDesk(house.house, lanes_of(house.house)).answer_drift("Olu (ops)", command)


def differences(house: Any) -> list[dict[str, Any]]:
    return list(house.rows("select * from drift($now) order by ord_num, subject", now=house.house.clock.now()))


def edited(house: Any, kind: str) -> dict[str, Any]:
    """Somebody makes such a change in BlueCherry, and we see it; the difference it makes."""
    house.sandbox.scenario(f"hand_{kind}")
    house.advance(1)
    house.run("orders")
    row, *_ = [row for row in differences(house) if row["drift_class"] in CLASSES[kind] and row["is_open"]]
    return row


def cancelled_there(house: Any, order_id: str) -> list[tuple[str, int, str]]:
    order = house.sandbox.state("john_lewis")["orders"][order_id]
    return [(one["order_line_id"], one["quantity"], one["reason_code"]) for one in order["cancelations"]]


def test_every_kind_of_hand_edit_is_seen_as_what_it_is_and_is_closed_by_a_word(bench: Callable[..., Any]) -> None:
    house = in_bluecherry(bench)
    before = differences(house)
    for kind in CLASSES:
        house.sandbox.scenario(f"hand_{kind}")
    house.advance(1)
    house.run("orders")
    house.run("watch")
    made = {
        order["po_num"]: order["hand_edits"][0]
        for order in house.sandbox.state("bluecherry")["sales_orders"]
        if order["hand_edits"]
    }
    seen: dict[str, set[str]] = {}
    for row in differences(house):
        seen.setdefault(row["order_id"], set()).add(row["drift_class"])
    opened = house.rows("select distinct exception_kind from exception_facts where is_open")
    told = house.value("select string_agg(body, '') from events")
    for row in differences(house):
        answered(house, row, "accept")
    house.run("watch")
    kept = house.value(
        "select count(*) from exception_facts where is_open and starts_with(exception_kind, 'drift_')"
    )

    assert kept == 0
    assert before == []
    assert set(made.values()) == set(CLASSES)
    assert set(seen) == set(made)
    assert all(classes <= CLASSES[made[order_id]] for order_id, classes in seen.items())
    assert {row["exception_kind"] for row in opened} >= {
        f"drift_{name}"
        for name in (
            "quantity", "cancelled", "substitution", "warehouse", "ship_via", "address", "billing", "house_account",
            "price", "dates",
        )
    }  # fmt: skip
    # what somebody wrote into the addresses stays where it was written
    assert "concierge" not in told
    assert "Accounts department" not in told
    assert house.rebuild_differences() == {}


def test_a_line_given_up_is_cancelled_at_john_lewis_once_and_the_difference_closes(
    bench: Callable[..., Any],
) -> None:
    house = in_bluecherry(bench)
    row = edited(house, "cancelled")
    house.run("orders")
    unasked = cancelled_there(house, row["order_id"])
    with pytest.raises(Refusal, match="no reason John Lewis lets us give"):
        answered(house, row, "cancel_line", reason_code="CNL-CUSTOMER")
    said = answered(house, row, "cancel_line", reason_code="CNL-OUT-OF-STOCK")
    house.run("orders")
    for _ in range(2):
        house.advance(3)
        house.run("orders")

    assert unasked == []
    assert "will be cancelled at John Lewis (Out of stock)" in said["message"]
    assert cancelled_there(house, row["order_id"]) == [
        (row["order_line_id"], row["short_quantity"], "CNL-OUT-OF-STOCK")
    ]
    assert [one for one in differences(house) if one["subject"] == row["subject"]] == []
    with pytest.raises(Refusal, match="does not differ there any more"):
        answered(house, row, "cancel_line", reason_code="CNL-OUT-OF-STOCK")


def test_an_answer_lost_on_the_way_cancels_once(bench: Callable[..., Any]) -> None:
    house = in_bluecherry(bench)
    row = edited(house, "cancelled")
    market = house.house.marketplace

    def cut(port: Any, cancelations: Any) -> Any:
        port.cancel_lines(cancelations)
        raise Unclear("the connection was cut after the effect")

    house.house.marketplace = Between(market, cancel_lines=cut)
    answered(house, row, "cancel_line", reason_code="CNL-OUT-OF-STOCK")
    house.run("orders")
    unclear = house.value("select state from intent_facts where intent_kind = 'cancel_market_line'")
    with pytest.raises(Refusal, match="on its way"):
        answered(house, row, "cancel_line", reason_code="CNL-OUT-OF-STOCK")
    house.house.marketplace = market
    for _ in range(3):
        house.advance(3)
        house.run("orders")

    assert unclear == "unclear"
    assert len(cancelled_there(house, row["order_id"])) == 1
    assert house.rows("select state, message from intent_facts where intent_kind = 'cancel_market_line'") == [
        {"state": "confirmed", "message": "found by looking"}
    ]


def test_another_sku_is_not_confirmed_before_a_person_has_accepted_it(bench: Callable[..., Any]) -> None:
    house = in_bluecherry(bench)
    row = edited(house, "sku_substituted")
    house.sandbox.scenario("ship_all")
    house.advance(1)
    for flow in ("orders", "dispatch"):
        house.run(flow)
    held = house.rows("select reason, cause from shipment_hold_facts where order_id = $id", id=row["order_id"])
    before = parcels_with(house, row)
    answered(house, row, "accept", why="the customer agreed by telephone")
    house.run("dispatch")

    assert held == [{"reason": "substituted", "cause": row["order_line_id"]}]
    assert (before, parcels_with(house, row)) == (0, 1)


def parcels_with(house: Any, row: dict[str, Any]) -> int:
    """How many parcels with this line are confirmed; another sales order of the same order may go its own way."""
    order = house.sandbox.state("john_lewis")["orders"][row["order_id"]]
    return sum(row["order_line_id"] in parcel["lines"] for parcel in order["confirmations"])


def customer_cancels(house: Any, order_id: str, line_id: str, units: int) -> None:
    """The customer changes their mind: OR30 with no word of ours."""
    line = next(
        one
        for page in house.house.marketplace.orders(order_ids=[order_id])
        for one in page.items[0].lines
        if one.order_line_id == line_id
    )
    shipping = line.shipping_amount if units == line.quantity else line.shipping_amount * 0
    house.house.marketplace.cancel_lines(
        [LineCancelation(line_id, units, line.unit_price * units, shipping, "CNL-OUT-OF-STOCK")]
    )


def test_a_customers_cancelation_reaches_bluecherry_before_picking_and_a_person_after_it(
    bench: Callable[..., Any],
) -> None:
    house = in_bluecherry(bench)
    house.sandbox.scenario("cancelled_at_zero")
    rows = house.rows(
        "select order_id, any_value(order_line_id) as order_line_id, any_value(quantity) as units"
        f" from order_line_facts where order_id in ({STILL_OPEN})"
        " group by order_id having count(*) = 1 order by order_id limit 2",
        now=house.house.clock.now(),
    )
    early, late = rows
    customer_cancels(house, early["order_id"], early["order_line_id"], early["units"])
    for _ in range(2):  # a count may take the place of a look
        house.advance(1)
        house.run("orders")
    passed_on = house.rows("select subject, state from intent_facts where intent_kind = 'cancel_sales_line'")
    house.sandbox.scenario("ship_all")  # picked and gone before anybody knew
    customer_told = house.sandbox.state("john_lewis")["orders"][late["order_id"]]["state"]
    customer_cancels(house, late["order_id"], late["order_line_id"], late["units"])
    for flow in ("orders", "orders", "watch"):
        house.advance(1)
        house.run(flow)
    sales = house.sandbox.state("bluecherry")["sales_orders"]
    there = {line["ext_line_id"]: line for order in sales for line in order["lines"]}
    opened = house.rows(
        "select exception_subject, detail from exception_facts"
        " where exception_kind = 'cancelled_after_pick' and is_open"
    )
    shown = house.rows(
        "select price_amount, quantity, cancelled_quantity from order_line_facts where order_line_id = $id",
        id=early["order_line_id"],
    )

    assert passed_on == [{"subject": f"{early['order_line_id']}/0", "state": "confirmed"}]
    assert there[early["order_line_id"]]["qty_cancelled"] == early["units"]
    assert customer_told == "SHIPPING"
    assert there[late["order_line_id"]]["qty_shipped"] == late["units"]
    assert [one["exception_subject"] for one in opened] == [late["order_line_id"]]
    assert "John Lewis wants 0" in opened[0]["detail"]
    # shown with nothing left of it, it is kept as it was sold
    assert shown[0]["price_amount"] > 0
    assert shown[0]["quantity"] == shown[0]["cancelled_quantity"] == early["units"]


def live_in_bluecherry(house: Any) -> dict[str, int]:
    """Units of each John Lewis line that BlueCherry would send or has sent."""
    return {
        line["ext_line_id"]: line["qty"] - line["qty_cancelled"]
        for order in house.sandbox.state("bluecherry")["sales_orders"]
        for line in order["lines"]
    }


@pytest.mark.parametrize("shown", ["cancelled_as_sold", "cancelled_shrinks"])
def test_a_part_a_customer_cancels_is_cancelled_in_bluecherry_once_however_john_lewis_shows_it(
    bench: Callable[..., Any], shown: str
) -> None:
    """Mirakl does not say whether a line's quantity shrinks by what is cancelled of it."""
    house = in_bluecherry(bench, sold="in_threes")
    house.advance(10)
    house.run("orders")
    house.sandbox.scenario(shown)
    first, second = house.rows(
        "select order_id, order_line_id, quantity, price_amount from order_line_facts where quantity > 1"
        f" and order_id in ({STILL_OPEN}) order by order_line_id limit 2",
        now=house.house.clock.now(),
    )
    erp = house.house.erp
    refusals: list[str] = []

    def locked(port: Any, ord_num: str, line_number: int, quantity: int, reason: str) -> None:
        if not refusals:
            refusals.append(ord_num)
            raise Refused("no", status=422, code="CREDIT_HOLD", reason="the account is on hold")
        port.cancel_line(ord_num, line_number, quantity, reason)

    house.house.erp = Between(erp, cancel_line=locked)
    customer_cancels(house, first["order_id"], first["order_line_id"], 1)
    for flow in ("orders", "orders", "watch"):
        house.advance(1.05)
        house.run(flow)
    waiting = house.rows(
        "select exception_id, cause, order_id from exception_facts"
        " where is_open and exception_kind = 'uncancelled_in_erp'"
    )
    before = live_in_bluecherry(house)[first["order_line_id"]]
    counter = Counter(house)
    mended = counter.ask(ask.Retry(exception_id=waiting[0]["exception_id"]))
    counter.close()
    customer_cancels(house, second["order_id"], second["order_line_id"], 1)
    for _ in range(5):
        house.advance(3)
        house.run("orders")
    there = live_in_bluecherry(house)
    known = house.rows(
        "select order_line_id, quantity, cancelled_quantity, price_amount, cancelled_amount from order_line_facts"
        " where order_line_id in ($first, $second) order by order_line_id",
        first=first["order_line_id"], second=second["order_line_id"],
    )  # fmt: skip

    assert [(row["cause"], row["order_id"]) for row in waiting] == [("CREDIT_HOLD", first["order_id"])]
    assert before == first["quantity"]
    assert mended["answer"]["mended"] == 1
    for line, row in zip((first, second), known, strict=True):
        assert there[line["order_line_id"]] == line["quantity"] - 1
        assert (row["quantity"], row["cancelled_quantity"]) == (line["quantity"], 1)
        assert row["price_amount"] == line["price_amount"]
        assert row["cancelled_amount"] == line["price_amount"] / line["quantity"]
    assert differences(house) == []
    assert house.rebuild_differences() == {}


def test_a_short_pick_is_passed_on_only_by_a_word_and_the_rest_is_confirmed(bench: Callable[..., Any]) -> None:
    house = in_bluecherry(bench, sold="in_threes")
    house.sandbox.scenario("hand_quantity_down")
    house.advance(1)
    house.run("orders")
    row, *_ = [one for one in differences(house) if one["drift_class"] == "quantity"]
    house.sandbox.scenario("ship_all")
    house.advance(1)
    for flow in ("orders", "dispatch", "orders"):
        house.run(flow)
    before = house.sandbox.state("john_lewis")["orders"][row["order_id"]]
    answered(house, row, "confirm_rest", reason_code="CNL-SHORT-PICK")
    for _ in range(2):
        house.advance(2)
        house.run("orders")
    after = house.sandbox.state("john_lewis")["orders"][row["order_id"]]

    assert (before["state"], before["cancelations"]) == ("SHIPPING", [])
    assert [(one["order_line_id"], one["quantity"]) for one in after["cancelations"]] == [
        (row["order_line_id"], row["short_quantity"])
    ]
    assert [one for one in differences(house) if one["order_id"] == row["order_id"] and one["is_open"]] == []


def test_an_answer_that_does_not_fit_is_refused_with_what_would(bench: Callable[..., Any]) -> None:
    house = in_bluecherry(bench)
    row = edited(house, "warehouse_changed")

    with pytest.raises(Refusal, match="no line at John Lewis to cancel"):
        answered(house, row, "cancel_line", reason_code="CNL-OUT-OF-STOCK")
    with pytest.raises(Refusal, match="Say why"):
        answered(house, row, "accept", why=" ")
    assert "until BlueCherry shows it put back" in answered(house, row, "revert")["message"]
    assert [one["answer"] for one in differences(house)] == ["revert"]


@pytest.mark.parametrize("drift_class", sorted(set().union(*CLASSES.values(), {"order_number"})))
def test_finance_has_put_back_what_is_theirs_alone(drift_class: str) -> None:
    """Of a short line the last word counts: theirs would stop what ops has cancelled at John Lewis."""
    command = ask.AnswerDrift(
        order_id="JL1-A", drift_class=drift_class, drift_subject="JL1-A-1", answer="revert", why="it was agreed"
    )
    roles, _ = command.rights()

    assert ("finance" in roles) == (kind_of(f"drift_{drift_class}", "").owner == "finance")
    assert "ops" in roles


def test_what_differs_stays_as_it_is_only_by_the_word_of_somebody_who_may_approve(
    bench: Callable[..., Any],
) -> None:
    house = in_bluecherry(bench)
    row = edited(house, "price_changed")
    counter = Counter(house)

    def say(
        answer: Literal["confirm_rest", "revert", "accept"], role: Role, *, is_approver: bool = False
    ) -> dict[str, Any]:
        command = ask.AnswerDrift(
            order_id=row["order_id"], drift_class=row["drift_class"], drift_subject=row["subject"], answer=answer,
            why="it was agreed", shown_mark=row["shown_mark"],
        )  # fmt: skip
        return counter.ask(command, role=role, is_approver=is_approver)

    plain = say("accept", "ops")
    finance = say("confirm_rest", "finance", is_approver=True)
    before = differences(house)[0]["answer"]
    put_back = say("revert", "finance")
    approved = say("accept", "finance", is_approver=True)
    after = differences(house)[0]["answer"]
    again = say("revert", "ops")
    counter.close()

    assert plain["message"] == "Ops may not approve; answer_drift needs the right to approve."
    assert finance["message"] == "Ops is finance; answer_drift may be given by admin or ops."
    assert (before, put_back["state"], approved["state"], after) == ("", "done", "done", "accept")
    assert again["state"] == "done"
