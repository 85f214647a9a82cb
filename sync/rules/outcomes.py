"""What a buffer buys: a grid of outcomes for what-if, and the sum over SKUs for a policy.

`grid` is for SKUs at risk: it works through every SKU and buffer. `oversold_units` cost `cost` each;
`turned_away_units` are customers of this channel whom the base would have served had nothing been held back (what
the others take aside), and cost `margin` each. Minimum, maximum and packs are not part of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from sync.rules.calibration import most_expected
from sync.rules.chances import Ints
from sync.rules.oversell import Overstated, Sides, oversold, record_of, worst_case

BUFFERS = range(13)


def grid(
    by_interval: Mapping[float, pl.DataFrame],
    margin: float | str,
    cost: float | str,
    buffers: Sequence[int] = BUFFERS,
    *,
    overstated: Overstated = (),
    further: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """One row per interval (hours until the next batch shows), SKU and buffer.

    `by_interval` holds for each interval the SKUs as `oversell.WANTED` says (with `sku`; `quantity` is not needed).
    `further`: `sku`, `buffer` of single SKUs besides; they come last. `margin` and `cost` of a unit are numbers, or
    the columns that have them.
    """
    skus = pl.concat(skus.with_columns(interval_hours=pl.lit(float(hours))) for hours, skus in by_interval.items())
    held = pl.DataFrame({"buffer": list(buffers)}, schema={"buffer": pl.Int64})
    skus = skus.drop("buffer", strict=False)
    choices = skus.join(held, how="cross")
    if further is not None:
        choices = pl.concat([choices, skus.join(further, on="sku", maintain_order="left_right")])
    return _outcomes(choices, margin, cost, overstated).select(
        "interval_hours", "sku", "buffer", "quantity", "oversell", "worst_case", "oversold_units",
        "turned_away_units", "oversell_cost", "margin_lost", "expected_cost",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Week:
    """What a policy means over a week, all SKUs together."""

    oversells: float  # expected number of (SKU, window) in which more is sold than there is
    at_least_one: float
    oversold_units: float
    turned_away_units: float
    most_oversells: int  # passed in one week of a hundred: more says that the prediction is wrong


def week(skus: pl.DataFrame, windows: float) -> Week:
    """Sums over SKUs with `oversell`, `oversold_units`, `turned_away_units` of one window, and `windows` of them.

    SKUs and windows are independent here; days that are busy for all of them come in clusters.
    """
    chance = np.clip(skus["oversell"].to_numpy(), 0.0, 1.0)
    expected = float(chance.sum()) * windows
    with np.errstate(divide="ignore"):
        none = float(np.log1p(-chance).sum()) * windows
    return Week(
        oversells=expected,
        at_least_one=float(-np.expm1(none)),
        oversold_units=float(skus["oversold_units"].sum()) * windows,
        turned_away_units=float(skus["turned_away_units"].sum()) * windows,
        most_oversells=most_expected(expected),
    )


def with_turned_away(skus: pl.DataFrame) -> pl.DataFrame:
    """`skus` with `turned_away_units`: E[(own - quantity)^+] - E[(own - base)^+]."""
    own = Sides.of(skus).own
    base, quantity = _whole(skus["base"]), _whole(skus["quantity"])
    lost = own.excess(quantity) - own.excess(np.maximum(base, quantity))
    return skus.with_columns(turned_away_units=np.maximum(lost, 0.0))


def _outcomes(skus: pl.DataFrame, margin: float | str, cost: float | str, overstated: Overstated) -> pl.DataFrame:
    """What `buffer` units held back come to, row by row."""
    listed = skus.with_columns(quantity=(pl.col("base") - pl.col("buffer")).clip(lower_bound=0))
    sides, base, quantity = Sides.of(listed), _whole(listed["base"]), _whole(listed["quantity"])
    overstated = record_of(listed, overstated)
    oversell, oversold_units = oversold(sides, base, quantity, overstated)
    return (
        with_turned_away(listed)
        .with_columns(
            oversell=oversell,
            oversold_units=oversold_units,
            worst_case=worst_case(sides.other, base - quantity, overstated),
        )
        .with_columns(
            oversell_cost=pl.col("oversold_units") * _each(cost),
            margin_lost=pl.col("turned_away_units") * _each(margin),
        )
        .with_columns(expected_cost=pl.col("oversell_cost") + pl.col("margin_lost"))
    )


def _whole(column: pl.Series) -> Ints:
    return column.to_numpy().astype(np.int64)


def _each(given: float | str) -> pl.Expr:
    return pl.col(given).cast(pl.Float64) if isinstance(given, str) else pl.lit(given)
