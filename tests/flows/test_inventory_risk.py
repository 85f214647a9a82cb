"""The oversell risk from measured sales to what a manager reads: two SKUs, three days of batches."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from store.database import local_ask
from store.events import MappingSet
from store.journal import check_rebuild
from store.reads_risk import risk_grid, sales_rate, stock_risk, stock_window, trading_hours
from store.reads_status import status
from store.reads_stock import Goods
from sync.flows.inventory_basis import Basis, demand_events, record_errors
from sync.flows.inventory_board import board
from sync.flows.inventory_demand import demand_told
from sync.flows.inventory_risk import GRIDS_AT_ONCE, MOST_GRIDS, assess, foresight, is_due, with_risk
from sync.flows.inventory_touched import under
from sync.rules.pushes import Decision, Terms, decide, explained
from tests.flows.shop import (
    BASE,
    NEWEST,
    NEWEST_ID,
    QUICK,
    SLOW,
    T_B,
    WAREHOUSE,
    Shop,
    settings_of,
    trade,
)
from tests.told import DAY, HOUR, NOW

MINUTE = HOUR / 60


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Any]:
    """`open_shop(risk_alpha=…)`: a shop whose QUICK sells six a day here and more elsewhere; SLOW hardly sells."""
    opened: list[Shop] = []

    def begin(**settings: Any) -> Shop:
        shop = Shop(tmp_path / f"store-{len(opened)}.duckdb", settings_of(**settings))
        opened.append(shop)
        trade(shop)
        return shop

    yield begin
    for each in opened:
        each.told.close()


def decided(shop: Shop, found: Basis = NEWEST) -> Decision:
    """The quantities, with what risk holds back, and everything assessed as if they had been sent."""
    ahead = foresight(shop.run, found)
    assert ahead is not None
    offers = board(shop.run, found, until=ahead.span.window.until)
    decision = decide(with_risk(shop.run, offers, ahead), Terms(NEWEST_ID, may_rise=True))
    assess(shop.run, found, decision.listed(is_sent=True), ahead)
    return decision


def doubtful(shop: Shop) -> Decision:
    """The same, with records as wrong as the settings and mappings say."""
    return decided(shop, replace(NEWEST, record_errors=record_errors(shop.run, NEWEST.warehouses)))


def chance_of(shop: Shop, sku: str) -> float:
    """That it is oversold as it is listed, by what its records may be."""
    doubtful(shop)
    found = stock_risk(local_ask(shop.told.database), NOW)
    return float(found.row(by_predicate=pl.col("sku") == sku, named=True)["own_chance"])


def happening(key: str, value: str) -> MappingSet:
    """A demand event, told of after everything was measured."""
    return MappingSet(happened_at=NOW + HOUR / 60, mapping="demand_event", key=key, value=value, why="a try")


def row_of(decision: Decision, sku: str) -> dict[str, Any]:
    return explained(decision.board).row(by_predicate=pl.col("sku") == sku, named=True)


def test_the_buffer_of_the_risk_rule_follows_what_is_drawn_elsewhere(open_shop: Any) -> None:
    decision = decided(open_shop())
    quick, slow = row_of(decision, QUICK), row_of(decision, SLOW)

    assert (quick["base"], quick["buffer_rule"]) == (BASE, "risk")
    assert quick["buffer"] == quick["risk_units"] > 1
    assert quick["quantity"] == quick["base"] - quick["buffer"]
    assert (slow["risk_units"], slow["buffer_rule"]) == (0, "percent")
    assert f"{quick['buffer']} held back (risk)" in quick["reason"]


def test_a_policy_without_a_rule_of_risk_holds_nothing_back_for_it_and_shows_what_that_may_cost(
    open_shop: Any,
) -> None:
    shop = open_shop(risk_alpha=0.005, buffer_risk="none", buffer_units=0, buffer_percent=0)
    decision = decided(shop)
    found = stock_risk(local_ask(shop.told.database), NOW)

    assert row_of(decision, QUICK)["quantity"] == BASE
    assert found["sku"].to_list() == [QUICK, SLOW]  # the costliest first
    assert found["is_at_risk"].to_list() == [True, False]
    quick = found.row(0, named=True)
    assert quick["own_chance"] > 0.005
    assert float(quick["cost_amount"]) == pytest.approx(60 * quick["oversold_units"], abs=1e-5)
    assert (quick["buffer"], quick["buffer_rule"]) == (0, "none")
    assert quick["advised_buffer"] > 1
    assert (quick["batch_id"], quick["next_from"], quick["warehouses"]) == (NEWEST_ID, "erp", WAREHOUSE)
    assert quick["batch_age_seconds"] == 2 * 3600
    assert quick["next_at"] >= T_B + 4 * HOUR
    assert quick["lands_at"] > quick["next_at"]


def test_a_record_that_may_overstate_makes_the_buffer_grow_and_the_risk_of_what_is_listed_all_the_same(
    open_shop: Any,
) -> None:
    trusted, doubted = decided(open_shop()), doubtful(open_shop(record_error=(0.2, 0.1)))
    nothing: dict[str, Any] = {"buffer_risk": "none", "buffer_units": 0, "buffer_percent": 0}
    chances = []
    for record_error in ((), (0.2, 0.1)):
        shop = open_shop(record_error=record_error, **nothing)
        doubtful(shop)
        chances.append(
            shop.rows(
                "select own_chance, (select oversell_chances[1] from risk_grid_facts"
                " where sku = $sku and interval_hours = 0) as in_grid from stock_risk_facts where sku = $sku",
                sku=QUICK,
            )[0]
        )

    assert row_of(doubted, QUICK)["risk_units"] > row_of(trusted, QUICK)["risk_units"]
    assert chances[1]["own_chance"] > chances[0]["own_chance"] + 0.001
    assert all(row["own_chance"] == pytest.approx(row["in_grid"]) for row in chances)


def test_a_careless_warehouse_counts_for_what_stands_in_it_and_a_mapping_goes_before_the_setting(
    open_shop: Any,
) -> None:
    nothing: dict[str, Any] = {"buffer_risk": "none", "buffer_units": 0, "buffer_percent": 0}
    shop = open_shop(record_error=(0.6,), **nothing)
    chances = [chance_of(shop, QUICK)]
    for value in ("0.1, 0.1", "0"):
        shop.told.mapping("record_error", WAREHOUSE, value)
        shop.told.mapping("record_error", "WH9", "0.5")  # nothing of it sells here
        chances.append(chance_of(shop, QUICK))

    assert record_errors(shop.run, {"WH9", WAREHOUSE, "WH3"}) == {"WH3": (0.6,), "WH9": (0.5,)}
    assert chances[0] > 1.1 * chances[1] > 1.1 * chances[2]


def test_a_record_error_no_chances_can_be_read_from_is_an_exception_and_stops_nothing(open_shop: Any) -> None:
    shop = open_shop(record_error=(0.3,))
    for key, value in (("WH3", "2%"), ("WH4", "0.6, 0.6"), ("WH5", "0.02, 0.005"), ("WH6", "0")):
        shop.told.mapping("record_error", key, value)
    odd = shop.rows("select subject from conditions($at) where kind = 'mapping_invalid' order by subject", at=NOW)

    assert record_errors(shop.run, {"WH3", "WH5", "WH6"}) == {"WH3": (0.3,), "WH5": (0.02, 0.005)}
    assert [row["subject"] for row in odd] == ["record_error/WH3", "record_error/WH4"]


def test_a_demand_event_in_the_window_holds_more_back_and_one_that_is_past_counts_as_what_it_sold(
    open_shop: Any,
) -> None:
    """Three days in which all was wanted twice as often, told of afterwards; and a promotion begun just now."""
    shop = open_shop()
    usual = decided(shop)
    days = (f"{NOW - 3 * DAY:%Y-%m-%d %H:%M}", f"{NOW:%Y-%m-%d %H:%M}", f"{NOW + 9 * DAY:%Y-%m-%d %H:%M}")
    measured = shop.rows("select own_rate, happened_at from demand_facts where sku = $sku", sku=QUICK)
    shop.told.clock.moment = NOW + HOUR / 60
    shop.told.tell(happening("Past", f"{days[0]} to {days[1]} x2 others x2"))
    past = replace(NEWEST, events=demand_events(shop.run))
    weighed = decided(shop, past)
    again = shop.rows("select own_rate, happened_at from demand_facts where sku = $sku", sku=QUICK)
    shop.told.tell(happening("Now style:NMK|04117", f"{days[1]} to {days[2]} x1 others x4"))
    both = replace(NEWEST, events=demand_events(shop.run))
    lifted = decided(shop, both)
    everything, few = (demand_told(shop.run, both, NOW + DAY, names) for names in (None, (QUICK,)))

    assert again[0]["own_rate"] < 0.95 * measured[0]["own_rate"]  # measured anew, at once
    assert row_of(weighed, QUICK)["risk_units"] <= row_of(usual, QUICK)["risk_units"]
    assert row_of(lifted, QUICK)["other_mean"] > 2 * row_of(weighed, QUICK)["other_mean"]
    assert row_of(lifted, QUICK)["risk_units"] > row_of(weighed, QUICK)["risk_units"]
    assert len({under(shop.run, one) for one in (NEWEST, past, both)}) == 3  # all offers are decided anew
    assert everything is not None
    assert few is not None
    assert few.skus.rows(named=True) == everything.skus.filter(pl.col("sku") == QUICK).rows(named=True)


def test_an_event_that_begins_after_every_window_is_no_part_of_any_run(open_shop: Any) -> None:
    """Next week's: neither the whole run nor one of few offers looks through the catalogue for it."""
    shop = open_shop()
    decided(shop)
    for days, name in ((7, "Next week"), (0.5, "Tonight")):
        shop.told.tell(happening(name, f"{NOW + days * DAY:%Y-%m-%d %H:%M} to {NOW + 9 * DAY:%Y-%m-%d %H:%M} x4"))
    found = replace(NEWEST, events=demand_events(shop.run))
    ahead = foresight(shop.run, found)
    whole, few = (demand_told(shop.run, found, NOW + HOUR, names) for names in (None, (QUICK,)))

    assert ahead is not None
    assert whole is not None
    assert few is not None
    # what if batches came once a day: tonight is in that window
    assert [one.since for one in ahead.outlook.events] == [NOW + 12 * HOUR]
    assert whole.events == few.events == ()
    assert "category" not in {*whole.skus.columns, *few.skus.columns}


