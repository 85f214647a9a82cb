"""Returns on the real sandbox: authorised once, told of once, and refunded by one side only."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from store import commands as ask
from sync.errors import Refused, Unclear
from sync.rules.return_frees import freed_by
from sync.runs import Scope
from tests.flows.between import Between
from tests.flows.desk import Counter as Desk

DAY = 24 * 60
OURS = {"refunded_by": "seller", "refund_reason": "RFD-SIZE"}


def sent_out(begin: Callable[..., Any], *, who: str = "john_lewis_at_once", **more: Any) -> Any:
    """A house whose burst of orders has left and was received, with a few of them on their way back."""
    house = begin(days=0.05, orders_per_day=0, skus=60, **more)
    names = ("no_orders", "no_hand_edits", "relaxed_limits", "no_other_channels", f"refunded_by_{who}", "burst")
    for name in names:
        house.sandbox.scenario(name)
    for minutes in (0, 12, 12):
        house.advance(minutes)
        for flow in ("catalogue", "orders"):
            house.run(flow)
    house.sandbox.scenario("ship_all")
    house.advance(2)
    for flow in ("orders", "dispatch", "orders"):
        house.run(flow)
    house.sandbox.scenario("deliver")
    house.sandbox.scenario("return_some")
    house.advance(6)
    return house


def looked(house: Any, *, minutes: float = 12, times: int = 3) -> None:
    """Let time pass and look, until what was unclear is known."""
    for _ in range(times):
        house.advance(minutes)
        for flow in ("orders", "returns"):
            house.run(flow)


def truth(house: Any) -> dict[str, dict[str, Any]]:
    """John Lewis's returns by id."""
    return {one["id"]: one for one in house.sandbox.state("john_lewis")["returns"]}


def authorised(house: Any) -> Counter[tuple[str, str]]:
    """How many return authorisations BlueCherry has of each return and line."""
    return Counter(
        (one["return_id"], line["ext_line_id"])
        for one in house.sandbox.state("bluecherry")["returns"]
        for line in one["lines"]
    )


def refunds(house: Any) -> Counter[str]:
    """Units refunded of each line that has a return."""
    back = {one["order_line_id"] for one in truth(house).values()}
    return Counter(
        {
            line_id: sum(change["quantity"] for change in order["refunds"] if change["order_line_id"] == line_id)
            for order in house.sandbox.state("john_lewis")["orders"].values()
            for line_id in {change["order_line_id"] for change in order["refunds"]} & back
        }
    )


def freight_of_what_came_back_whole(house: Any) -> dict[str, Decimal]:
    """The shipping paid for each order of which every unit that left is back."""
    shipped: Counter[str] = Counter()
    back: Counter[str] = Counter()
    erp = house.sandbox.state("bluecherry")
    for order in erp["sales_orders"]:
        shipped[order["po_num"]] += sum(line["qty_shipped"] for line in order["lines"])
    for one in erp["returns"]:
        back[one["po_num"]] += sum(line["qty_received"] for line in one["lines"])
    orders = house.sandbox.state("john_lewis")["orders"]
    return {
        order_id: sum((Decimal(line["shipping_price"]) for line in orders[order_id]["lines"]), Decimal(0))
        for order_id, units in back.items()
        if units == shipped[order_id]
    }


def freight_refunded(house: Any) -> dict[str, Decimal]:
    """The shipping each order got back, once."""
    orders = house.sandbox.state("john_lewis")["orders"].items()
    found = {
        order_id: sum((Decimal(one["shipping_amount"]) for one in order["refunds"]), Decimal(0))
        for order_id, order in orders
    }
    return {order_id: amount for order_id, amount in found.items() if amount}


def test_a_return_is_authorised_once_received_and_told_of_and_john_lewis_alone_refunds(
    bench: Callable[..., Any],
) -> None:
    house = sent_out(bench)
    house.run("returns")
    looked(house)
    there = authorised(house)
    announced = truth(house)
    house.sandbox.scenario("returns_arrive")
    looked(house, minutes=12 * 60, times=4)
    after = truth(house)
    again = house.run("returns")
    rows = house.rows("select * from order_returns($now)", now=house.house.clock.now())

    assert len(announced) == 5
    assert there == Counter({(one["id"], one["order_line_id"]): 1 for one in announced.values()})
    came = {one["id"] for one in after.values() if one["arrives"]}
    assert {one["id"] for one in after.values() if one["state"] == "RECEIVED"} == came
    assert {row["return_id"] for row in rows if row["memo_numbers"]} == came
    assert {row["next_step"] for row in rows if row["return_id"] in came} == {"Nothing: goods and money are back"}
    # each was refunded by John Lewis when it was handed in, and by nobody else
    assert refunds(house) == Counter({one["order_line_id"]: one["quantity"] for one in after.values()})
    assert house.value("select count(*) as n from intent_facts where intent_kind = 'refund_line'") == 0
    assert not {name for name in ("authorised", "received", "refunded") if again.counts[name]}
    assert house.rebuild_differences() == {}


