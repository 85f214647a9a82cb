"""An order lives its whole life, from the customer's click to the payout, and every number is followed back."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from store import reads
from store.clock import wall_now
from tests.journeys.truth import confirmed_once, lines_once

PEACE = ("no_hand_edits", "relaxed_limits", "no_orders", "acceptance_manual")
CYCLES = 8  # weeks; billing cycles close twice a month and are paid some days later
OUTSIDE = {"order.placed", "order.changed", "sales_order.read", "shipment.posted", "ledger.booked"}


def placed(home: Any) -> str:
    """A customer's basket, seen by the worker; its order id."""
    before = set(home.sandbox.state("john_lewis")["orders"])
    home.sandbox.scenario("spanning")
    home.advance(1, "orders")
    return str(min(set(home.sandbox.state("john_lewis")["orders"]) - before))


def truth(home: Any, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = home.sandbox.state("john_lewis")["orders"][order_id]
    return found


def step(home: Any, order_id: str, minutes: float, wanted: str, *scenarios: str) -> None:
    """Let time pass until the order has come so far."""
    for _ in range(12):
        if truth(home, order_id)["state"] == wanted:
            return
        for name in scenarios:
            home.sandbox.scenario(name)
        home.advance(minutes, "orders", "dispatch")
    assert truth(home, order_id)["state"] == wanted


def until_paid(home: Any, order_id: str) -> None:
    for _ in range(CYCLES):
        home.advance(7 * 24 * 60, "settlement", "orders")
        lines = home.rows("select * from ledger where order_id = $id", id=order_id)
        if lines and all(line["payment_state"] == "PAID" for line in lines):
            return
    raise AssertionError(f"{order_id} was not paid within {CYCLES} weeks")


def test_an_order_goes_from_placement_to_payout_and_every_step_shows_its_words(house: Callable[..., Any]) -> None:
    home = house(orders_per_day=10)
    for name in PEACE:
        home.sandbox.scenario(name)
    worker = home.start()
    home.advance(1)
    order_id = placed(home)
    step(home, order_id, 5, "SHIPPING")
    step(home, order_id, 20, "SHIPPED", "ship_all")
    step(home, order_id, 5, "RECEIVED", "deliver")
    until_paid(home, order_id)
    assert home.stop(worker) == 0
    market, erp = home.sandbox.state("john_lewis"), home.sandbox.state("bluecherry")

    # one sales order for each warehouse the basket spans, each line in one of them, confirmed as it was shipped
    assert len({one["ord_num"] for one in erp["sales_orders"] if one["po_num"] == order_id}) > 1
    assert lines_once({"orders": {order_id: market["orders"][order_id]}}, only(erp, order_id), set()) == []
    assert confirmed_once({"orders": {order_id: market["orders"][order_id]}}, erp, set()) == []

    # every payout is what John Lewis says it is, line by line
    paid = {one["voucher"]: one for one in market["payouts"] if one["state"] == "PAID"}
    here = {one["voucher"]: one for one in reads.settlement(home.window().ask, wall_now()).to_dicts()}
    lines = home.rows(
        "select voucher, count(*) as n from ledger where type <> 'PAYMENT' and voucher in "
        "(select voucher from ledger where order_id = $id) group by voucher",
        id=order_id,
    )
    assert lines
    for voucher, count in ((one["voucher"], one["n"]) for one in lines):
        assert here[voucher]["amount"] == Decimal(paid[voucher]["amount"])
        assert count == paid[voucher]["rows"]
        assert (here[voucher]["state"], here[voucher]["unexplained_amount"]) == ("PAID", Decimal(0))

    # whatever an outside system told stands in the words it used
    story = reads.order_timeline(home.window().ask, order_id).to_dicts()
    assert {one["kind"] for one in story} >= OUTSIDE
    for moment in story:
        if moment["kind"] in OUTSIDE:
            words = reads.payload(home.window().ask, moment["snapshot_id"])
            assert words is not None, moment["kind"]
            subject = moment["subject"] if moment["kind"] == "ledger.booked" else order_id
            assert subject in words.body, moment["kind"]
    assert home.rebuild_differences() == {}

    # years later its customer is forgotten, and nothing else is
    known = home.rows("select order_id, total_amount from order_facts order by order_id")
    assert {one["order_id"] for one in home.rows("select order_id from personal")} >= {order_id}
    worker = home.start(settings={"CHERRYLANE_PERSONAL_DAYS": "1"})
    home.advance(24 * 60)  # it is done once a night
    assert home.stop(worker) == 0
    assert home.rows("select * from personal") == []
    assert home.rows("select order_id, total_amount from order_facts order by order_id") == known
    assert home.rebuild_differences() == {}


def only(erp: dict[str, Any], order_id: str) -> dict[str, Any]:
    """BlueCherry's sales orders of one order."""
    return {"sales_orders": [one for one in erp["sales_orders"] if one["po_num"] == order_id]}