def test_filters_narrow_the_list_and_status_counts_what_is_at_risk(open_shop: Any) -> None:
    shop = open_shop(risk_alpha=0.005, buffer_risk="none", buffer_units=0, buffer_percent=0)
    ask = local_ask(shop.told.database)
    before = status(ask, NOW)["stock"]["at_risk"]
    decided(shop)

    assert (before, status(ask, NOW)["stock"]["at_risk"]) == (0, 1)
    assert stock_risk(ask, NOW, only_at_risk=True)["sku"].to_list() == [QUICK]
    assert stock_risk(ask, NOW, goods=Goods(division="NMK", category="shirts", warehouse=WAREHOUSE)).height == 2
    assert stock_risk(ask, NOW, goods=Goods(warehouse="WH9")).is_empty()
    assert stock_risk(ask, NOW, goods=Goods(style="04118")).is_empty()


def test_what_does_not_move_is_not_told_twice(open_shop: Any) -> None:
    shop = open_shop()
    decided(shop)
    decided(shop)
    counts = shop.rows(
        "select (select count(*) from events where kind = 'risk.assessed') as told,"
        " (select count(*) from events where kind = 'demand.measured') as measured,"
        " (select count(*) from stock_risk_rows) as rows, (select count(*) from demand_rows) as rates"
    )

    assert counts == [{"told": 1, "measured": 1, "rows": 2, "rates": 2}]
    assert not is_due(shop.run, NEWEST)


