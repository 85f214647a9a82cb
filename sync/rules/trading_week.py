"""The shape of a week: how busy each hour of it is, in the shop's own time zone.

    factor[hour of the week] = hour of the day x day of the week x what is left over, each drawn towards 1

A factor is 1 for the average hour of the week; 0 where the shop is known to be closed. What was seen a few times
only is drawn towards what the other days say: an hour of the day towards the flat day, a day towards the others, an
hour of a day towards their product. So one strange Monday does not make all Mondays strange, and after some
weeks the week speaks for itself. `hours` turns a window into typical hours; clock changes are walked through hour
by hour, so the night that has 23 or 25 hours is counted as it is lived. Windows are half open.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from sync.rules.chances import Floats, Ints

LONDON = ZoneInfo("Europe/London")
HOURS = 168
_DAY = 24
# How many times a thing must be seen to count as much as what it is drawn towards.
_HOUR_OF_DAY, _DAY_OF_WEEK, _HOUR_OF_WEEK = 2, 3, 8


@dataclass(frozen=True, slots=True)
class TradingWeek:
    """168 factors, Monday 00:00 first, their mean 1."""

    factors: Floats
    zone: ZoneInfo = LONDON
    shut: frozenset[date] = frozenset()  # days without trade, whatever the week says

    def pieces(self, since: datetime, until: datetime) -> tuple[Floats, Ints]:
        """Typical hours in each clock hour of the window, and the local day (days since 1970) each belongs to."""
        places, share = _clock_hours(since, until)
        week, day = _local(places, self.zone)
        return self.factors[week] * share * _is_trading(day, self.shut), day

    def hours_before(self, since: datetime, until: datetime) -> tuple[Floats, Floats]:
        """The clock hours of the window (seconds since 1970) and the typical hours from its start to each."""
        places, _ = _clock_hours(since, until)
        ends = np.minimum((places + 1) * 3600.0, until.timestamp())
        lived = np.cumsum(self.pieces(since, until)[0])
        return np.concatenate([[since.timestamp()], ends]), np.concatenate([[0.0], lived])

    def hours(self, since: datetime, until: datetime) -> float:
        """Typical hours in the window: 4 for four average hours, less at night, 0 while closed."""
        return float(self.pieces(since, until)[0].sum())


def always_open(closed: Collection[int] = (), zone: ZoneInfo = LONDON) -> TradingWeek:
    """A week that knows nothing but when the shop is closed (hours of the week, Monday 00:00 is 0)."""
    return TradingWeek(_normalised(_is_open(closed)), zone)


def fit(
    sold_at: pl.Series,
    since: datetime,
    until: datetime,
    *,
    weight: pl.Series | None = None,
    closed: Collection[int] = (),
    zone: ZoneInfo = LONDON,
    shut: frozenset[date] = frozenset(),
) -> TradingWeek:
    """The week as the sales between two moments show it. `sold_at`: moments with a time zone.

    `weight`: what each counts as, if not one. Sales while the shop is said to be closed are left out of the shape.
    """
    is_open = _is_open(closed)
    places, share = _clock_hours(since, until)
    week, day = _local(places, zone)
    times = np.bincount(week, weights=share * _is_trading(day, shut), minlength=HOURS) * is_open
    is_within = (sold_at >= since) & (sold_at < until)
    within = sold_at.filter(is_within).dt.convert_time_zone(zone.key)
    of_week = ((within.dt.weekday().cast(pl.Int64) - 1) * _DAY + within.dt.hour()).to_numpy()
    counts = np.ones(of_week.size) if weight is None else weight.filter(is_within).to_numpy()
    sales = np.bincount(of_week, weights=counts, minlength=HOURS) * is_open
    if not sales.sum() or not times.sum():
        return TradingWeek(_normalised(is_open), zone, shut)
    shape = is_open * (sales.sum() / times.sum())  # sales in one open hour, as yet the same in all
    hour_seen, hour_sold = _by_day(times * shape).sum(0), _by_day(sales).sum(0)
    once = _by_day(shape).max(0) * _HOUR_OF_DAY
    shape = shape * np.tile(_drawn(hour_sold, hour_seen, once), 7)
    day_seen, day_sold = _by_day(times * shape).sum(1), _by_day(sales).sum(1)
    shape = shape * np.repeat(_drawn(day_sold, day_seen, _by_day(shape).sum(1) * _DAY_OF_WEEK), _DAY)
    shape = shape * _drawn(sales, times * shape, shape * _HOUR_OF_WEEK)
    return TradingWeek(_normalised(shape), zone, shut)


def _drawn(sold: Floats, expected: Floats, towards: Floats) -> Floats:
    """Sold against expected, drawn towards 1 by as much as `towards` weighs; 1 where nothing is known."""
    weight = expected + towards
    return np.divide(sold + towards, weight, out=np.ones_like(weight), where=weight > 0)


def _normalised(factors: Floats) -> Floats:
    mean = factors.mean()
    return factors / mean if mean > 0 else factors


def _by_day(values: Floats) -> Floats:
    return values.reshape(7, _DAY)


def _is_trading(days: Ints, shut: frozenset[date]) -> Floats:
    """1 on a trading day, 0 on one without trade."""
    gone = [(day - date(1970, 1, 1)).days for day in shut]
    return (~np.isin(days, gone)).astype(np.float64)


def _is_open(closed: Collection[int]) -> Floats:
    """1 where open; ValueError for an hour that no week has."""
    if any(not 0 <= hour < HOURS for hour in closed):
        raise ValueError("An hour of the week is a number from 0 (Monday 00:00) to 167.")
    found = np.ones(HOURS, dtype=np.float64)
    found[list(closed)] = 0
    return found


def _clock_hours(since: datetime, until: datetime) -> tuple[Ints, Floats]:
    """The clock hours a window touches (hours since 1970, UTC) and how much of each it covers."""
    first, last = since.astimezone(UTC).timestamp() / 3600, until.astimezone(UTC).timestamp() / 3600
    if last <= first:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    places = np.arange(int(np.floor(first)), int(np.ceil(last)), dtype=np.int64)
    return places, np.minimum(places + 1, last) - np.maximum(places, first)


def _local(places: Ints, zone: ZoneInfo) -> tuple[Ints, Ints]:
    """Hour of the week and day (since 1970) on the shop's clock."""
    moments = pl.Series(places * 3_600_000, dtype=pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone.key)
    week = (moments.dt.weekday().cast(pl.Int64) - 1) * _DAY + moments.dt.hour()
    return week.to_numpy(), moments.dt.date().cast(pl.Int32).cast(pl.Int64).to_numpy()
