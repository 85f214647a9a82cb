"""How much is wanted: shrinkage, the week, the pace, sizes of lines, and their laws."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules import line_sizes, trading_week
from sync.rules.demand import forecast, priors, rates
from sync.rules.trade import observe

UNTIL = datetime(2026, 11, 23, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=28)
LONDON = ZoneInfo("Europe/London")


def shop(seed: int, count: int = 300, lines: float = 400, days: int = 28, strays: float = 0.0) -> pl.DataFrame:
    """Sales of a shop that is open from 9 to 17: gamma popularity, days that stray from the pace."""
    dice = np.random.default_rng(seed)
    popular = dice.gamma(0.5, 1, count)
    popular /= popular.sum()
    rows = []
    for day in range(days):
        busy = dice.lognormal(-(strays**2) / 2, strays) if strays else 1.0
        for sku, sold in enumerate(dice.poisson(popular * lines * busy)):
            rows += [(f"SKU-{sku:03d}", day * 24 + at, 1) for at in dice.uniform(9, 17, sold)]
    return pl.DataFrame(rows, schema=["sku", "hour", "units"], orient="row").select(
        "sku",
        "units",
        sold_at=pl.lit(UNTIL - timedelta(days=days))
        + pl.duration(minutes=(pl.col("hour") * 60).floor().cast(pl.Int64)),
    )


def listing(count: int = 300, category: str = "JUMPERS") -> pl.DataFrame:
    return pl.DataFrame({"sku": [f"SKU-{n:03d}" for n in range(count)]}).with_columns(category=pl.lit(category))


def test_a_sku_that_sold_once_is_drawn_towards_its_category() -> None:
    sold = np.array([40] * 50 + [0] * 49 + [1])
    a, b = priors(sold, np.full(100, 100.0), pl.Series(["QUICK"] * 50 + ["SLOW"] * 50))
    rate = (a + sold) / (b + 100)

    assert 0.39 < rate[0] < 0.41
    assert rate[50] < rate[99] < 0.02
    assert b[99] > b[0]


def test_a_small_category_stays_near_the_others() -> None:
    sold = np.array([5, 6, 4, 5] * 25 + [50])
    _, b = priors(sold, np.full(101, 100.0), pl.Series(["SHIRTS"] * 100 + ["NEW"]))

    assert b[0] / 2 < b[100] < b[0]


def test_skus_known_only_because_they_sold_are_not_taken_for_quick_ones() -> None:
    sales = shop(3, lines=60, days=5)
    trade = observe(sales, UNTIL - timedelta(days=5), UNTIL)
    seen = sales.select("sku").unique(maintain_order=True).with_columns(category=pl.lit(""))
    naive, allowed = rates(sales, seen, trade), rates(sales, seen, trade, sold_only=True)
    of_one_sale = pl.col("rate").filter(pl.col("sold") == 1).mean()

    assert allowed.select(of_one_sale).item() < naive.select(of_one_sale).item()


def test_the_rates_of_all_skus_add_up_to_the_pace_of_the_shop() -> None:
    sales = shop(1)
    trade = observe(sales, SINCE, UNTIL)
    found = rates(sales, listing(), trade)

    assert trade.pace * 24 == pytest.approx(400, rel=0.05)
    assert found["rate"].sum() == pytest.approx(trade.pace, rel=0.05)
    assert ((found["rate_low"] < found["rate"]) & (found["rate"] < found["rate_high"])).all()


def test_the_interval_of_a_rate_holds_the_truth_as_often_as_it_says() -> None:
    dice = np.random.default_rng(20)
    truth = dice.gamma(0.5, 1, 300)
    truth *= 400 / truth.sum()
    sales = shop(20)
    trade = observe(sales, SINCE, UNTIL)
    found = rates(sales, listing(), trade)
    per_day = found.select(low=pl.col("rate_low") * 24, high=pl.col("rate_high") * 24)
    within = (per_day["low"].to_numpy() <= truth) & (truth <= per_day["high"].to_numpy())

    assert within.mean() > 0.85


def test_a_sku_listed_three_days_ago_is_judged_by_three_days() -> None:
    sales = shop(5)
    recent = sales.filter((pl.col("sku") != "SKU-007") | (pl.col("sold_at") >= UNTIL - timedelta(days=3)))
    extra = pl.DataFrame({"sku": ["SKU-007"] * 12, "units": [1] * 12}).with_columns(
        sold_at=pl.lit(UNTIL - timedelta(hours=40))
    )
    sales = pl.concat([recent.select("sku", "units", "sold_at"), extra.cast(recent.schema)])
    trade = observe(sales, SINCE, UNTIL)
    listed = pl.when(pl.col("sku") == "SKU-007").then(pl.lit(UNTIL - timedelta(days=3)))
    old, new = (
        rates(sales, skus, trade).filter(pl.col("sku") == "SKU-007")["rate"].item() * 24
        for skus in (listing(), listing().with_columns(listed_at=listed))
    )

    assert new > 3 * old
    assert 3 < new < 7


def test_nothing_sold_after_the_fit_is_known_to_it() -> None:
    sales = shop(2)
    early = UNTIL - timedelta(days=7)
    whole, cut = (
        rates(some, listing(), observe(some, SINCE, early))
        for some in (sales, sales.filter(pl.col("sold_at") < early))
    )

    assert whole.equals(cut)


def test_without_any_sales_a_sku_is_slow_and_not_impossible() -> None:
    sales = shop(1).clear()
    trade = observe(sales, SINCE, UNTIL)
    found = forecast(rates(sales, listing(3), trade), trade, UNTIL, UNTIL + timedelta(hours=4))

    assert found["mean"].is_between(0, 0.01, closed="right").all()


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="must end after"):
        observe(shop(1).clear(), UNTIL, SINCE)


def test_the_hours_of_the_day_are_learned_and_a_closed_day_has_none() -> None:
    week = observe(shop(1), SINCE, UNTIL).week
    monday = datetime(2026, 11, 23, tzinfo=UTC)

    assert week.hours(monday + timedelta(hours=9), monday + timedelta(hours=17)) > 20
    assert week.hours(monday, monday + timedelta(hours=8)) < 1
    saturday = trading_week.always_open(range(5 * 24, 6 * 24)).hours(
        datetime(2026, 11, 28, tzinfo=UTC), datetime(2026, 11, 29, tzinfo=UTC)
    )
    assert saturday == 0


def test_one_strange_monday_does_not_make_all_mondays_strange() -> None:
    sales = shop(4, days=7)
    monday = pl.col("sold_at").dt.weekday() == 1
    tripled = pl.concat([sales, sales.filter(monday), sales.filter(monday)])
    week = observe(tripled, UNTIL - timedelta(days=7), UNTIL).week
    factors = week.factors.reshape(7, 24).sum(1)

    assert 1.2 < factors[0] / factors[1:].mean() < 2.2


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (date(2026, 11, 1), 24)]
)
def test_the_days_of_the_clock_changes_have_the_hours_they_have(day: date, hours: int) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=LONDON)
    week = trading_week.always_open()

    assert week.hours(start, start + timedelta(days=1)) == pytest.approx(hours)


def test_a_day_the_shop_was_shut_does_not_slow_its_pace() -> None:
    sales = shop(6)
    shut = (UNTIL - timedelta(days=2)).date()
    open_days = sales.filter(pl.col("sold_at").dt.date() != shut)
    told, untold = (
        observe(open_days, SINCE, UNTIL, shut=days).pace for days in (frozenset({shut}), frozenset[date]())
    )

    assert told * 24 == pytest.approx(400, rel=0.05)
    assert untold < told


def test_the_pace_follows_when_trade_halves() -> None:
    sales = shop(7)
    halved = sales.filter((pl.col("sold_at") < UNTIL - timedelta(days=5)) | (pl.col("sku") < "SKU-150"))
    share = halved.filter(pl.col("sold_at") >= UNTIL - timedelta(days=5)).height / 5
    found = observe(halved, SINCE, UNTIL).pace * 24

    assert share < 300
    assert abs(found - share) < abs(found - 400)


def test_swings_are_found_where_days_stray_and_not_where_they_do_not() -> None:
    calm, wild = (observe(shop(8, strays=strays), SINCE, UNTIL).day_swing for strays in (0.0, 0.6))

    assert calm < 0.03
    assert 0.1 < wild < 0.8


def test_an_hour_that_no_week_has_is_refused() -> None:
    with pytest.raises(ValueError, match="hour of the week"):
        trading_week.always_open([168])


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 200), st.integers(0, 100))
def test_a_longer_window_never_lowers_the_mean_and_lumps_never_fall_below_chance(hours: int, more: int) -> None:
    sales = shop(9, count=20, lines=30)
    trade = observe(sales, SINCE, UNTIL)
    rated = rates(sales, listing(20), trade)
    short, long = (forecast(rated, trade, UNTIL, UNTIL + timedelta(hours=span)) for span in (hours, hours + more))

    assert (long["mean"] >= short["mean"] - 1e-12).all()
    assert (short["dispersion"] >= 1).all()


def test_units_have_the_mean_and_spread_of_a_simulation() -> None:
    dice = np.random.default_rng(11)
    sold = pl.DataFrame({"sku": ["LINEN"] * 4000, "units": dice.choice([1, 2, 6], 4000, p=[0.7, 0.2, 0.1])})
    sizes = line_sizes.fit(sold)
    wanted = pl.DataFrame({"sku": ["LINEN"], "mean": [2.0], "dispersion": [1.8]})
    sales = dice.negative_binomial(2 / 0.8, 1 / 1.8, 100_000)
    units = np.array([dice.choice([1, 2, 6], n, p=[0.7, 0.2, 0.1]).sum() for n in sales[:40_000]])
    found = line_sizes.in_units(wanted, sizes)
    fewer = line_sizes.fewer_than(wanted, sizes, 12)[0]

    assert found["mean"].item() == pytest.approx(units.mean(), rel=0.04)
    assert found["dispersion"].item() == pytest.approx(units.var() / units.mean(), rel=0.07)
    for k in (1, 2, 3, 6, 12):
        assert fewer[k - 1] == pytest.approx((units < k).mean(), abs=0.012)


def test_a_sku_sold_by_the_dozen_is_known_by_its_own_sizes() -> None:
    dozens = pl.DataFrame({"sku": ["CARDS"] * 30, "units": [12] * 30})
    singles = pl.DataFrame({"sku": [f"MUG-{n}" for n in range(60)] * 5, "units": [1] * 300})
    sizes = line_sizes.fit(pl.concat([dozens, singles]))
    wanted = pl.DataFrame({"sku": ["CARDS", "MUG-1", "NEVER-SOLD"], "mean": [1.0] * 3, "dispersion": [1.0] * 3})
    found = line_sizes.in_units(wanted, sizes)["mean"].to_list()

    assert found[0] > 10
    assert found[1] < found[2] < 3


def test_sizes_beyond_those_told_apart_are_refused() -> None:
    sizes = line_sizes.fit(pl.DataFrame({"sku": ["A"], "units": [1]}), most=6)

    with pytest.raises(ValueError, match="up to 6"):
        line_sizes.fewer_than(pl.DataFrame({"sku": ["A"], "mean": [1.0], "dispersion": [1.0]}), sizes, 7)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 20), st.floats(1, 6), st.lists(st.integers(1, 30), max_size=30))
def test_chances_of_fewer_units_are_chances_and_grow_with_the_number(
    mean: float, dispersion: float, units: list[int]
) -> None:
    sizes = line_sizes.fit(
        pl.DataFrame({"sku": ["A"] * len(units), "units": units}, schema={"sku": pl.String, "units": pl.Int64})
    )
    wanted = pl.DataFrame({"sku": ["A"], "mean": [mean], "dispersion": [dispersion]})
    found = line_sizes.fewer_than(wanted, sizes, 24)[0]

    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= -1e-12).all()