def test_a_late_batch_makes_risk_and_buffer_grow_by_themselves(open_shop: Any) -> None:
    shop = open_shop()
    ask = local_ask(shop.told.database)
    before = row_of(decided(shop), QUICK)
    shop.told.clock.moment = NOW + 6 * HOUR
    after = row_of(decided(shop), QUICK)
    window = stock_window(ask, NOW + 6 * HOUR)

    assert after["other_mean"] > before["other_mean"]
    assert after["risk_units"] > before["risk_units"]
    assert window is not None
    assert window["is_batch_late"]
    assert window["left_seconds"] > 0


def test_a_grid_tells_what_other_buffers_and_intervals_would_come_to(open_shop: Any) -> None:
    shop = open_shop()
    decided(shop)
    ask = local_ask(shop.told.database)
    found = risk_grid(ask, QUICK)
    quick = stock_risk(ask, NOW).row(by_predicate=pl.col("sku") == QUICK, named=True)
    as_it_is = found.filter(pl.col("interval_hours") == 0)

    assert found["interval_hours"].unique().sort().to_list() == [0, 1, 2, 4, 6, 8, 12, 24]
    assert as_it_is["buffer"].to_list() == list(range(13))
    chosen = as_it_is.row(by_predicate=pl.col("buffer") == quick["buffer"], named=True)
    assert chosen["oversell_chance"] == pytest.approx(quick["own_chance"])
    assert chosen["cost_amount"] == quick["cost_amount"]
    # the longer between batches, the likelier; much longer, and the others oversell the pool without us
    short = found.filter((pl.col("buffer") == 2) & pl.col("interval_hours").is_between(1, 6))["oversell_chance"]
    assert short.to_list() == sorted(short)