def test_where_we_refund_the_credit_memo_is_passed_on_once_and_never_what_john_lewis_gave(
    bench: Callable[..., Any],
) -> None:
    house = sent_out(bench, who="seller", settings=OURS)
    house.run("returns")
    looked(house)
    before = refunds(house)
    house.sandbox.scenario("returns_arrive")
    looked(house, minutes=12 * 60, times=4)
    came = {one["order_line_id"]: one["arrives"] for one in truth(house).values() if one["arrives"]}

    assert before == Counter()
    assert refunds(house) == Counter(came)
    whole, freight = freight_of_what_came_back_whole(house), freight_refunded(house)
    assert sum(whole.values()) > 0
    assert freight == {order_id: amount for order_id, amount in whole.items() if amount}
    assert house.value("select count(*) as n from conditions_returns($now)", now=house.house.clock.now()) == 0


def test_answers_that_never_came_authorise_receive_and_refund_nothing_twice(bench: Callable[..., Any]) -> None:
    house = sent_out(bench, who="seller", settings=OURS)
    house.sandbox.faults(timeout_after=0.6, timeout_seconds=0.2, only="bluecherry", paths="/api/returnOrder")
    for _ in range(3):
        house.run("returns")
        house.advance(6)
    house.sandbox.faults()
    looked(house)
    lost = house.value("select count(*) as n from events where kind = 'intent.unclear'")
    house.sandbox.scenario("returns_arrive")
    house.advance(DAY)
    house.sandbox.faults(
        timeout_after=1.0, timeout_seconds=0.2, only="john_lewis", paths="/api/(returns/receive|orders/refund)"
    )
    for _ in range(3):
        house.run("returns")
        house.advance(6)
        house.run("orders")
    house.sandbox.faults()
    in_doubt = house.rows(
        "select distinct body ->> 'intent_kind' as kind from events where kind = 'intent.unclear'"
    )
    looked(house, minutes=60, times=4)
    came = {one["order_line_id"]: one["arrives"] for one in truth(house).values() if one["arrives"]}

    assert lost > 0
    assert {row["kind"] for row in in_doubt} == {"create_return", "receive_return", "refund_line"}
    assert set(authorised(house).values()) == {1}
    assert refunds(house) == Counter(came)
    assert house.value("select count(*) as n from intent_facts where state in ('unclear', 'recorded')") == 0


def test_a_refund_nobody_can_be_sure_of_is_sent_for_its_own_exception_alone(bench: Callable[..., Any]) -> None:
    house = sent_out(bench, who="seller", settings=OURS)
    house.run("returns")
    looked(house)
    house.sandbox.scenario("returns_arrive")
    house.advance(DAY)
    market = house.house.marketplace

    def lost(_: Any, __: Any) -> str:
        raise Unclear("the connection was cut before the effect")

    house.house.marketplace = Between(market, refund_line=lost)
    house.run("returns")
    house.house.marketplace = market
    house.advance(1)
    house.run("orders")
    house.advance(30)
    house.run("returns")  # by what was read a minute after the call, half an hour ago, nobody may say what shows
    early = house.rows("select distinct state from intent_facts where intent_kind = 'refund_line'")
    looked(house, minutes=20, times=4)
    waiting = house.rows(
        "select kind, order_id from conditions_returns($now) where kind = 'refund_refused'",
        now=house.house.clock.now(),
    )
    unpaid = refunds(house)
    house.advance(3 * DAY)
    house.run("watch")
    counter = Desk(house)
    other = counter.ask(ask.Retry(exception_kind="received_not_refunded", cause=""))
    unpaid += refunds(house)
    of_it = ask.Retry(exception_kind="refund_refused", cause="unseen")
    foreseen = counter.ask(of_it.model_copy(update={"dry_run": True}))
    sent = counter.ask(of_it)
    counter.close()
    looked(house, minutes=20, times=2)
    came = {one["order_line_id"]: one["arrives"] for one in truth(house).values() if one["arrives"]}

    assert early == [{"state": "unclear"}]
    assert unpaid == Counter()
    assert len(waiting) == len(came) > 1
    assert (other["answer"]["count"], other["answer"]["mended"]) == (len(came), 0)
    assert foreseen["answer"]["difference_count"] == sent["answer"]["count"] == len(came)
    assert f"{len(came)} steps would be taken" in foreseen["message"]
    assert refunds(house) == Counter(came)


