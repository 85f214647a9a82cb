"""What customers send back, on both sides of the sandbox: logistics and money are two things."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sync.sandbox.bluecherry_documents import ErpRefusalError
from sync.sandbox.john_lewis_model import Line, Order, Refused
from sync.sandbox.john_lewis_returns import Return
from sync.sandbox.world import World

START_ON = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)


def shop() -> World:
    """A world without customers of its own."""
    world = World(seed=5, start=START_ON, skus=40, orders_per_day=0)
    world.switches["acceptance_automatic"] = True
    world.scenario("no_other_channels")
    return world


def shipped(world: World, units: int = 2) -> tuple[Order, Line]:
    """An order that has left, in BlueCherry and at John Lewis."""
    offer = next(each for each in world.john_lewis.offers.values() if each.quantity >= units and each.sku_key)
    order = world.john_lewis.place_order([(offer.shop_sku, units)])
    world.john_lewis.order_room.settle_payment(order)
    world.earlier._copy(order)
    world.advance(12)
    world.scenario("ship_all")
    world.john_lewis.order_room.set_tracking(
        order.order_id, {"carrier_code": "royal-mail", "tracking_number": "RM1"}
    )
    world.john_lewis.order_room.ship(order.order_id)
    return order, order.lines[0]


def authorised(world: World, sent: Return, units: int = 1) -> dict[str, Any]:
    (sale,) = world.bluecherry.book.by_po_num[sent.order.order_id]
    return world.bluecherry.returns.create(
        {
            "ord_num": sale.ord_num, "po_num": sent.order.order_id, "ref_num2": sent.return_id,
            "detail": {"rows": [{"line_seq": 1, "ext_line_id": sent.line.line_id, "qty": units}]},
        }
    )  # fmt: skip


def test_goods_are_received_against_an_authorisation_and_credited_some_hours_later() -> None:
    world = shop()
    order, line = shipped(world)
    available = world.bluecherry.available()[line.offer_sku]
    sent = world.john_lewis.returns.send_back(order, line, 1, "RFD-SIZE")
    sent.arrives = 1
    answer = authorised(world, sent)
    hidden = list(world.bluecherry.returns.visible())
    world.advance(15)
    seen = [kept.header()["ret_num"] for kept in world.bluecherry.returns.visible()]
    world.scenario("returns_arrive")
    world.advance(3 * 24 * 60)
    (kept,) = world.bluecherry.returns.visible()
    (memo,) = world.bluecherry.returns.memos

    assert hidden == []
    assert seen == [answer["ret_num"]]
    assert (kept.lines[0].received, kept.is_closed, kept.status) == (1, True, "60")
    assert (memo.total, memo.rows[0][1]) == (line.unit_price, 1)
    # what came back lies at the bench: it is not for sale
    assert world.bluecherry.returns.bench == {line.offer_sku: 1}
    assert world.bluecherry.available()[line.offer_sku] == available


def test_a_parcel_without_an_authorisation_waits_at_the_door() -> None:
    world = shop()
    order, line = shipped(world)
    sent = world.john_lewis.returns.send_back(order, line, 1, "RFD-SIZE")
    sent.arrives = 1
    world.scenario("returns_arrive")
    world.advance(4 * 24 * 60)
    before = world.bluecherry.returns.state()
    authorised(world, sent)
    world.advance(4 * 24 * 60)

    assert before == []
    assert [each["lines"][0]["qty_received"] for each in world.bluecherry.returns.state()] == [1]


def test_the_same_return_may_be_authorised_twice_and_its_parcel_comes_once() -> None:
    world = shop()
    order, line = shipped(world)
    sent = world.john_lewis.returns.send_back(order, line, 1, "RFD-SIZE")
    sent.arrives = 1
    first, second = authorised(world, sent), authorised(world, sent)
    world.advance(15)
    world.scenario("returns_arrive")
    world.advance(4 * 24 * 60)

    assert first["ret_num"] != second["ret_num"]
    assert sum(each["lines"][0]["qty_received"] for each in world.bluecherry.returns.state()) == 1


def test_what_never_left_is_not_authorised() -> None:
    world = shop()
    order, line = shipped(world)
    sent = world.john_lewis.returns.send_back(order, line, 1, "RFD-SIZE")

    with pytest.raises(ErpRefusalError, match="INVALID_QTY: 2 were shipped"):
        authorised(world, sent, units=3)


@pytest.mark.parametrize(
    ("who", "refunded"), [("john_lewis_on_receipt", [1]), ("seller", []), ("john_lewis_at_once", [])]
)
def test_who_refunds_is_a_switch_and_a_return_is_received_once(who: str, refunded: list[int]) -> None:
    world = shop()
    world.scenario(f"refunded_by_{who}")
    order, line = shipped(world)
    sent = world.john_lewis.returns.send_back(order, line, 1, "RFD-SIZE")
    world.john_lewis.returns.receive(sent.return_id)

    assert sent.state == "RECEIVED"
    assert [change.quantity for change in line.refunds] == refunded
    with pytest.raises(Refused, match="RECEIVED, not IN_PROGRESS"):
        world.john_lewis.returns.receive(sent.return_id)


def life(world: World) -> list[tuple[str, str, int, Decimal]]:
    """What customers did, and what it cost."""
    return [
        (order.order_id, line.line_id, line.quantity, sum((change.amount for change in line.refunds), Decimal(0)))
        for order in world.john_lewis.orders.values()
        for line in order.lines
    ]


def test_the_customers_of_a_seed_are_the_same_whatever_the_returns_room_does() -> None:
    lives = []
    for reads_its_stream in (False, True):
        world = World(seed=7, start=START_ON - timedelta(days=12), skus=40, orders_per_day=30)
        world.play_history(START_ON)
        if reads_its_stream:
            world.rng("returns").random()
            world.rng("bluecherry returns").random()
        world.advance(2 * 24 * 60)
        lives.append(life(world))

    assert lives[0] == lives[1]


def test_an_authorisation_is_withdrawn_while_nothing_came_and_then_takes_nothing_any_more() -> None:
    world = shop()
    order, line = shipped(world)
    sent, late = (world.john_lewis.returns.send_back(order, line, 1, "RFD-SIZE") for _ in range(2))
    sent.arrives = late.arrives = 1
    numbers = [authorised(world, each)["ret_num"] for each in (sent, late)]
    book = world.bluecherry.returns
    with pytest.raises(ErpRefusalError, match="ORDER_NOT_FOUND"):
        book.cancel({"ret_num": numbers[0]})
    world.advance(15)
    book.cancel({"ret_num": numbers[0]})
    world.scenario("returns_arrive")
    world.advance(4 * 24 * 60)
    kept = {each["ret_num"]: each for each in book.state()}

    assert [kept[number]["is_closed"] for number in numbers] == [True, True]
    assert [kept[number]["lines"][0]["qty_received"] for number in numbers] == [0, 1]
    with pytest.raises(ErpRefusalError, match="ORDER_LOCKED"):
        book.cancel({"ret_num": numbers[1]})
