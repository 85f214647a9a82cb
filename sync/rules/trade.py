"""How the whole shop trades: its pace today, and how far a SKU's demand swings beyond chance.

The *pace* is the number of sales in a typical hour as things stand now. It drifts, so it is a discounted average of
whole days: each day back counts a little less. How much less, and how far one day strays from the next, is not
chosen but weighed: every pair of `_KEEPS` and `_STRAYS` foretells each past day from the days before it, and counts
by how well it did.

*Swings* are measured where they matter, at the SKU: how much more a SKU's count varies from day to day, and from
hour to hour, than chance alone explains. (What all SKUs share, a busy day, is in it to the degree a single SKU
feels it: a day is busy because one large basket came, and a SKU is at most once in a basket.) With few days they
lean on `_USUAL`. All are squared coefficients of variation: 0.05 is a swing of 22 %.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from scipy import special

from sync.rules.chances import Floats
from sync.rules.trading_week import LONDON, Lifts, TradingWeek, fit

_KEEPS = (0.6, 0.75, 0.9, 1.0)  # what a day's evidence still weighs a day later
_STRAYS = (0.1, 0.15, 0.2, 0.3, 0.4)  # how far a day strays from the pace
_USUAL = (0.05, 0.2)  # swings from day to day and from hour to hour, before anything was seen
_USUAL_DAYS = 5  # and how many days that is worth
_DAY = timedelta(days=1)
NEVER = timedelta(days=100_000)


@dataclass(frozen=True, slots=True)
class Trade:
    """The shop as its sales of a period show it, told at `until`."""

    week: TradingWeek
    since: datetime
    until: datetime
    pace: float  # sales in a typical hour, now
    pace_swing: float  # how little is known of the pace
    day_swing: float
    hour_swing: float
    days: tuple[datetime, ...]  # where the days counted from `until` begin, and `until`
    sold: tuple[float, ...]  # sales from `since` to each of them, as they would have been without what lifted them

    def exposure(self, since: datetime | None = None, fades: timedelta = NEVER) -> float:
        """Hours at today's pace that would sell what was sold since a moment (or the start).

        What was sold counts by half for each `fades` that has passed since.
        """
        edges = [moment.timestamp() for moment in (since or self.since, self.until)]
        first, last = self.exposed(np.array(edges), fades)
        return float(last - first)

    def exposed(self, moments: Floats, fades: timedelta = NEVER) -> Floats:
        """The same from the start to each moment (seconds since 1970): within a day as its hours are traded in."""
        begins = np.array([moment.timestamp() for moment in self.days])
        clock, lived = self.week.hours_before(self.since, self.until)
        edges = np.union1d(begins, clock)
        hours = np.interp(edges, clock, lived)
        in_day = np.diff(np.interp(begins, clock, lived))
        sold = np.diff(self.sold) / self.pace if self.pace else in_day
        ages = (begins[-1] - (begins[:-1] + begins[1:]) / 2) / fades.total_seconds()
        day = np.searchsorted(begins, edges[:-1], "right") - 1
        # a day that trades in no hour of its own is traded in evenly
        evenly = np.diff(edges) / np.diff(begins)[day]
        part = np.divide(np.diff(hours), in_day[day], out=evenly, where=in_day[day] > 0)
        told: Floats = np.interp(moments, edges, np.concatenate([[0.0], np.cumsum(part * (sold * 0.5**ages)[day])]))
        return told

    def swing(self, since: datetime, until: datetime) -> tuple[float, float]:
        """Typical hours of a window, and a SKU's swing in it: days and hours even out in longer ones."""
        hours, days = self.week.pieces(since, until)
        total = float(hours.sum())
        if total == 0:
            return 0.0, 0.0
        by_day = np.bincount(days - days.min(), weights=hours)
        evened_days, evened_hours = float((by_day**2).sum()) / total**2, float((hours**2).sum()) / total**2
        return total, self.pace_swing + self.day_swing * evened_days + self.hour_swing * evened_hours


def observe(
    sales: pl.DataFrame,
    since: datetime,
    until: datetime,
    *,
    closed: Collection[int] = (),
    zone: ZoneInfo = LONDON,
    shut: frozenset[date] = frozenset(),
    lifts: Lifts = (),
) -> Trade:
    """The shop's trade from `sales` (`sku`, `sold_at`; a row a sale) from `since` to `until`, half open.

    `closed`: hours of the week without trade; `shut`: local days without. Wholesale withdrawals do not
    belong in it (`draws.falls`). Time in which the shop as a whole sold by a factor more (`lifts`) counts by it.
    ValueError if the period is empty.
    """
    if until <= since:
        raise ValueError("The period whose sales are looked at must end after it begins.")
    seen = sales.filter((pl.col("sold_at") >= since) & (pl.col("sold_at") < until))
    week = fit(seen["sold_at"], since, until, closed=closed, zone=zone, shut=shut, lifts=lifts)
    begins = [until]
    while begins[0] > since:
        begins.insert(0, max(begins[0] - _DAY, since))
    edges = np.array([moment.timestamp() for moment in begins])
    moments = seen["sold_at"].dt.epoch("ms").to_numpy() / 1000
    sold = np.histogram(moments, edges)[0].astype(np.float64)
    hours = np.array([week.hours(*pair, lifts) for pair in pairwise(begins)])
    traded = hours > 0
    pace, pace_swing = _pace(sold[traded], hours[traded])
    day_swing, hour_swing = _swings(seen, edges, hours, week.pieces(since, until, lifts)[0])
    if lifts:
        usual = np.array([week.hours(*pair) for pair in pairwise(begins)])
        sold = np.divide(sold * usual, hours, out=sold, where=traded)
    return Trade(
        week, since, until, pace, pace_swing, day_swing, hour_swing, tuple(begins), (0.0, *np.cumsum(sold).tolist())
    )


