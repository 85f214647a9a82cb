"""The world both systems stand in: one clock, one seed, a history worth looking at."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from sync.sandbox.__main__ import FIRST_MAPPINGS
from sync.sandbox.catalogue import CHANNEL, JL_CARRIERS, SHIPPERS, build_catalogue, check_digit
from sync.sandbox.deadlines import LONDON
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


STATES = (
    "STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING", "SHIPPED", "RECEIVED",
    "CLOSED", "REFUSED", "CANCELED",
)  # fmt: skip


@pytest.mark.parametrize(("seed", "orders_per_day"), [(1, 60.0), (2, 60.0), (3, 10.0)])
def test_a_history_of_45_days_has_orders_in_every_state(seed: int, orders_per_day: float) -> None:
    world = World(seed=seed, start=START_ON - timedelta(days=45), skus=150, orders_per_day=orders_per_day)
    world.play_history(START_ON)
    orders = world.john_lewis.orders.values()
    lines = [line for order in orders for line in order.lines]
    sales = {order.status for order in world.bluecherry.book.orders}

    assert {order.state for order in orders} == set(STATES)
    assert {line.state for line in lines} == {*STATES, "INCIDENT_OPEN", "REFUNDED"}
    assert any(line.cancelations for line in lines)
    assert {"CNL-CUSTOMER", "PAYMENT-REFUSED"} <= {order.reason_code for order in orders}
    assert sales >= {"20", "30", "50", "60", "90"}  # open, picked, shipped, invoiced, cancelled
    assert {row.state for row in world.john_lewis.ledger.rows} == {"PENDING", "PAYABLE", "PAID"}
    assert {row.type for row in world.john_lewis.ledger.rows} >= {
        "ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT", "COMMISSION_FEE", "COMMISSION_VAT", "REFUND_ORDER_AMOUNT",
        "REFUND_COMMISSION_FEE", "REFUND_COMMISSION_VAT", "SUBSCRIPTION_FEE", "SUBSCRIPTION_VAT", "MANUAL_CREDIT",
        "MANUAL_CREDIT_VAT", "PAYMENT",
    }  # fmt: skip


def test_late_dispatches_are_fined_with_the_tax_on_it(world: World) -> None:
    fines = [row for row in world.john_lewis.ledger.rows if row.type == "SELLER_PENALTY_FEE"]
    taxes = [row for row in world.john_lewis.ledger.rows if row.type == "SELLER_PENALTY_FEE_TAX"]

    assert fines
    assert [(row.amount, row.order) for row in taxes] == [(row.amount / 5, row.order) for row in fines]
    for row in fines:
        assert row.order is not None
        assert row.order.shipped_at is not None
        assert row.order.shipping_deadline is not None
        assert row.order.shipped_at > row.order.shipping_deadline


def test_a_refund_falls_in_a_later_cycle_than_its_sale(world: World) -> None:
    closed = {cycle.cycle_id: cycle.created_at for cycle in world.john_lewis.ledger.cycles}
    sold = {
        row.line_id: closed[row.cycle_id]
        for row in world.john_lewis.ledger.rows
        if row.type == "ORDER_AMOUNT" and row.cycle_id
    }
    later = [
        row
        for row in world.john_lewis.ledger.rows
        if row.type == "REFUND_ORDER_AMOUNT" and row.cycle_id and closed[row.cycle_id] > sold[row.line_id]
    ]

    assert len(later) > 5


def test_demand_has_a_heavy_tail_and_the_shape_of_the_week(world: World) -> None:
    orders = list(world.john_lewis.orders.values())
    sold = Counter(line.offer_sku for order in orders for line in order.lines)
    most = [count for _, count in sold.most_common()]
    hours = Counter(order.created_at.astimezone(LONDON).hour for order in orders)
    days = Counter(order.created_at.astimezone(LONDON).weekday() for order in orders)

    assert sum(most[: len(world.skus) // 10]) > 0.3 * sum(most), "a tenth of the SKUs sells a third of the units"
    assert sum(hours[hour] for hour in range(19, 23)) > 4 * sum(hours[hour] for hour in range(1, 5))
    assert days[6] > sum(days.values()) / 7, "Sundays are busiest"


def test_some_customers_never_pay_and_their_orders_end_cancelled(world: World) -> None:
    unpaid = [order for order in world.john_lewis.orders.values() if not order.will_pay]

    assert 0.003 < len(unpaid) / len(world.john_lewis.orders) < 0.05
    for order in unpaid:
        assert order.state in {"CANCELED", "REFUSED", "WAITING_DEBIT_PAYMENT"}
        assert world.john_lewis.ledger.of_order(order.order_id) == []


def test_the_open_orders_of_the_erp_hold_next_seasons_prebooks_and_work_orders_for_them(world: World) -> None:
    booked = [each for each in world.bluecherry.stock.positions.values() if each.prebook]

    assert booked
    assert all(each.open_orders >= each.prebook and each.wip >= each.prebook for each in booked)
    assert all(each.sku.season != "CORE" for each in booked)


def test_customers_are_varied_british_and_sometimes_awkward(world: World) -> None:
    customers = [order.customer for order in world.john_lewis.orders.values()]

    assert len({(each.firstname, each.lastname) for each in customers}) > 100
    assert len({each.city for each in customers}) > 12
    assert any(len(each.street_1) > 40 for each in customers)
    assert any(len(each.city) > 25 for each in customers)
    assert any("'" in each.lastname and not each.firstname.isascii() for each in customers)
    assert any(each.company and '"' in each.company for each in customers)
    assert any(each.zip_code.islower() or " " not in each.zip_code for each in customers)
    assert all(each.email.endswith(".example") and each.phone.startswith("07700900") for each in customers)


def test_one_ship_via_of_the_erp_is_no_carrier_of_the_marketplace_and_is_used(world: World) -> None:
    unmapped = {each.code for each in SHIPPERS} - set(FIRST_MAPPINGS["carrier"])
    registered = {each.code for each in JL_CARRIERS}

    assert unmapped == {"DPX"}
    assert set(FIRST_MAPPINGS["carrier"].values()) <= registered
    assert any(shipment.shipper == "DPX" for shipment in world.bluecherry.shipments)
    assert any(len(shipment.cartons) > 1 for shipment in world.bluecherry.shipments)


def test_people_edit_orders_by_hand_all_through_the_history(world: World) -> None:
    assert len({kind for order in world.bluecherry.book.orders for kind in order.hand_edits}) > 2


def test_some_warehouses_are_not_for_this_channel_and_nothing_of_theirs_counts(world: World) -> None:
    elsewhere = [
        each
        for each in world.bluecherry.stock.positions.values()
        if each.location in {"WH9", "QA", "RET"} and each.on_hand > 0
    ]
    before = world.bluecherry.available()
    kept = [each.on_hand for each in elsewhere]
    for each in elsewhere:
        each.on_hand = 0
    after = world.bluecherry.available()
    for each, units in zip(elsewhere, kept, strict=True):
        each.on_hand = units

    assert elsewhere
    assert before == after


@pytest.mark.parametrize("seed", range(1, 9))
def test_every_sort_of_bad_identifier_is_in_every_catalogue(seed: int) -> None:
    world = World(seed=seed, start=START_ON, skus=400, orders_per_day=0)
    sold = [sku for sku in world.skus if sku.active]
    offers = [offer.shop_sku for offer in world.john_lewis.offers.values()]
    known = set(world.by_shop_sku)

    assert any(not sku.ean and not sku.upc for sku in sold)
    assert any(not sku.ean and sku.upc for sku in sold)
    assert max(Counter(sku.upc.strip() for sku in sold if sku.upc).values()) == 2
    assert any(sku.upc.endswith(" ") for sku in sold)
    assert any(sku.ean and check_digit(sku.ean[:-1]) != sku.ean[-1] for sku in sold)
    assert any(sku.color_code.islower() for sku in sold)
    assert any(sku.style.startswith("0") for sku in sold)
    assert any(not sku.active for sku in world.skus)
    assert any(name not in known and name.strip() in known for name in offers)
    assert any(name not in known and name.upper() in known for name in offers)
    assert any(name not in known and name.replace("-", "-0", 1) in known for name in offers)


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
    world = World(seed=5, start=START_ON, skus=200, orders_per_day=5)
    world.advance(1)
    since, before = world.now, set(world.john_lewis.orders)
    world.go_live()

    world.advance(150)  # before the shelves are empty
    fresh = [order.created_at for name, order in world.john_lewis.orders.items() if name not in before]

    gaps = [after - earlier for earlier, after in pairwise([since, *fresh])]
    assert fresh
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
