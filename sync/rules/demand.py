"""How much of each SKU is wanted in a window, and how well that is known (bluecherry.md §3.5).

    rate  = (a + sold) / (b + hours)      sales in a typical hour at today's pace; Gamma(a, b): the category
    mean  = rate x typical hours of the window
    variance / mean = 1 + mean x v        v: what is not known of the rate, and the swings (`sync.rules.trade`)

A SKU that sold once in a month did not reveal its rate: it is drawn towards its category, all the more the less it
was for sale. The category's word is empirical Bayes: one shape `a` for all (by likelihood), a mean for each
category that is itself drawn towards the others while the category is small. Where the list of SKUs is made of
those that sold (`sold_only`), the zeros nobody sees are allowed for; without that every slow SKU looks quicker than
it is.

    sales      sku, sold_at (with time zone), units     a row a sale; scheduled wholesale withdrawals left out
    skus       sku, category, listed_at (may be null)   a row a SKU; for sale since before the period where null
               part, recent_part (may be missing)       which part of the hours counts, and of those that fade
    rates      + sold, hours, certainty (a + recent), rate, rate_low, rate_high (credible interval)
    forecast   + mean, dispersion                       in sales; `sync.rules.line_sizes` turns them into units

What was sold long ago counts less than lately (half after a fortnight): goods come into fashion and go out of it.

Only what was sold before `trade.until` counts, so a fit never knows the window it foretells.
"""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
from scipy import optimize, special

from sync.rules.chances import Floats, Ints
from sync.rules.trade import NEVER, Trade

CREDIBLE = 0.9  # of the interval shown beside a rate
_LIKE_CATEGORY = 20  # SKUs a category needs before its own mean counts as much as that of all
FADES = timedelta(days=14)
_LITTLE = 1e-9


def rates(
    sales: pl.DataFrame, skus: pl.DataFrame, trade: Trade, *, sold_only: bool = False, fades: timedelta = FADES
) -> pl.DataFrame:
    """`skus` with their rates, in the same order. `fades`: the time in which what was sold counts by half."""
    age = (pl.lit(trade.until) - pl.col("sold_at")).dt.total_seconds() / fades.total_seconds()
    counted = (
        sales.filter((pl.col("sold_at") >= trade.since) & (pl.col("sold_at") < trade.until))
        .group_by("sku")
        .agg(sold=pl.len().cast(pl.Int64), _recent=(0.5**age).sum())
    )
    shown = skus.join(counted, on="sku", how="left", maintain_order="left").with_columns(
        pl.col("sold").fill_null(0),
        pl.col("_recent").fill_null(0.0),
        hours=_hours(skus, trade, NEVER) * (skus["part"] if "part" in skus.columns else 1.0),
        _time=_hours(skus, trade, fades) * (skus["recent_part"] if "recent_part" in skus.columns else 1.0),
    )
    sold, hours = shown["sold"].to_numpy(), shown["hours"].to_numpy()
    a, b = priors(sold, hours, shown["category"], sold_only=sold_only)
    certainty, time = a + shown["_recent"].to_numpy(), b + shown["_time"].to_numpy()
    tail = (1 - CREDIBLE) / 2
    return shown.drop("_recent", "_time").with_columns(
        certainty=certainty,
        rate=certainty / time,
        rate_low=special.gammaincinv(certainty, tail) / time,
        rate_high=special.gammaincinv(certainty, 1 - tail) / time,
    )


def forecast(rated: pl.DataFrame, trade: Trade, since: datetime, until: datetime) -> pl.DataFrame:
    """`rated` with `mean` and `dispersion` (variance / mean) of the sales in a window; Poisson would be 1."""
    hours, swing = trade.swing(since, until)
    unknown = 1 / pl.col("certainty")
    mean = pl.col("rate") * hours
    return rated.with_columns(mean=mean, dispersion=1 + mean * (unknown + swing + unknown * swing))


