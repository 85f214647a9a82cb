"""What is known of demand at a moment, and what it comes to in a window."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from sync.rules.chances import Counts
from sync.rules.demand_events import DemandEvent
from sync.rules.outlook import Outlook, measured, news

BEGAN = datetime(2026, 11, 2, tzinfo=UTC)
NOW = BEGAN + timedelta(days=14)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SHIRT, COAT, CAP = "LINEN-SHIRT-WHITE-M", "WOOL-COAT-NAVY-L", "CORD-CAP-MOSS-S"


def selling(sku: str, count: int, *, until: datetime = NOW, units: int = 1) -> pl.DataFrame:
    """So many sales, evenly over the days before a moment."""
    step = (until - BEGAN) / max(count, 1)
    return pl.DataFrame(
        {
            "sku": [sku] * count,
            "sold_at": [BEGAN + step * (number + 0.5) for number in range(count)],
            "units": [units] * count,
        },
        schema={"sku": pl.String, "sold_at": pl.Datetime("us", "UTC"), "units": pl.Int64},
    )


def told(
    sales: pl.DataFrame,
    draws: pl.DataFrame | None = None,
    *,
    off_sale: pl.DataFrame | None = None,
    events: tuple[DemandEvent, ...] = (),
    until: datetime = NOW,
) -> Outlook:
    skus = pl.DataFrame(
        {"sku": [SHIRT, COAT, CAP], "category": ["shirts", "coats", "caps"], "other_share": [1.0, 1.0, 1.0],
         "division": ["NMK", "NMK", "NMM"], "style": ["041", "077", "090"]}
    )  # fmt: skip
    return measured(
        skus, sales, sales.clear() if draws is None else draws, sales_since=BEGAN, sales_until=until,
        draws_since=None if draws is None else BEGAN, draws_until=None if draws is None else until,
        off_sale=off_sale, events=events,
    )  # fmt: skip


def means(outlook: Outlook, *, hours: float = 24, lag: timedelta = timedelta(0)) -> pl.DataFrame:
    board = pl.DataFrame({"sku": [SHIRT, COAT, CAP, "NOBODY-KNOWS-IT-M"]})
    return outlook.within(
        board, others_since=NOW, own_since=NOW, until=NOW + hours * HOUR, lag=lag
    )  # fmt: skip


def test_what_sells_more_is_wanted_more_and_what_nothing_is_known_of_is_not() -> None:
    found = means(told(pl.concat([selling(SHIRT, 56), selling(COAT, 7)]), selling(COAT, 28)))

    shirt, coat, cap, nobody = found["own_mean"].to_list()
    assert 2.5 < shirt < 6 > coat > cap > 0 == nobody
    assert found["other_mean"][1] > found["other_mean"][0]


def test_half_the_time_in_stock_makes_the_same_sales_a_higher_rate() -> None:
    sales = pl.concat([selling(SHIRT, 40), selling(COAT, 20)])
    every_other = [BEGAN + DAY * day for day in range(0, 14, 2)]
    away = pl.DataFrame({"sku": [SHIRT] * 7, "since": every_other, "until": [one + DAY for one in every_other]})
    always, half = told(sales), told(sales, off_sale=away)

    assert half.skus["own_rate"][0] > 1.4 * always.skus["own_rate"][0]
    assert half.skus["own_low_rate"][0] < half.skus["own_rate"][0] < half.skus["own_high_rate"][0]


def test_while_the_others_cannot_be_read_they_sell_as_we_do() -> None:
    found = means(told(selling(SHIRT, 28)))

    assert found["other_mean"].to_list() == pytest.approx(found["own_mean"].to_list())


def test_sales_between_the_pull_of_orders_and_the_imports_effect_belong_to_the_others() -> None:
    outlook = told(selling(SHIRT, 56), selling(COAT, 28))
    at_once, late = means(outlook), means(outlook, lag=6 * HOUR)

    assert late["other_mean"][0] > at_once["other_mean"][0] + 0.3
    assert late["own_mean"].to_list() == at_once["own_mean"].to_list()


def test_a_customer_who_takes_many_at_once_makes_demand_lumpy() -> None:
    found = means(told(selling(SHIRT, 28, units=6)))

    assert found["own_dispersion"][0] > 4
    assert found["own_mean"][0] > 6


def test_a_few_who_take_very_many_do_not_make_a_thin_stock_seem_safe() -> None:
    """Two sales a day, one in seven of sixty units: that anything is wanted is as likely as that a sale comes."""
    few = pl.concat([selling(SHIRT, 24), selling(SHIRT, 4, units=60)])
    ones = few.with_columns(units=pl.lit(1, pl.Int64))
    lumpy, single = (means(told(sales), hours=4).row(0, named=True) for sales in (few, ones))
    wanted, sold = (
        Counts.of(row["own_mean"], row["own_dispersion"]).tail(np.zeros(1, dtype=np.int64)).item()
        for row in (lumpy, single)
    )

    assert lumpy["own_mean"] > 5 * single["own_mean"]
    assert wanted == pytest.approx(sold, rel=0.02)


def test_what_is_measured_depends_on_the_past_alone() -> None:
    until = NOW - 4 * DAY
    before = selling(SHIRT, 40, until=until)
    after = selling(SHIRT, 200).filter(pl.col("sold_at") >= until)

    assert told(pl.concat([before, after]), until=until).skus.equals(told(before, until=until).skus)


def test_only_rates_that_moved_are_told_again() -> None:
    columns = {"withdrawal_count": pl.lit(0), "withdrawn_units": pl.lit(0)}
    known = told(selling(SHIRT, 56), selling(COAT, 28)).skus.with_columns(**columns)
    hardly = known.with_columns(pl.col("own_rate") * 1.01)
    moved = known.with_columns(pl.when(pl.col("sku") == COAT).then(2).otherwise("own_rate").alias("own_rate"))

    assert news(known, known.clear()).height == 3
    assert news(hardly, known).is_empty()
    assert news(moved, known)["sku"].to_list() == [COAT]
