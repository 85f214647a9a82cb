"""The shape of a week: how busy each hour of it is, in the shop's own time zone.

    factor[hour of the week] = hour of the day x day of the week x what is left over

A factor is 1 for the average hour of the week; 0 where the shop is known to be closed. Each of the three is learned
beside the others, and what was seen seldom is drawn towards what the others say (`sync.rules.opening`): so one
strange Monday does not make all Mondays strange, and what never trades is soon known not to. `hours` turns a
window into typical hours; clock changes are walked through hour by hour, so the night that has 23 or 25 hours is
counted as it is lived. Windows are half open.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from sync.rules import opening
from sync.rules.chances import Floats, Ints

LONDON = ZoneInfo("Europe/London")
HOURS = 168
Lifts = Sequence[
    tuple[datetime, datetime, float]
]  # from when until when the shop as a whole sold by what factor more
_DAY = 24
_EPOCH = date(1970, 1, 1)
_ROUNDS = 2  # more change nothing to speak of
_LIKELIER = 0.5


@dataclass(frozen=True, slots=True)
class TradingWeek:
    """168 factors, Monday 00:00 first, their mean 1."""

    factors: Floats
    zone: ZoneInfo = LONDON
    shut: frozenset[date] = frozenset()  # days without trade, whatever the week says

    def pieces(self, since: datetime, until: datetime, lifts: Lifts = ()) -> tuple[Floats, Ints]:
        """Typical hours in each clock hour of the window, and the local day (days since 1970) each belongs to.

        Those within a lift count by its factor.
        """
        places, share = _clock_hours(since, until, lifts)
        week, day = _local(places, self.zone)
        return self.factors[week] * share * _is_trading(day, self.shut), day

    def hours_before(self, since: datetime, until: datetime) -> tuple[Floats, Floats]:
        """The clock hours of the window (seconds since 1970) and the typical hours from its start to each."""
        places, _ = _clock_hours(since, until)
        ends = np.minimum((places + 1) * 3600.0, until.timestamp())
        lived = np.cumsum(self.pieces(since, until)[0])
        return np.concatenate([[since.timestamp()], ends]), np.concatenate([[0.0], lived])

    def hours(self, since: datetime, until: datetime, lifts: Lifts = ()) -> float:
        """Typical hours in the window: 4 for four average hours, less at night, 0 while closed."""
        return float(self.pieces(since, until, lifts)[0].sum())


def always_open(closed: Collection[int] = (), zone: ZoneInfo = LONDON) -> TradingWeek:
    """A week that knows nothing but when the shop is closed (hours of the week, Monday 00:00 is 0)."""
    return TradingWeek(_normalised(_is_open(closed)), zone)


def fit(
    sold_at: pl.Series,
    since: datetime,
    until: datetime,
    *,
    closed: Collection[int] = (),
    zone: ZoneInfo = LONDON,
    shut: frozenset[date] = frozenset(),
    lifts: Lifts = (),
) -> TradingWeek:
    """The week as the sales between two moments show it. `sold_at`: moments with a time zone.

    Hours within a lift count by its factor. Sales while the shop is said to be closed are left out of the shape.
    Days on which it was shut, as far as the sales tell, join those that are said to be.
    """
    is_open = _is_open(closed)
    first, lived, orders, uneven = _by_week(sold_at, (since, until), lifts, zone)
    days = first + np.arange(lived.shape[0] * 7).reshape(-1, 7)
    lived *= _by_day(is_open) * _is_trading(days, shut)[..., None]
    orders *= lived > 0
    if not orders.sum():
        return TradingWeek(_normalised(is_open), zone, shut)
    away = opening.away(orders.sum(2).ravel(), lived.sum(2).ravel()).reshape(days.shape)
    lived *= ~away[..., None]
    traded, hour, day, rest = ~away, np.ones(_DAY), np.ones((7, 1)), np.ones((7, _DAY))
    for _ in range(_ROUNDS):  # each of the three beside the others
        usual = lived * orders[traded].sum() / (lived * hour * day * rest)[traded].sum()
        of_days = opening.days_of_week(orders.sum(2).T, (usual * hour * rest).sum(2).T, uneven)
        day, traded = of_days.factors[:, None], ~away & (of_days.shut.T <= _LIKELIER)
        seen, usual = orders * traded[..., None], usual * traded[..., None]
        hour = opening.hours_of_day(_cells(seen, _DAY), _cells(usual * day * rest, _DAY), uneven).factors
        usual *= day * hour
        rest = _by_day(opening.hours_of_week(_cells(seen, HOURS), _cells(usual, HOURS), uneven).factors)
    # of a day that is not over nobody knows yet
    over = ~traded & (days >= _local_day(since, zone)) & (days < _local_day(until, zone))
    found = {_EPOCH + timedelta(days=int(one)) for one in days[over]}
    return TradingWeek(_normalised((hour * day * rest * _by_day(is_open)).ravel()), zone, shut | found)


def _by_week(
    sold_at: pl.Series, period: tuple[datetime, datetime], lifts: Lifts, zone: ZoneInfo
) -> tuple[int, Floats, Floats, float]:
    """The Monday the period begins in; its hours lived through and orders, by week, weekday and hour; how uneven.

    Orders are counted by what is sold: sales over those of a usual order. The sales of one moment are an order. For
    a sale tells less of its hour where a few customers buy very much at once, the less the more uneven they are.
    """
    places, share = _clock_hours(*period, lifts)
    week, day = _local(places, zone)
    first = int(day[0] - week[0] // _DAY)
    size = -(-int(day[-1] - first + 1) // 7) * HOURS
    lived = np.bincount((day - first) * _DAY + week % _DAY, weights=share, minlength=size)
    sold = sold_at.filter((sold_at >= period[0]) & (sold_at < period[1]))
    local = sold.dt.convert_time_zone(zone.key)
    cells = (local.dt.date().cast(pl.Int32).to_numpy() - first) * _DAY + local.dt.hour().to_numpy()
    sales = np.bincount(cells, minlength=size)
    of_order = sold.unique_counts().to_numpy().astype(np.float64) if sold.len() else np.ones(1)
    shape = (-1, 7, _DAY)
    orders = sales.reshape(shape) / of_order.mean()
    return first, lived.reshape(shape).astype(np.float64), orders, float(of_order.var() / of_order.mean() ** 2)


def _normalised(factors: Floats) -> Floats:
    mean = factors.mean()
    return factors / mean if mean > 0 else factors


def _local_day(moment: datetime, zone: ZoneInfo) -> int:
    return (moment.astimezone(zone).date() - _EPOCH).days


def _cells(values: Floats, count: int) -> Floats:
    """A row for each of the hours, a column each time it came round."""
    return values.reshape(-1, count).T


def _by_day(values: Floats) -> Floats:
    return values.reshape(7, _DAY)


def _is_trading(days: Ints, shut: frozenset[date]) -> Floats:
    """1 on a trading day, 0 on one without trade."""
    gone = [(day - _EPOCH).days for day in shut]
    return (~np.isin(days, gone)).astype(np.float64)


def _is_open(closed: Collection[int]) -> Floats:
    """1 where open; ValueError for an hour that no week has."""
    if any(not 0 <= hour < HOURS for hour in closed):
        raise ValueError("An hour of the week is a number from 0 (Monday 00:00) to 167.")
    found = np.ones(HOURS, dtype=np.float64)
    found[list(closed)] = 0
    return found


def _clock_hours(since: datetime, until: datetime, lifts: Lifts = ()) -> tuple[Ints, Floats]:
    """The clock hours a window touches (hours since 1970, UTC) and how much of each it covers, times its lifts."""
    first, last = since.astimezone(UTC).timestamp() / 3600, until.astimezone(UTC).timestamp() / 3600
    if last <= first:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    places = np.arange(int(np.floor(first)), int(np.ceil(last)), dtype=np.int64)
    share = np.minimum(places + 1, last) - np.maximum(places, first)
    for begins, ends, factor in lifts:
        within, part = _clock_hours(max(begins, since), min(ends, until))
        share[within - places[0]] += (factor - 1) * part
    return places, share


def _local(places: Ints, zone: ZoneInfo) -> tuple[Ints, Ints]:
    """Hour of the week and day (since 1970) on the shop's clock."""
    moments = pl.Series(places * 3_600_000, dtype=pl.Datetime("ms", "UTC")).dt.convert_time_zone(zone.key)
    week = (moments.dt.weekday().cast(pl.Int64) - 1) * _DAY + moments.dt.hour()
    return week.to_numpy(), moments.dt.date().cast(pl.Int32).cast(pl.Int64).to_numpy()