def test_money_that_went_back_for_a_parcel_that_never_comes_is_somebodys_next_step(
    bench: Callable[..., Any],
) -> None:
    house = sent_out(bench)
    house.sandbox.scenario("returns_get_lost")
    house.run("returns")
    looked(house)
    house.run("watch")
    soon = house.value("select count(*) as n from exception_facts where exception_kind like 'refunded%'")
    house.advance(22 * DAY)
    for flow in ("returns", "watch"):
        house.run(flow)
    wrong = Counter(
        row["exception_kind"] for row in house.rows("select exception_kind from exception_facts where is_open")
    )

    assert soon == 0
    assert wrong["refunded_not_received"] == 5
    assert not wrong["refunded_twice"] + wrong["received_not_refunded"]


def test_goods_that_came_back_without_a_refund_are_shown_after_three_days(bench: Callable[..., Any]) -> None:
    house = sent_out(bench, who="seller")  # they think we do, and we think they do
    house.run("returns")
    looked(house)
    house.sandbox.scenario("returns_arrive")
    looked(house, minutes=12 * 60, times=2)
    soon = house.value("select count(*) as n from conditions_returns($now)", now=house.house.clock.now())
    house.advance(4 * DAY)
    wrong = house.rows("select kind from conditions_returns($now)", now=house.house.clock.now())
    came = [one for one in truth(house).values() if one["arrives"]]

    assert soon == 0
    assert [row["kind"] for row in wrong] == ["received_not_refunded"] * len(came)
    assert refunds(house) == Counter()


def test_money_and_goods_that_came_back_without_a_return_are_each_shown_once(bench: Callable[..., Any]) -> None:
    house = sent_out(bench)
    house.sandbox.scenario("returns_arrive")
    house.sandbox.scenario("refund_without_return")
    house.sandbox.scenario("goods_without_return")
    looked(house, minutes=12 * 60, times=4)
    house.advance(2 * DAY)
    for flow in ("orders", "returns", "watch"):
        house.run(flow)
    wrong = house.rows(
        "select exception_kind, exception_subject from exception_facts"
        " where is_open and exception_kind in ('refund_without_return', 'goods_without_return') order by 1"
    )
    returned = {one["order_line_id"] for one in truth(house).values()}

    assert [row["exception_kind"] for row in wrong] == ["goods_without_return", "refund_without_return"]
    assert not returned & {row["exception_subject"] for row in wrong}
    assert house.rebuild_differences() == {}


def test_where_we_refund_the_reason_has_to_be_said() -> None:
    from tests.flows.shop import settings_of

    with pytest.raises(ValueError, match="REFUND_REASON does not say"):
        settings_of(refunded_by="seller")


def test_a_return_cancelled_at_john_lewis_is_withdrawn_in_bluecherry_once_and_what_it_refuses_is_somebodys(
    bench: Callable[..., Any],
) -> None:
    house = sent_out(bench)
    house.run("returns")
    looked(house)
    house.sandbox.scenario("cancel_returns")
    erp = house.house.erp
    tried: list[str] = []

    def odd(port: Any, ret_num: str, reason: str) -> None:
        tried.append(ret_num)
        if len(tried) == 1:
            raise Refused("no", status=409, code="ORDER_LOCKED", reason="somebody is editing it")
        port.cancel_return(ret_num, reason)
        if len(tried) == 2:
            raise Unclear("the connection was cut after the effect")

    house.house.erp = Between(erp, cancel_return=odd)
    looked(house)
    refused = house.rows(
        "select subject, cause, order_id from conditions_returns($now)", now=house.house.clock.now()
    )
    house.run("returns", Scope(frees=freed_by("cancelled_return", "ORDER_LOCKED", refused[0]["subject"])))
    looked(house)
    kept = house.sandbox.state("bluecherry")["returns"]

    assert [(row["subject"].rpartition("/")[2], row["cause"]) for row in refused] == [(tried[0], "ORDER_LOCKED")]
    assert Counter(tried) == Counter([one["ret_num"] for one in kept]) + Counter([tried[0]])
    assert [one["status"] for one in kept] == ["90"] * 5
    assert house.value("select count(*) as n from conditions_returns($now)", now=house.house.clock.now()) == 0
    assert house.rebuild_differences() == {}
