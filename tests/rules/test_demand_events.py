"""Demand events: a factor of 1 changes nothing, one over a whole window multiplies it, and rates stay as they were.

What is measured depends on chance: the same numbers are drawn each time.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.rules import demand_events
from sync.rules.demand_events import DemandEvent
from sync.rules.outlook import Outlook, measured
from sync.rules.trading_week import always_open, fit

BEGAN = datetime(2026, 11, 2, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = BEGAN + 28 * DAY
COUNT = 40
NAMES = [f"SKU-{number:02d}" for number in range(COUNT)]
SKUS = pl.DataFrame(
    {"sku": NAMES, "division": ["NMK", "NMM"] * (COUNT // 2), "category": ["shirts"] * 10 + ["coats"] * 30,
     "style": [f"{number // 4:03d}" for number in range(COUNT)], "other_share": [1.0] * COUNT}
)  # fmt: skip


def event(since: datetime, until: datetime, own: float = 1.0, other: float = 1.0, whom: str = "") -> DemandEvent:
    scope, _, goods = whom.partition(":")
    return DemandEvent(since, until, BEGAN, own, other, scope, goods)


def lived(events: tuple[DemandEvent, ...] = (), side: str = "own", *, nights: bool = True) -> pl.DataFrame:
    """Four weeks in which each SKU sells at a rate of its own by chance, and more often in its events."""
    random, rows = np.random.default_rng(7), []
    for place in range(28 * 24):
        at = BEGAN + HOUR * place
        if not nights and not 8 <= at.hour < 20:
            continue
        rates = np.linspace(0.03, 0.6, COUNT)
        for _, _, factors in demand_events.pieces(events, SKUS, side, at, at + HOUR):
            rates = rates * factors
        counts = random.poisson(rates)
        rows += [(NAMES[n], at + HOUR * random.random(), 1) for n in np.repeat(np.arange(COUNT), counts)]
    schema: Any = {"sku": pl.String, "sold_at": pl.Datetime("us", "UTC"), "units": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("sold_at")


USUAL = lived()


def told(sales: pl.DataFrame, events: tuple[DemandEvent, ...] = (), draws: pl.DataFrame | None = None) -> Outlook:
    return measured(
        SKUS, sales, USUAL if draws is None else draws, sales_since=BEGAN, sales_until=NOW, draws_since=BEGAN,
        draws_until=NOW, events=events,
    )  # fmt: skip


def within(outlook: Outlook, hours: float = 24) -> pl.DataFrame:
    return outlook.within(
        SKUS.select("sku"), others_since=NOW, own_since=NOW, until=NOW + hours * HOUR, lag=timedelta(0)
    )


MOMENTS = st.integers(-40 * 24, 5 * 24).map(lambda hours: NOW + hours * HOUR)
LASTS = st.integers(1, 200).map(lambda hours: hours * HOUR)
WHOM = st.sampled_from(["", "division:NMM", "category:shirts", "style:NMK|003", "sku:SKU-11", "sku:NOBODY"])


@settings(deadline=None, max_examples=10)
@given(since=MOMENTS, lasts=LASTS, whom=WHOM)
def test_a_factor_of_one_changes_nothing(since: datetime, lasts: timedelta, whom: str) -> None:
    ones = (event(since, since + lasts, whom=whom),)
    with_it, without = told(USUAL, ones), told(USUAL)
    names = [name for name in without.skus.columns if name != "sku"]

    assert with_it.skus.select(names).to_numpy() == pytest.approx(without.skus.select(names).to_numpy(), rel=1e-12)
    assert np.array_equal(with_it.own.week.factors, without.own.week.factors)
    # sums over SKUs are added in no fixed order
    one, other = (within(told_so).drop("sku").to_numpy() for told_so in (with_it, without))
    assert one == pytest.approx(other, rel=1e-12)


@settings(deadline=None, max_examples=10)
@given(own=st.floats(0.1, 20), other=st.floats(0.1, 20), hours=st.floats(0.5, 72), before=LASTS, whom=WHOM)
def test_a_factor_over_the_whole_window_multiplies_the_mean_of_whom_it_is_about(
    own: float, other: float, hours: float, before: timedelta, whom: str
) -> None:
    """Told of beforehand: the window lies in the event, the past does not."""
    one = event(NOW, NOW + hours * HOUR + before, own, other, whom)
    plain, lifted = within(told(USUAL), hours), within(told(USUAL, (one,)), hours)
    met = one.meets(SKUS)

    for side, factor in (("own", own), ("other", other)):
        ratio = lifted[f"{side}_mean"].to_numpy() / plain[f"{side}_mean"].to_numpy()
        assert ratio == pytest.approx(np.where(met, factor, 1.0), rel=1e-9)
    assert (lifted["own_dispersion"].to_numpy()[met] >= 1).all()


def test_the_mean_is_the_integral_of_the_weeks_shape_and_the_event() -> None:
    """A shop that sells by day alone: an event by night lifts nothing, one of half the day half of it."""
    week = fit(lived(nights=False)["sold_at"], BEGAN, NOW, closed=[n for n in range(168) if not 8 <= n % 24 < 20])
    night, noon = event(NOW, NOW + 8 * HOUR, 5), event(NOW + 14 * HOUR, NOW + 30 * HOUR, 5)
    window = (NOW, NOW + DAY)

    def lift(*events: DemandEvent) -> np.ndarray:
        return demand_events.lift(events, SKUS, "own", week, window)

    share = week.hours(NOW + 14 * HOUR, NOW + DAY) / week.hours(*window)
    assert lift(night) == pytest.approx(np.ones(COUNT))
    assert lift(noon) == pytest.approx(np.full(COUNT, 1 + 4 * share))
    assert 0.3 < share < 0.7


def test_where_events_overlap_their_factors_multiply() -> None:
    everything, shirts = event(NOW, NOW + DAY, 2), event(NOW, NOW + DAY / 2, 3, whom="category:shirts")
    found = demand_events.lift((everything, shirts), SKUS, "own", always_open(), (NOW, NOW + DAY))

    assert found[:10] == pytest.approx(np.full(10, (2 * 3 + 2) / 2))
    assert found[10:] == pytest.approx(np.full(30, 2.0))


@pytest.mark.parametrize("whom", ["", "category:coats", "division:NMM"])
@pytest.mark.parametrize(("ago", "days", "factor"), [(2, 2, 4), (12, 2, 4), (9, 7, 0.25), (12, 10, 0.1)])
def test_an_event_with_the_right_factor_leaves_the_rates_as_they_were(
    whom: str, ago: int, days: int, factor: float
) -> None:
    """Quick or slow days, lately or a while ago. Untold, the goods they were about seem quicker, or slower."""
    one = (event(NOW - ago * DAY, NOW - (ago - days) * DAY, factor, whom=whom),)
    sales, met = lived(one), one[0].meets(SKUS)
    usual, untold, weighed = (
        told(*given).skus["own_rate"].to_numpy() for given in ((USUAL,), (sales,), (sales, one))
    )
    off = np.median(weighed[met] / usual[met])

    assert off == pytest.approx(1, abs=0.1)
    assert np.median(weighed[~met] / usual[~met] if not met.all() else 1) == pytest.approx(1, abs=0.1)
    assert abs(np.median(untold[met] / usual[met]) - 1) > 2 * abs(off - 1)


def test_a_stray_sale_in_a_slow_time_is_one_sale() -> None:
    """Five days in which next to nothing was expected, and one coat was sold: it does not count as a hundred."""
    slow = event(NOW - 6 * DAY, NOW - DAY, 0.01)
    none = USUAL.filter(~pl.col("sold_at").is_between(slow.since, slow.until, closed="left"))
    stray = none.clear().vstack(none.head(1).with_columns(sku=pl.lit("SKU-30"), sold_at=pl.lit(NOW - 4 * DAY)))
    before, after = (told(sales, (slow,)) for sales in (none, pl.concat([none, stray]).sort("sold_at")))
    ratio = after.skus["own_rate"].to_numpy() / before.skus["own_rate"].to_numpy()

    assert np.delete(ratio, 30) == pytest.approx(np.ones(COUNT - 1), abs=0.02)
    assert 1 < ratio[30] < 1.05
    assert after.own.week.factors == pytest.approx(before.own.week.factors, rel=0.25)


def test_the_shop_as_a_whole_is_lifted_by_as_much_of_it_as_an_event_is_about() -> None:
    """Coats sell three quarters of what is sold without the event; what they sold in it does not make them more."""
    sold = pl.DataFrame({"sku": ["SKU-00"] * 280 + ["SKU-30"] * (840 + 3 * 30)})
    half = event(NOW - DAY, NOW, 4, whom="category:coats")
    found = demand_events.lifts((half,), SKUS, "own", sold, (BEGAN, NOW))

    assert [(begins, ends) for begins, ends, _ in found] == [(BEGAN, NOW - DAY), (NOW - DAY, NOW)]
    assert [factor for *_, factor in found] == pytest.approx([1.0, 1 + 3 * 0.75])
    assert demand_events.lifts((half,), SKUS, "other", sold, (BEGAN, NOW)) == ()


def test_where_there_is_no_sku_nothing_is_lifted() -> None:
    sold = pl.DataFrame({"sku": ["SKU-GONE"]})

    assert demand_events.lifts((event(NOW - DAY, NOW, 4),), SKUS.clear(), "own", sold, (BEGAN, NOW)) == ()


def test_a_promotion_is_not_forgotten_it_counts_with_what_it_sold() -> None:
    """An event said to be quicker than it was: its exposure counts all the same, and the rate falls."""
    one = event(NOW - 4 * DAY, NOW, 4, whom="sku:SKU-30")
    right, doubtful = lived((one,)), (event(one.since, one.until, 8, whom="sku:SKU-30"),)
    rates = [told(right, events).skus["own_rate"][30] for events in ((one,), doubtful)]

    assert rates[1] < 0.85 * rates[0]


def test_the_others_have_a_factor_of_their_own() -> None:
    one = event(NOW - 4 * DAY, NOW, 1, 4, whom="category:coats")
    drawn = lived((one,), "other")
    plain, weighed = told(USUAL, (), USUAL), told(USUAL, (one,), drawn)

    assert weighed.skus["own_rate"].to_list() == pytest.approx(plain.skus["own_rate"].to_list())
    assert np.median(weighed.skus["other_rate"] / plain.skus["other_rate"]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    "key", ["Black Friday", "Linen week category:shirts", "On air sku:A B", "x style:NMK|04117"]
)
def test_a_name_and_whom_it_is_about_are_a_key(key: str) -> None:
    demand_events.check_key(key)


@pytest.mark.parametrize(
    ("key", "said"),
    [(" ", "has a name"), ("category:shirts", "has a name"), ("x colour:red", "is about"), ("x sku: ", "is about"),
     ("x style:04117", "with its division")],
)  # fmt: skip
def test_what_is_no_key_says_what_to_write(key: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        demand_events.check_key(key)


@pytest.mark.parametrize(
    ("value", "said"),
    [("x3", "from when to when"), ("2026-11-27 to 2026-11-28 x3", "from when to when"),
     ("2026-11-31 00:00 to 2026-12-01 00:00 x3", "no calendar"),
     ("2026-11-28 00:00 to 2026-11-28 00:00 x3", "ends before"),
     ("2026-11-27 00:00 to 2026-11-28 00:00 x0", "factor"),
     ("2026-11-27 00:00 to 2026-11-28 00:00 x0.001", "between 0.01 and 100"),
     ("2026-11-27 00:00 to 2026-11-28 00:00 x3 others x101", "factor"),
     ("2026-11-27 00:00 to 2026-11-28 00:00 x1 others", "from when")],
)  # fmt: skip
def test_what_is_no_event_says_what_to_write(value: str, said: str) -> None:
    demand_events.check_value("2026-11-27 00:00 to 2026-12-01 00:00 x3 others x1.5")

    with pytest.raises(ValueError, match=said):
        demand_events.check_value(value)
