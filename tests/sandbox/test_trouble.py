"""Ordinary trouble, and what a live world looks like to whoever watches it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.sandbox.trouble import EDITS, UNMAPPED_PARCELS
from sync.sandbox.world import World

SUNDAY_NIGHT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def lived(seed: int = 4, skus: int = 400, orders_per_day: float = 60) -> World:
    world = World(seed=seed, start=SUNDAY_NIGHT - timedelta(days=4), skus=skus, orders_per_day=orders_per_day)
    world.play_history(SUNDAY_NIGHT)
    return world


@pytest.fixture(scope="module")
def troubled() -> tuple[World, set[str], int]:
    """A world gone live, the orders it had before, and how many shipments."""
    world = lived()
    before, shipments = set(world.john_lewis.orders), len(world.bluecherry.shipments)
    world.go_live()
    return world, before, shipments


def test_orders_that_cannot_be_copied_are_paid_and_wait(troubled: Any) -> None:
    world, before, _ = troubled
    fresh = [order for order_id, order in world.john_lewis.orders.items() if order_id not in before]
    names = [order.lines[0].offer_sku for order in fresh]
    known = world.by_shop_sku
    copied = {order.po_num for order in world.bluecherry.book.orders}

    assert {order.state for order in fresh} == {"SHIPPING"}
    assert not copied & {order.order_id for order in fresh}
    assert sum(name not in known and name.strip() not in known for name in names) == 1  # of no SKU at all
    assert sum(name not in known and name.strip() in known for name in names) == 1  # a blank too many
    assert sum(name in known and not known[name].active for name in names) == 1  # discontinued
    assert sum(len(order.customer.city) > 25 for order in fresh) == 1  # an address that fits nowhere


def test_parcels_of_an_unmapped_carrier_wait_with_their_tracking_and_one_has_none(troubled: Any) -> None:
    world, _, shipments = troubled
    left = world.bluecherry.shipments[shipments:]
    unmapped = [shipment for shipment in left if shipment.shipper == "DPX"]
    untracked = [shipment for shipment in left if not any(carton.track_no for carton in shipment.cartons)]

    assert len(unmapped) >= UNMAPPED_PARCELS
    assert all(carton.track_no for shipment in unmapped for carton in shipment.cartons)
    assert len(untracked) == 1
    for shipment in left:
        order = world.john_lewis.orders[shipment.pick.order.po_num]
        assert (order.state, order.confirmations) == ("SHIPPING", [])


def test_sales_orders_were_changed_by_hand_in_every_usual_way(troubled: Any) -> None:
    world, _, _ = troubled
    edited = [
        order for order in world.bluecherry.book.orders if order.last_mod == SUNDAY_NIGHT and order.hand_edits
    ]

    assert {order.hand_edits[-1] for order in edited} == set(EDITS)
    assert all(order.last_user != "API" for order in edited)


def test_trouble_is_a_scenario_of_a_still_world_and_asks_for_nothing_that_is_not_there() -> None:
    world = World(seed=4, start=SUNDAY_NIGHT, skus=10, orders_per_day=0)
    world.scenario("ordinary_trouble")

    assert not world.live
    assert world.john_lewis.orders
    assert world.bluecherry.shipments == []


def test_whoever_watches_sees_an_order_paid_shipped_and_invoiced_while_they_watch() -> None:
    """Accepted and copied at once by the test, as the worker would, on a Sunday night."""
    world = lived()
    world.go_live()
    order = world.demand.buy(will_pay=True)
    assert order is not None
    world.john_lewis.order_room.accept(order.order_id, [(line.line_id, True) for line in order.lines])
    world.advance(5)
    paid = order.state
    for document in documents(world, order):
        world.bluecherry.create_order(document)
    world.advance(60)
    sales = world.bluecherry.book.by_po_num[order.order_id]

    assert paid == "SHIPPING"
    assert all(line.shipped == line.qty for each in sales for line in each.lines)


def documents(world: World, order: Any) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Any]] = {}
    for line in order.lines:
        sku = world.by_shop_sku[line.offer_sku]
        groups.setdefault((sku.division, world.home_warehouse(sku)), []).append(line)
    return [
        world.earlier._document(order, division, warehouse, lines)
        for (division, warehouse), lines in groups.items()
    ]
