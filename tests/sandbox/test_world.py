"""The world both systems stand in: one clock, one seed, a history worth looking at."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from sync.sandbox.catalogue import CHANNEL, build_catalogue, check_digit
from sync.sandbox.world import World

START_ON = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    world = World(seed=5, start=START_ON - timedelta(days=40), skus=150, orders_per_day=25)
    world.play_history(START_ON)
    return world


def test_what_falls_due_happens_in_order_at_its_moment() -> None:
    world = World(seed=1, start=START_ON, skus=10, orders_per_day=0)
    seen: list[tuple[str, datetime]] = []
    world.after(2, lambda: seen.append(("second", world.now)))
    world.after(1, lambda: seen.append(("first", world.now)))

    world.advance(10)

    assert seen == [
        ("first", START_ON + timedelta(minutes=1)),
        ("second", START_ON + timedelta(minutes=2)),
    ]
    assert world.now == START_ON + timedelta(minutes=10)


def test_a_naive_start_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        World(seed=1, start=datetime(2026, 1, 1), skus=10, orders_per_day=0)  # noqa: DTZ001


def test_the_same_seed_gives_the_same_history() -> None:
    def play() -> dict[str, object]:
        world = World(seed=9, start=START_ON - timedelta(days=2), skus=40, orders_per_day=20)
        world.play_history(START_ON)
        return world.john_lewis.state()

    assert play() == play()


def test_identifiers_are_valid_but_for_a_few_bad_ones(world: World) -> None:
    eans = [sku.ean for sku in world.skus]
    upcs = Counter(sku.upc for sku in world.skus if sku.upc)

    assert sum(not ean for ean in eans) == 2
    assert sum(bool(ean) and check_digit(ean[:-1]) != ean[-1] for ean in eans) == 1
    assert [count for count in upcs.values() if count > 1] == [2]
    assert sum(upc != upc.strip() for upc in upcs) == 1
    assert any(sku.style.startswith("0") for sku in world.skus)
    assert max(len(sku.shop_sku) for sku in world.skus) <= 40
    assert not any("/" in sku.shop_sku for sku in world.skus)


def test_offers_without_an_exact_sellable_sku_are_under_two_in_a_hundred() -> None:
    offers = World(seed=1, start=START_ON, skus=400, orders_per_day=0).john_lewis.offers.values()
    bad = [offer for offer in offers if offer.sku_key is None]

    assert 0 < len(bad) <= 0.02 * len(offers)
    assert all(offer.quantity > 0 for offer in bad)


def test_children_pay_no_vat_and_lie_in_the_second_warehouse(world: World) -> None:
    children = [sku for sku in world.skus if sku.division == "NMC"]

    assert {sku.vat_rate for sku in children} == {Decimal(0)}
    assert {world.home_warehouse(sku) for sku in children} == {"WH2"}
    assert all(CHANNEL not in sku.destinations for sku in world.skus if sku.division == "NMH")


def test_the_history_has_orders_in_every_state_and_they_are_in_the_erp(world: World) -> None:
    states = Counter(order.state for order in world.john_lewis.orders.values())
    shipped = {
        order_id
        for order_id, order in world.john_lewis.orders.items()
        if order.state in ("SHIPPED", "RECEIVED", "CLOSED")
    }
    in_erp = {order.po_num for order in world.bluecherry.book.orders}

    assert set(states) >= {"SHIPPING", "SHIPPED", "RECEIVED", "CLOSED", "CANCELED"}
    assert shipped <= in_erp
    assert len(shipped) > 0.8 * len(world.john_lewis.orders)


def test_no_line_of_the_history_is_in_the_erp_twice(world: World) -> None:
    in_erp = Counter(
        line.ext_line_id for order in world.bluecherry.book.orders for line in order.lines if line.ext_line_id
    )

    assert max(in_erp.values()) == 1


def test_a_basket_across_warehouses_is_one_sales_order_for_each(world: World) -> None:
    split = Counter(order.po_num for order in world.bluecherry.book.orders)

    share = sum(count > 1 for count in split.values()) / len(split)

    assert 0.005 < share < 0.08


def test_the_running_balance_and_the_payouts_hold(world: World) -> None:
    ledger = world.john_lewis.ledger
    balance = Decimal(0)
    for row in ledger.rows:
        balance += row.credited - row.debited
        assert row.balance == balance

    assert len(ledger.cycles) >= 3
    for cycle in ledger.cycles:
        rows = [row for row in ledger.rows if row.cycle_id == cycle.cycle_id]
        net = sum(row.amount for row in rows if row.type != "PAYMENT")
        assert net == cycle.net
        assert [row.debited for row in rows if row.type == "PAYMENT"] == ([net] if cycle.paid_at else [])


def test_each_line_earned_what_the_ledger_says(world: World) -> None:
    for order in world.john_lewis.orders.values():
        if order.debited_at is None:
            continue
        rows = world.john_lewis.ledger.of_order(order.order_id)
        for line in order.lines:
            back = sum((change.commission_fee + change.commission_vat for change in line.changes), Decimal(0))
            earned = line.amount_left + line.shipping_left - line.commission_fee - line.commission_vat + back
            booked = sum((row.amount for row in rows if row.line_id == line.line_id), Decimal(0))
            assert booked == (earned if any(row.line_id == line.line_id for row in rows) else 0)


def test_after_the_history_nobody_accepts_by_itself() -> None:
    world = World(seed=5, start=START_ON - timedelta(days=1), skus=60, orders_per_day=30)
    world.play_history(START_ON)
    before = set(world.john_lewis.orders)

    world.advance(240)
    fresh = [order for order_id, order in world.john_lewis.orders.items() if order_id not in before]

    assert fresh
    assert {order.state for order in fresh} == {"WAITING_ACCEPTANCE"}


def test_silent_customers_place_no_order_and_a_burst_places_fifty() -> None:
    world = World(seed=5, start=START_ON, skus=60, orders_per_day=200)
    world.scenario("no_orders")
    world.advance(600)
    silent = len(world.john_lewis.orders)
    world.scenario("burst")
    burst = len(world.john_lewis.orders)
    world.scenario("orders")
    world.advance(120)

    assert (silent, burst) == (0, 50)
    assert len(world.john_lewis.orders) > 50


def test_in_live_mode_a_customer_comes_at_least_every_two_minutes() -> None:
    world = World(seed=5, start=START_ON, skus=60, orders_per_day=5)
    world.live = True

    world.advance(400)  # the customer already on the way was not told
    moments = [order.created_at for order in world.john_lewis.orders.values()]

    gaps = [after - before for before, after in pairwise(moments)]
    assert moments
    assert max(gaps) <= timedelta(minutes=2)


def test_customers_cancel_return_complain_and_do_not_pay_on_request(world: World) -> None:
    john_lewis = world.john_lewis

    def count(what: str) -> int:
        return sum(len(getattr(line, what)) for order in john_lewis.orders.values() for line in order.lines)

    cancelled, refunded, placed = count("cancelations"), count("refunds"), len(john_lewis.orders)
    world.scenario("cancel_some")
    world.scenario("refund_some")
    world.scenario("incident_some")
    world.scenario("unpaid")
    world.scenario("spanning")

    assert count("cancelations") == cancelled + 5
    assert count("refunds") > refunded
    assert any(order.has_incident for order in john_lewis.orders.values())
    assert len(john_lewis.orders) == placed + 10
    with pytest.raises(KeyError):
        world.scenario("no such thing")


def test_a_catalogue_has_as_many_skus_as_asked_each_once() -> None:
    world = World(seed=2, start=START_ON, skus=333, orders_per_day=0)

    assert len({sku.key for sku in world.skus}) == 333
    assert build_catalogue(World(seed=2, start=START_ON, skus=1, orders_per_day=0).rng("x"), 7)
