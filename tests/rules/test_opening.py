"""When the shop trades, learned from what it sold: closed nights and weekdays, holidays, slow and lumpy shops."""

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules.trade import Trade, observe
from sync.rules.trading_week import fit

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6
Open = Callable[[int, int], bool]


def by_day(_weekday: int, hour: int) -> bool:
    return 8 <= hour < 20


def always(_weekday: int, _hour: int) -> bool:
    return True


def weekdays(weekday: int, hour: int) -> bool:
    return weekday < SATURDAY and by_day(weekday, hour)


def half_sundays(weekday: int, hour: int) -> bool:
    return 10 <= hour < 16 if weekday == SUNDAY else weekday != SATURDAY and by_day(weekday, hour)


def traded(
    days: int,
    orders: float,
    is_open: Open = by_day,
    seed: int = 1,
    *,
    without: Collection[int] = (),
    basket: int = 1,
) -> Trade:
    """What is told of a shop that takes so many orders a day by chance, in its hours; `without`: days shut."""
    dice, rows = np.random.default_rng(seed), []
    for number in range(days):
        day = MONDAY + number * DAY
        hours = [hour for hour in range(24) if is_open(day.weekday(), hour)]
        if not hours or number in without:
            continue
        for at in dice.choice(hours, dice.poisson(orders)):
            rows += [day + timedelta(hours=float(at + dice.random()))] * int(dice.integers(1, 2 * basket))
    sales = pl.DataFrame(
        {"sku": ["A"] * len(rows), "sold_at": rows}, schema_overrides={"sold_at": pl.Datetime("us", "UTC")}
    )
    return observe(sales, MONDAY, MONDAY + days * DAY)


def weekday_factors(trade: Trade) -> np.ndarray:
    found: np.ndarray = trade.week.factors.reshape(7, 24).sum(1) / 24
    return found


def test_a_closed_night_is_learned_in_a_few_nights() -> None:
    by_hour = traded(4, 200).week.factors.reshape(7, 24).sum(0)

    assert by_hour[:8].sum() + by_hour[20:].sum() < 0.03 * by_hour.sum()


@pytest.mark.parametrize(("weeks", "most"), [(1, 0.4), (2, 0.05), (8, 0.05)])
def test_a_closed_saturday_is_likely_after_one_and_learned_after_two(weeks: int, most: float) -> None:
    found = weekday_factors(
        traded(7 * weeks, 200, lambda weekday, hour: weekday != SATURDAY and by_day(weekday, hour))
    )

    assert found[SATURDAY] < most
    assert np.delete(found, SATURDAY).min() > 0.9


def test_a_closed_day_slows_no_pace() -> None:
    """Its hours are none: a week of five days sells in its typical hours what it sold."""
    trade = traded(28, 200, weekdays)
    tuesday = trade.week.hours(MONDAY + 29 * DAY, MONDAY + 30 * DAY)

    assert trade.pace * tuesday == pytest.approx(200, rel=0.08)


def test_a_half_day_is_learned_hour_by_hour() -> None:
    factors = traded(28, 200, half_sundays).week.factors.reshape(7, 24)

    assert factors[SUNDAY, [8, 9, 16, 17, 18, 19]].sum() < 0.05 * factors[SUNDAY].sum()
    assert factors[SUNDAY].sum() == pytest.approx(factors[0].sum(), rel=0.25)


@pytest.mark.parametrize("orders", [20, 200, 2000])
def test_a_holiday_closes_no_weekday_and_slows_no_rate(orders: float) -> None:
    holiday = MONDAY.date() + timedelta(days=23)
    trade = traded(28, orders, without=[23])

    assert trade.week.shut == {holiday}
    assert weekday_factors(trade)[holiday.weekday()] > 0.75
    assert trade.pace * 24 == pytest.approx(orders, rel=0.2)
    assert trade.exposure() == pytest.approx(27 * 24, rel=0.2)


def test_a_holiday_on_the_only_friday_is_made_good_by_the_next() -> None:
    first, second = (weekday_factors(traded(days, 200, without=[4]))[4] for days in (7, 14))

    assert first < 0.4
    assert second > 0.8


def test_one_open_saturday_before_christmas_opens_no_others() -> None:
    trade = traded(42, 200, without=[5, 12, 19, 26, 33])

    assert weekday_factors(trade)[SATURDAY] < 0.3