def priors(sold: Ints, hours: Floats, category: pl.Series, *, sold_only: bool = False) -> tuple[float, Floats]:
    """The Gamma(a, b) each SKU is drawn towards: one shape, and b by category.

    With nothing sold at all: one sale in all the hours there were.
    """
    known = hours > 0
    if not sold[known].sum():
        return 1.0, np.full(sold.shape, max(float(hours.sum()), 1.0))
    shape, scale = _likeliest(sold[known], hours[known], sold_only=sold_only)
    names = category.fill_null("").rank("dense").cast(pl.Int64).to_numpy() - 1
    size = np.bincount(names[known], minlength=names.max() + 1)
    seen = np.bincount(names[known], weights=sold[known], minlength=size.size)
    time = np.bincount(names[known], weights=hours[known], minlength=size.size)
    own = _scale(shape, scale, seen / np.maximum(size, 1), time / np.maximum(size, 1), sold_only=sold_only)
    trust = size / (size + _LIKE_CATEGORY)
    return shape, np.exp(trust * np.log(own) + (1 - trust) * np.log(scale))[names]


def _hours(skus: pl.DataFrame, trade: Trade, fades: timedelta) -> pl.Series:
    """The hours at today's pace each SKU was for sale in the period."""
    whole = trade.exposure(fades=fades)
    listed = skus["listed_at"] if "listed_at" in skus.columns else pl.Series([None] * skus.height)
    if listed.null_count() == skus.height:
        return pl.Series([whole] * skus.height, dtype=pl.Float64)
    since = {moment: trade.exposure(max(moment, trade.since), fades) for moment in listed.drop_nulls().unique()}
    return pl.Series([whole if moment is None else since[moment] for moment in listed], dtype=pl.Float64)


def _likeliest(sold: Ints, hours: Floats, *, sold_only: bool) -> tuple[float, float]:
    """Shape and scale of the gamma distribution that makes the counts likeliest (negative binomial)."""
    # SKUs alike in count and (to a percent) in hours are one case with a weight.
    alike = np.stack([sold, np.round(100 * np.log(np.maximum(hours, _LITTLE)))])
    cases, weights = np.unique(alike, axis=1, return_counts=True)
    counts, times = cases[0], np.exp(cases[1] / 100)

    def unlikely(logs: Floats) -> float:
        a, b = np.exp(np.clip(logs, -30, 30))
        none = -a * np.log1p(times / b)  # log of P(nothing sold)
        likely = special.gammaln(a + counts) - special.gammaln(a) + none - counts * np.log1p(b / times)
        if sold_only:
            likely -= np.log(-np.expm1(np.minimum(none, -_LITTLE)))
        return -float(weights @ likely)

    mean = float(weights @ counts) / float(weights @ times)
    start = np.array([0.0, -np.log(mean)])
    best = optimize.minimize(unlikely, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4})
    # A shape beyond these says no more than: all alike; or: nearly none ever sells.
    a, b = np.exp(best.x)
    shape = float(np.clip(a, 0.02, 100))
    return shape, float(b * shape / a)


def _scale(shape: float, scale: float, sold: Floats, hours: Floats, *, sold_only: bool) -> Floats:
    """For each category the b that gives its mean count; the one of all where it sold nothing."""
    found = np.where(sold > 0, shape * hours / np.maximum(sold, _LITTLE), scale)
    if not sold_only:
        return found
    low, high = np.full(sold.shape, -40.0), np.full(sold.shape, 40.0)
    for _ in range(60):
        middle = (low + high) / 2
        b = np.exp(middle)
        # Given that a SKU sold at all, it sold this often; the larger b, the less.
        expected = shape * hours / b / np.maximum(-np.expm1(-shape * np.log1p(hours / b)), _LITTLE)
        is_more = expected > sold
        low, high = np.where(is_more, middle, low), np.where(is_more, high, middle)
    # A category in which each SKU sold just once could be infinitely slow: it stays within reach of the others.
    return np.where(sold > 0, np.clip(np.exp((low + high) / 2), scale / 20, scale * 20), scale)
