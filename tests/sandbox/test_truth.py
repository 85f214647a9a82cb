"""The sandbox counts who was sold what nobody had, and who was sent away from what there was."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.sandbox.catalogue import Sku
from sync.sandbox.world import World

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World(seed=5, start=NOON, skus=30, orders_per_day=0)


@pytest.fixture
def sku(world: World) -> Sku:
    """One with at least four units that are listed as they are."""
    offers = world.john_lewis.offers
    return next(
        sku
        for sku in world.skus
        if sku.shop_sku in offers and offers[sku.shop_sku].sku_key and world.truth.really_there(sku) >= 4
    )


def test_a_sale_of_what_the_web_shop_took_since_the_batch_is_oversold(world: World, sku: Sku) -> None:
    there = world.truth.really_there(sku)
    assert world.bluecherry.stock_out(sku.key, there - 1, "web") == there - 1
    order = world.john_lewis.place_order([(sku.shop_sku, 3)])

    (oversold,) = world.john_lewis.state()["oversold"]
    assert (oversold["order_id"], oversold["quantity"], oversold["short"]) == (order.order_id, 3, 2)


def test_what_was_sold_and_has_not_reached_the_erp_is_not_there_any_more(world: World, sku: Sku) -> None:
    there = world.truth.really_there(sku)
    world.john_lewis.place_order([(sku.shop_sku, there)])
    assert world.truth.oversold == []
    world.john_lewis.offers[sku.shop_sku].quantity = 1
    world.john_lewis.place_order([(sku.shop_sku, 1)])

    assert [one["short"] for one in world.truth.oversold] == [1]


def test_a_visitor_is_turned_away_only_from_what_is_really_there(world: World, sku: Sku) -> None:
    there = world.truth.really_there(sku)
    world.truth.turn_away(sku, 2, shown=there)
    world.truth.turn_away(sku, 2, shown=there - 1)

    assert [(one["sku"], one["units"]) for one in world.john_lewis.state()["turned_away"]] == [(sku.shop_sku, 1)]


def test_two_shops_of_one_seed_have_the_same_visitors_whatever_they_list() -> None:
    def played(*, lists_nothing: bool) -> World:
        world = World(seed=7, start=NOON, skus=30, orders_per_day=200)
        if lists_nothing:
            for offer in world.john_lewis.offers.values():
                offer.quantity = 0
        world.advance_to(NOON + timedelta(days=1))
        return world

    open_shop, closed_shop = played(lists_nothing=False), played(lists_nothing=True)
    came_to_closed = [one["at"] for one in closed_shop.truth.turned_away]
    bought = {order.created_at.isoformat() for order in open_shop.john_lewis.orders.values()}

    assert len(came_to_closed) > 100
    assert {at.replace("Z", "+00:00") for at in came_to_closed} >= {*sorted(bought)[:5]}
    assert closed_shop.john_lewis.orders == {}