def test_every_offer_at_risk_has_its_grid_however_many_there_are(open_shop: Any) -> None:
    shop = open_shop(buffer_risk="none", buffer_units=0, buffer_percent=0, risk_alpha="0.0000001")
    many = [f"NMK-{number:05d}-WHT-A--M" for number in range(MOST_GRIDS + GRIDS_AT_ONCE + 7)]
    with shop.told.in_one_go():
        shop.told.skus(*many)
        shop.told.offers(dict.fromkeys([QUICK, SLOW, *many], 2))
        shop.told.batch("B-MANY", {(sku, WAREHOUSE): {"on_hand": 2} for sku in many}, at=T_B - HOUR)
    decided(shop)
    found = shop.rows(
        "select count(*) as at_risk, count(grid.sku) as with_grid,"
        " count(*) filter (grid.base = risk.base) as of_now from stock_risk_facts as risk"
        " left join risk_grid_facts as grid on grid.sku = risk.sku and grid.interval_hours = 0"
        " where is_at_risk"
    )[0]

    assert found["at_risk"] >= len(many)
    assert found["with_grid"] == found["of_now"] == found["at_risk"]


def test_the_sales_rate_says_how_sure_it_is_and_what_else_draws(open_shop: Any) -> None:
    shop = open_shop()
    decided(shop)
    ask = local_ask(shop.told.database)
    found = sales_rate(ask, NOW, QUICK)
    hours = trading_hours(ask)

    assert found is not None
    assert (found["own_units"], found["other_units"]) == (84, 54)
    assert found["own_low_daily"] < found["own_daily"] < found["own_high_daily"]
    assert 4 < found["own_daily"] < 8
    assert 12 < found["other_daily"] < 24
    assert sales_rate(ask, NOW, "NOBODY-KNOWS-IT-A--M") is None
    assert hours.group_by("side").len().sort("side").rows() == [("other", 168), ("own", 168)]
    assert hours["factor"].mean() == pytest.approx(1)


def test_where_the_marketplace_does_not_lower_its_offer_the_buffer_covers_our_own_sales_too(open_shop: Any) -> None:
    lowers, does_not = open_shop(), open_shop(marketplace_deducts_sales=False)

    assert row_of(decided(does_not), QUICK)["other_mean"] > row_of(decided(lowers), QUICK)["other_mean"]


def test_the_risk_is_folded_again_from_the_journal(open_shop: Any) -> None:
    shop = open_shop()
    decided(shop)

    assert check_rebuild(shop.told.database) == {}


def test_the_worker_assesses_what_it_lists(bench: Any) -> None:
    begun = bench(days=2, orders_per_day=60, skus=40)
    begun.run_all("catalogue", "orders", "inventory")
    begun.advance(10)
    begun.run_all("orders", "inventory")
    now = begun.house.clock.now()
    window = stock_window(begun.house.ask, now)
    found = stock_risk(begun.house.ask, now)
    sent = begun.rows("select sku, quantity, risk_units from published_facts where sku_key <> ''")

    assert window is not None
    assert window["sku_count"] == len(found) == len(sent)
    assert window["lands_at"] > now
    assert found["cost_amount"].to_list() == sorted(found["cost_amount"], reverse=True)
    assert {row["sku"]: row["quantity"] for row in sent} == dict(zip(found["sku"], found["quantity"], strict=True))
    assert begun.rebuild_differences() == {}