def _pace(sold: Floats, hours: Floats) -> tuple[float, float]:
    """Sales in a typical hour after the last day, and the squared variation of what is not known about it."""
    if not sold.sum():
        return 0.0, 0.0
    pairs = [_discounted(sold, hours, keeps, strays) for keeps in _KEEPS for strays in _STRAYS]
    fits, means, doubts = (np.array(column) for column in zip(*pairs, strict=True))
    weights = np.exp(fits - fits.max())
    weights /= weights.sum()
    mean = float(weights @ means)
    return mean, float(weights @ (means**2 * (1 + doubts)) / mean**2 - 1)


def _discounted(sold: Floats, hours: Floats, keeps: float, strays: float) -> tuple[float, float, float]:
    """How well each day was foretold (log likelihood), the pace after the last, and its squared variation.

    A gamma distribution of the pace; a day's sales are negative binomial about it, for the day itself strays.
    """
    count, time = 0.5, 0.5 * hours.sum() / sold.sum()  # half a sale at the average pace, so that nothing is certain
    fits = 0.0
    for day, (sales, typical) in enumerate(zip(sold, hours, strict=True)):
        expected = count / time * typical
        if day:  # the first day has no past to be foretold from
            size = 1 / (strays**2 + 1 / count)
            fits += float(
                special.gammaln(sales + size)
                - special.gammaln(size)
                - special.gammaln(sales + 1)
                + special.xlogy(sales, expected / (expected + size))
                - size * np.log1p(expected / size)
            )
        worth = 1 / (
            1 + (expected if day else sales) * strays**2
        )  # a day tells less of the pace the more days stray
        count, time = (count + worth * sales) * keeps, (time + worth * typical) * keeps
    return fits, count / time, 1 / count


def _swings(seen: pl.DataFrame, edges: Floats, hours: Floats, by_hour: Floats) -> tuple[float, float]:
    """How far a SKU's sales vary beyond chance from day to day, and from hour to hour on top."""
    days = max(int((hours > 0).sum()) - 1, 0)
    usual_day, usual_hour = _USUAL
    by_day = _beyond_chance(seen, edges, hours) if days else 0.0
    first, last = int(edges[0] // 3600), int(-(-edges[-1] // 3600))
    clock = np.arange(first, last + 1, dtype=np.float64) * 3600
    day_swing = max(0.0, (usual_day * _USUAL_DAYS + by_day * days) / (_USUAL_DAYS + days))
    each_hour = _beyond_chance(seen, clock, by_hour) if days else 0.0
    on_top = (usual_hour * _USUAL_DAYS + (each_hour - day_swing) * days) / (_USUAL_DAYS + days)
    return day_swing, max(0.0, on_top)


def _beyond_chance(seen: pl.DataFrame, edges: Floats, hours: Floats) -> float:
    """The squared variation c for which a SKU's counts in the cells have variance m + c m^2, by moments.

    A SKU of n sales should have n q in a cell that holds the share q of the typical hours. By chance its squared
    distances from that add up to n (1 - sum q^2); what is over is c n (n - 1) sum q^2 (1 - 2 q + sum q^2). SKUs
    weigh by how well their own distances are known (1 / n^2).
    """
    share = hours / hours.sum()
    squares = float((share**2).sum())
    chance, swing = 1 - squares, float((share**2 * (1 - 2 * share + squares)).sum())
    if chance <= 0 or swing <= 0:
        return 0.0
    cell = np.clip(
        np.searchsorted(edges, seen["sold_at"].dt.epoch("ms").to_numpy() / 1000, "right") - 1, 0, len(share) - 1
    )
    counted = (
        seen.select("sku", cell=pl.Series(cell))
        .group_by("sku", "cell")
        .agg(sold=pl.len().cast(pl.Float64))
        .with_columns(expects=pl.lit(pl.Series(share)).gather(pl.col("cell")))
        .group_by("sku")
        .agg(
            n=pl.col("sold").sum(),
            squared=(pl.col("sold") ** 2).sum(),
            crossed=(pl.col("sold") * pl.col("expects")).sum(),
        )
        .filter(pl.col("n") >= 2)
    )
    n = counted["n"].to_numpy()
    distance = counted["squared"].to_numpy() - 2 * n * counted["crossed"].to_numpy() + n**2 * squares
    over, expected = (distance - n * chance) / (n * chance), (n - 1) * swing / chance
    weight = float((expected**2).sum())
    return float((over * expected).sum()) / weight if weight else 0.0
