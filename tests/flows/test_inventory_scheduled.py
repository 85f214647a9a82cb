"""Wholesale orders that ship before the next batch lands: known withdrawals, taken off once and never twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import polars as pl
import pytest

from store.journal import check_rebuild
from sync.flows.inventory_basis import Basis
from sync.flows.inventory_board import board
from sync.flows.inventory_risk import Foresight, assess, foresight, with_risk
from sync.flows.orders import SALES_SEEN
from sync.flows.orders_seen import SCHEDULED_SEEN
from sync.ports import Address, SalesLineDraft, SalesOrderDraft
from sync.rules.pushes import Decision, Terms, decide
from tests.flows.shop import NEWEST, NEWEST_ID, QUICK, SKEW, SLOW, T_B, WAREHOUSE, Shop, Stall, settings_of, trade
from tests.told import DAY, HOUR, NOW

UNTIL = T_B + 5 * HOUR  # of the stalls' board
SOON, NEXT_SEASON = T_B + 3 * HOUR, NOW + 90 * DAY


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("scheduled") / "store.duckdb", settings_of())
    yield made
    made.told.close()


@pytest.fixture
def stall(store: Shop) -> Stall:
    return Stall(store)


def taken(stall: Stall, later: int, *, location: str = "WH1") -> tuple[int, int]:
    """Of forty on hand and so many kept apart for later orders: what is taken off, and what is left to sell."""
    stall.told.batch("B1", {(stall.sku, location): {"on_hand": 40, "later_orders": later}}, at=T_B)
    row = stall.row()
    return row["scheduled"], row["supply"]


@pytest.mark.parametrize(
    ("case", "later", "orders", "off"),
    [
        ("all of it is beyond the ERP's horizon", 16, (6, 10), 6),
        ("the ERP's horizon has it already: it is off the batch", 10, (6, 10), 0),
        ("the ERP's horizon has a part of it", 12, (6, 10), 2),
        ("an ERP that does not say what is due takes off all", 0, (6, 10), 0),
        ("what else is kept for later has no order we know", 72, (6, 0), 6),
        ("no more than is kept for later", 4, (6, 0), 4),
    ],
)
def test_what_ships_before_the_next_batch_is_taken_off_once(
    stall: Stall, case: str, later: int, orders: tuple[int, int], off: int
) -> None:
    """Orders due by then, and those due only later, against what the batch keeps apart."""
    due, beyond = orders
    stall.told.scheduled(f"{stall.name}-WHS-1", {stall.sku: due}, starts=SOON)
    if beyond:
        stall.told.scheduled(f"{stall.name}-WHS-2", {stall.sku: beyond}, starts=NEXT_SEASON)

    assert taken(stall, later) == (off, 40 - off), case


@pytest.mark.parametrize(
    ("case", "order"),
    [
        ("it ships after the next batch", {"starts": UNTIL}),
        ("it ships on no day any more", {"starts": None}),
        ("the batch does not know it yet", {"starts": SOON, "entered": T_B - SKEW / 2}),
        ("its last day was over", {"starts": T_B - 2 * DAY, "cancels": T_B}),
        ("it ships from elsewhere", {"starts": SOON, "warehouse": "WH9"}),
        ("it had left before the batch", {"starts": SOON, "changed": T_B - HOUR, "left": {"nothing": 0}}),
    ],
)
def test_what_does_not_leave_what_the_batch_has_is_not_taken_off(
    stall: Stall, case: str, order: dict[str, Any]
) -> None:
    stall.told.scheduled(f"{stall.name}-WHS-1", {stall.sku: 6}, **order)

    assert taken(stall, 16) == (0, 40), case


def test_what_was_shipped_since_the_batch_is_still_in_it_and_what_was_cancelled_stays(stall: Stall) -> None:
    name = f"{stall.name}-WHS-1"
    stall.told.scheduled(name, {stall.sku: 6}, starts=SOON)
    stall.told.scheduled(name, {stall.sku: 6}, starts=SOON, changed=T_B + HOUR, left={"nothing": 0})
    shipped = taken(stall, 16)
    stall.told.scheduled(name, {stall.sku: 2}, starts=SOON, changed=T_B + 2 * HOUR)

    assert shipped == (6, 34)
    assert (stall.row()["scheduled"], stall.row()["supply"]) == (2, 38)


BEFORE, SINCE = T_B - HOUR, T_B + HOUR
SEASON, SEASON_OF_TEN = ("season", 6, 6, NEXT_SEASON, BEFORE), ("season", 10, 10, NEXT_SEASON, BEFORE)
DUE = ("due", 6, 6, SOON, BEFORE)


@pytest.mark.parametrize(
    ("case", "later", "readings", "off"),
    [
        ("next season's, shipped early", 6, (SEASON, ("season", 6, 0, NEXT_SEASON, SINCE)), 6),
        ("and nothing of it was read before", 6, (("season", 6, 0, NEXT_SEASON, SINCE),), 6),
        ("shipped early beside a due one", 12, (DUE, SEASON, ("season", 6, 0, NEXT_SEASON, SINCE)), 12),
        (
            "next season's, shipped in part before, hides no due one",
            10, (DUE, ("season", 10, 4, NEXT_SEASON, BEFORE), ("season", 10, 4, NEXT_SEASON, SINCE)), 6,
        ),
        (
            "a due one, shipped in part before, counts with the rest of it",
            34, (("due", 10, 4, SOON, BEFORE), ("due", 10, 4, SOON, SINCE)), 4,
        ),
        ("and with what more of it shipped", 34, (("due", 10, 4, SOON, BEFORE), ("due", 10, 1, SOON, SINCE)), 4),
        (
            "next season's, raised, hides no due one",
            16, (DUE, SEASON_OF_TEN, ("season", 30, 30, NEXT_SEASON, SINCE)), 6,
        ),
        ("raised twice, and not read before", 16, (
            DUE, ("season", 10, 10, NEXT_SEASON, SINCE), ("season", 30, 30, NEXT_SEASON, SINCE + HOUR / 2),
        ), 6),
        (
            "next season's, cancelled, was among the later ones: the due one is off the batch",
            10, (DUE, SEASON_OF_TEN, ("season", 0, 0, NEXT_SEASON, SINCE)), 0,
        ),
        ("next season's, to ship soon now", 10, (SEASON_OF_TEN, ("season", 10, 10, SOON, SINCE)), 10),
        ("the last reading before is the one", 16, (
            DUE, ("season", 30, 30, NEXT_SEASON, BEFORE - HOUR), SEASON_OF_TEN,
            ("season", 30, 30, NEXT_SEASON, SINCE),
        ), 6),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_late_first", [False, True])
def test_what_changed_since_the_batch_is_counted_against_what_the_batch_was_made_of(
    stall: Stall, *, case: str, later: int, readings: tuple[Any, ...], off: int, is_late_first: bool
) -> None:
    """Readings: which order, what it wants, what of it is still to go, when it ships, when that was so."""
    for name, wanted, left, starts, changed in reversed(readings) if is_late_first else readings:
        stall.told.scheduled(
            f"{stall.name}-{name}", {stall.sku: wanted}, starts=starts, changed=changed,
            left={stall.sku: left},
        )  # fmt: skip

    assert taken(stall, later) == (off, 40 - off), case


def test_an_order_that_changed_is_a_reason_to_decide_its_sku_anew(stall: Stall) -> None:
    since = stall.shop.rows("select coalesce(max(seq), 0) as seq from events")[0]["seq"]
    stall.told.scheduled(f"{stall.name}-WHS-1", {stall.sku: 6}, starts=SOON)
    touched = stall.shop.rows("from touched_skus($since, $at)", since=since, at=NOW)

    assert touched == [{"sku": stall.sku}]


# -- what it does to chances, money and quantities ---------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """`shop()`: a busy SKU of ten and a quiet one of twelve, of each as many kept apart for later orders."""
    opened: list[Shop] = []

    def begin(**settings: Any) -> Shop:
        made = Shop(tmp_path / f"store-{len(opened)}.duckdb", settings_of(**settings))
        opened.append(made)
        trade(made)
        units = {QUICK: 10, SLOW: 12}
        shelves = {(sku, WAREHOUSE): {"on_hand": held, "later_orders": held} for sku, held in units.items()}
        made.told.batch(NEWEST_ID, shelves, at=T_B, next_expected=T_B + 4 * HOUR)
        return made

    yield begin
    for each in opened:
        each.told.close()


def decided(shop: Shop, found: Basis = NEWEST) -> tuple[Foresight, Decision]:
    ahead = foresight(shop.run, found)
    assert ahead is not None
    offers = board(shop.run, found, until=ahead.span.window.until)
    decision = decide(with_risk(shop.run, offers, ahead), Terms(NEWEST_ID, may_rise=True))
    assess(shop.run, found, decision.listed(is_sent=True), ahead)
    return ahead, decision


def wholesale(order_id: str, sku_key: str, starts: datetime) -> SalesOrderDraft:
    """An order of two for the wholesale account."""
    home = Address("Brook & Sons", "1 Mill Lane", "", "Leeds", "", "LS1 1AA", "GB")
    line = SalesLineDraft(1, f"{order_id}-1", sku_key, "", 2, Decimal("20.00"), Decimal("4.00"))
    return SalesOrderDraft(
        order_id=order_id, commercial_id="", division="NMK", warehouse="WH1", customer="WHS", ship_via="YDL",
        currency="GBP", starts_on=starts, cancels_on=starts + 7 * DAY, shipping_amount=Decimal(0), lines=(line,),
        ship_to=home, bill_to=home,
    )  # fmt: skip


def of(decision: Decision, sku: str = SLOW) -> dict[str, Any]:
    return decision.rows.row(by_predicate=pl.col("sku") == sku, named=True)


@pytest.mark.parametrize("rule", ["none", "service_level"])
def test_what_leaves_is_not_listed_whatever_the_policy_and_the_number_says_why(
    shop: Callable[..., Shop], rule: str
) -> None:
    before, after = shop(buffer_risk=rule), shop(buffer_risk=rule)
    after.told.scheduled("WHS-1", {SLOW: 12}, starts=T_B + 3 * HOUR)
    _, without = decided(before)
    _, with_it = decided(after)

    assert of(without)["quantity"] > 0
    assert (of(with_it)["scheduled"], of(with_it)["base"], of(with_it)["quantity"]) == (12, 0, 0)
    assert "12 leave on scheduled orders" in of(with_it)["reason"]
    assert of(with_it, QUICK)["quantity"] == of(without, QUICK)["quantity"]


def test_listed_before_the_order_was_known_it_is_at_risk_and_costs_what_that_comes_to(
    shop: Callable[..., Shop],
) -> None:
    """Ten stand at John Lewis, and the two that are left are not enough for what sells until the next batch."""
    risks = []
    for wanted in (0, 10):
        made = shop(buffer_risk="none")
        if wanted:
            made.told.scheduled("WHS-1", {SLOW: wanted}, starts=T_B + 3 * HOUR)
        ahead, decision = decided(made)
        stands = decision.board.with_columns(listed=pl.lit(10))
        made.told.clock.moment += HOUR
        assess(made.run, NEWEST, stands, ahead)
        risks += made.rows("select * from stock_risk_facts where sku = $sku", sku=SLOW)

    assert [(row["base"], row["quantity"], row["is_at_risk"]) for row in risks] == [(12, 10, False), (2, 10, True)]
    assert risks[1]["own_chance"] > 10 * risks[0]["own_chance"]
    assert risks[1]["oversold_units"] > risks[0]["oversold_units"]
    assert risks[1]["cost_amount"] > risks[0]["cost_amount"]


def test_what_if_the_next_batch_came_later_counts_what_would_leave_until_then(shop: Callable[..., Shop]) -> None:
    """Twelve hours on, six more leave."""
    made = shop()
    made.told.scheduled("WHS-1", {QUICK: 3}, starts=T_B + 3 * HOUR)
    made.told.scheduled("WHS-2", {QUICK: 6}, starts=T_B + 9 * HOUR)
    decided(made)
    grids = made.rows("select * from risk_grid_facts where sku = $sku order by interval_hours", sku=QUICK)
    bases = {int(row["interval_hours"]): row["base"] for row in grids}

    assert {hours: bases[hours] for hours in (0, 1, 4, 12, 24)} == {0: 7, 1: 10, 4: 7, 12: 1, 24: 1}


def test_what_if_takes_no_more_of_a_warehouse_than_the_number_itself_where_each_counts_alone(
    shop: Callable[..., Shop],
) -> None:
    """Of eight that leave a warehouse with two units, the other warehouse has none."""
    made = shop(clamp_warehouses=True)
    shelves = {(QUICK, WAREHOUSE): {"on_hand": 10}, (QUICK, "WH2"): {"on_hand": 2, "later_orders": 30}}
    made.told.batch("B-of-two", shelves, at=T_B)
    made.told.scheduled("WHS-1", {QUICK: 8}, starts=T_B + 3 * HOUR, warehouse="WH2")
    decided(made, replace(NEWEST, warehouses=frozenset({WAREHOUSE, "WH2"})))
    grids = made.rows("select * from risk_grid_facts where sku = $sku", sku=QUICK)
    bases = {int(row["interval_hours"]): row["base"] for row in grids}

    assert {hours: bases[hours] for hours in (0, 1, 4, 24)} == {0: 10, 1: 12, 4: 10, 24: 10}


def test_the_page_shows_as_supply_what_the_number_was_made_of(shop: Callable[..., Shop]) -> None:
    made = shop()
    made.told.mapping("warehouse", "NMK", WAREHOUSE)
    made.told.scheduled("WHS-1", {SLOW: 5}, starts=T_B + 3 * HOUR)
    _, decision = decided(made)
    row = made.rows("from inventory($at) where sku = $sku", at=NOW, sku=SLOW)[0]
    names = ("supply", "base", "scheduled", "scheduled_orders", "later_orders")

    assert [row[name] for name in names] == [of(decision)["supply"], of(decision)["base"], 5, "WHS-1", 12]
    assert row["supply"] == 12 - 5
    assert check_rebuild(made.told.database) == {}


# -- how it comes to be known ------------------------------------------------------------------


def test_orders_of_others_that_ship_later_are_off_once_whether_bluecherry_counts_them_due_or_we_do(
    bench: Callable[..., Any],
) -> None:
    """Two leave today, which is demand, and two the day after tomorrow: nothing else moves."""

    def stands() -> tuple[int, int]:
        """Off by our reckoning, and left, on the newest batch."""
        house.run_all("orders", "inventory")
        row = house.rows("from inventory($at) where sku_key = $sku", at=house.house.clock.now(), sku=sku)[0]
        return int(row["scheduled"]), int(row["supply"])

    house = bench(days=2, skus=40, orders_per_day=0, begin_with=("no_other_channels",))
    house.run_all("catalogue", "inventory", "orders")
    sku = house.value(
        "select arg_max(sku_key, on_hand) from stock_facts join sku_facts using (sku_key)"
        " where location = 'WH1' and division = 'NMK' and is_active and later_orders = 0"
    )
    _, supply = stands()
    at, numbers = house.house.clock.now(), {}
    for days in (0, 2):
        draft = wholesale(f"WHS-{days}", sku, at + days * DAY)
        numbers[days] = house.house.erp.create_order(draft, draft.order_id)
    house.advance(24 * 60)
    seen = [stands()]
    known = house.rows("select * from scheduled_order_facts")
    for hours in (15, 3, 9, 6):  # from midnight on, London's: BlueCherry's own day begins five hours later
        house.advance(hours * 60)
        seen.append(stands())
    turns = [now for before, now in pairwise(seen) if now != before]

    assert [(row["ord_num"], row["customer"], row["warehouse"]) for row in known] == [(numbers[2], "WHS", "WH1")]
    assert known[0]["lines"] == [{"sku_key": sku, "wanted_quantity": 2, "open_quantity": 2}]
    assert known[0]["starts_at"] < at + 2 * DAY < known[0]["cancels_at"]
    assert house.value("select count(*) from sales_order_facts where order_id like 'WHS-%'") == 0
    # the night before its day it is off ours, and after that off BlueCherry's own figures
    assert seen[0] == (0, supply - 2)
    assert turns == [(2, supply - 4), (0, supply - 4)]
    assert house.rebuild_differences() == {}


def test_a_store_that_read_them_before_they_were_kept_meets_them_anew_once(bench: Callable[..., Any]) -> None:
    def asked_from() -> str:
        """Since when the last look asked for what changed."""
        looks = [one for one in house.sandbox.requests("bluecherry") if one["path"].endswith("/salesOrder")]
        return str(parse_qs(looks[-1]["query"])["$filter"][0]).partition("'")[2]

    house = bench(days=2, skus=40, orders_per_day=0)
    house.run_all("catalogue", "inventory", "orders")
    sku = house.value("select min(sku_key) from sku_facts where is_active and division = 'NMK'")
    at = house.house.clock.now()
    house.house.erp.create_order(wholesale("WHS-1", sku, at + DAY), "WHS-1")
    house.advance(12 * 60)
    # as an earlier version left it: all was read up to now, and nothing of it kept
    house.house.journal.append(bookmarks={SALES_SEEN: house.house.clock.now().isoformat(), SCHEDULED_SEEN: ""})
    first = house.run("orders")
    whole, then = asked_from(), house.run("orders")

    assert (first.counts["scheduled_orders"], then.counts["scheduled_orders"]) == (1, 0)
    assert whole < (at - 50 * DAY).isoformat()
    assert asked_from() > (at - 10 * HOUR).isoformat(sep=" ")