@pytest.mark.parametrize("orders", [0.5, 1, 2, 5, 10])
def test_a_slow_shop_is_not_told_by_chance_that_it_is_closed(orders: float) -> None:
    """Many of its days and most of its hours pass without an order."""
    found = [traded(28, orders, always, seed) for seed in range(20)]
    factors = np.array([weekday_factors(one) for one in found])
    shut = sum(len(one.week.shut) for one in found)

    assert (factors < 0.5).mean() <= 0.02
    assert factors.mean(0) == pytest.approx(np.ones(7), abs=0.1)
    assert shut <= 0.02 * 20 * 28


def test_a_few_large_baskets_close_no_hours() -> None:
    """Five customers a day take twenty lines each: most hours are empty, and none is closed."""
    factors = traded(28, 5, always, basket=20).week.factors

    assert factors.min() > 0.2


def test_one_very_large_basket_is_one_customer() -> None:
    """Two hundred lines on one Tuesday at eleven: at once, or from two hundred customers."""
    usual = [MONDAY + day * DAY + timedelta(hours=n) for day in range(28) for n in np.arange(8, 20, 0.5)]
    eleven = MONDAY + 8 * DAY + timedelta(hours=11)
    factors = [
        fit(pl.Series(usual + more, dtype=pl.Datetime("us", "UTC")), MONDAY, MONDAY + 28 * DAY).factors
        for more in ([], [eleven] * 200, [eleven + timedelta(seconds=10 * n) for n in range(200)])
    ]
    none, one, many = (float(found[24 + 11]) for found in factors)

    assert one - none < 0.5 * (many - none)


def test_a_trade_that_comes_in_lumps_has_no_closed_days() -> None:
    """One day in four, whatever weekday it is: what is quiet between is no closing, and counts."""
    trade = traded(56, 200, without=[day for day in range(56) if day % 4])

    assert not trade.week.shut
    assert weekday_factors(trade).min() > 0.5


def test_a_long_silence_closes_no_weekday() -> None:
    """A shop that was away for six of eight weeks: more of each weekday was silent than not."""
    trade = traded(56, 50, without=range(7, 49))

    assert len(trade.week.shut) == 42
    assert weekday_factors(trade).min() > 0.7


def test_a_day_that_is_not_over_is_not_taken_for_shut() -> None:
    sales = pl.DataFrame(
        {"sold_at": [MONDAY + day * DAY + timedelta(hours=9.0 + n / 20) for day in range(13) for n in range(200)]}
    )
    week = fit(sales["sold_at"], MONDAY, MONDAY + 13 * DAY + timedelta(hours=15))

    assert not week.shut
    assert week.factors.reshape(7, 24)[SUNDAY].sum() > 10


MOMENTS = st.lists(st.integers(0, 28 * 24 * 4 - 1), max_size=60)


@settings(max_examples=40, deadline=None)
@given(MOMENTS, st.integers(1, 28 * 24), st.integers(0, 28 * 24 - 1))
def test_a_week_has_a_mean_of_one_is_nowhere_dead_and_an_order_more_never_makes_its_hour_quieter(
    quarters: list[int], lasts: int, hour: int
) -> None:
    def week(moments: list[int]) -> np.ndarray:
        at = pl.Series([MONDAY + timedelta(minutes=15 * one) for one in moments], dtype=pl.Datetime("us", "UTC"))
        return fit(at, MONDAY, MONDAY + timedelta(hours=lasts)).factors

    before = week(quarters)
    after = week([*quarters, min(hour, lasts - 1) * 4])
    place = min(hour, lasts - 1) % 168

    assert before.mean() == pytest.approx(1)
    assert before.min() > 0
    assert after[place] >= before[place] * (1 - 1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 28), st.sets(st.dates(date(2026, 10, 20), date(2026, 12, 10)), max_size=3))
def test_days_said_to_be_shut_stay_shut_and_only_days_lived_through_join_them(days: int, told: set[date]) -> None:
    at = pl.Series([MONDAY + timedelta(minutes=10 * n) for n in range(400)], dtype=pl.Datetime("us", "UTC"))
    found = fit(at, MONDAY, MONDAY + days * DAY, shut=frozenset(told)).shut

    assert told <= found
    assert all(MONDAY.date() <= one < (MONDAY + days * DAY).date() for one in found - told)
