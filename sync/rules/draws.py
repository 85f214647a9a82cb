"""What else draws on the pool: read from one stock batch to the next, for nobody tells it.

    fall = net before - net after - our own sales entered between - pre-booked orders that became due

A fall is demand of the other channels. What is not: goods received (such an interval tells nothing and is left
out, hours and all), pre-books falling due, and withdrawals: single falls far beyond what that SKU's rate can
explain (a wholesale order). Those are counted as withdrawals, never as rate: one of them would make a slow SKU look
like a quick one for weeks. Withdrawals to come are known from dated orders (`store/sql/scheduled_units.sql`).

Laws: units of draws and withdrawals together are all falls; an interval counts at most once, with its hours; hours
without stock count for nothing, for nothing can be drawn then.
"""

from datetime import datetime

import numpy as np
import polars as pl
from scipy import special

LEAST_WITHDRAWAL = 4  # fewer units are ordinary, however slow the SKU
BEYOND = 1e-6  # a fall less likely than this by the SKU's own rate was no chance
MOST_ROUNDS = 10
_GOLDEN = 0.6180339887498949  # its multiples spread evenly, however many there are

# One row per SKU of the ERP that ever had stock. Hours are those with something in the pool.
POOL: dict[str, type[pl.DataType]] = {
    "sku_key": pl.String,
    "stock_hours": pl.Float64,
    "other_hours": pl.Float64,  # of them, those whose falls can be read: no goods came
    "other_units": pl.Int64,
    "withdrawal_count": pl.Int64,
    "withdrawn_units": pl.Int64,
}


def falls(moves: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """Every interval in which a pool moved: `sku_key`, `before_at`, `batch_at`, `hours`, `fall`, `what`.

    `moves` as the read model `pool_moves` gives them; `what` is draw, withdrawal or receipt.
    """
    became_due = (-pl.col("later_change")).clip(lower_bound=0)
    read = (
        moves.filter(pl.col("before_at").is_not_null())
        .with_columns(
            hours=_hours(pl.col("before_at"), pl.col("batch_at")),
            fall=-pl.col("net_change") - pl.col("own_units"),
            before=pl.col("units") - pl.col("net_change"),
        )
        # A pre-book that is cancelled leaves the pool as it was: no more became due than fell.
        .with_columns(fall=pl.col("fall") - pl.min_horizontal(became_due, pl.col("fall").clip(lower_bound=0)))
        .with_columns(
            what=pl.when((pl.col("fall") < 0) | (pl.col("coming_change") < 0))
            .then(pl.lit("receipt"))
            .otherwise(pl.lit("draw"))
        )
        .select("sku_key", "before_at", "batch_at", "hours", "before", "fall", "what")
    )
    return _withdrawals_apart(read, _readable_hours(stock_hours(moves, until), read))


def pool(read: pl.DataFrame, moves: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """What drew on each SKU beside this channel: the columns of POOL, from `falls(moves, until)`."""
    is_draw, is_withdrawal = pl.col("what") == "draw", pl.col("what") == "withdrawal"
    drawn = read.group_by("sku_key").agg(
        pl.col("fall").filter(is_draw).sum().alias("other_units"),
        is_withdrawal.sum().alias("withdrawal_count"),
        pl.col("fall").filter(is_withdrawal).sum().alias("withdrawn_units"),
    )
    return (
        _readable_hours(stock_hours(moves, until), read)
        .join(drawn, on="sku_key", how="left", maintain_order="left")
        .with_columns(pl.col("other_units", "withdrawal_count", "withdrawn_units").fill_null(0))
        .select(pl.col(name).cast(dtype) for name, dtype in POOL.items())
    )


def as_sales(read: pl.DataFrame) -> pl.DataFrame:
    """Draws as if each unit had been sold for itself: `sku_key`, `sold_at`, `units`.

    When in its interval a unit left nobody knows: they are spread over it evenly, the same way each time.
    """
    drawn = read.filter((pl.col("what") == "draw") & (pl.col("fall") > 0)).sort("batch_at", "sku_key")
    units = drawn.select("sku_key", "before_at", "hours", one=pl.int_ranges(pl.col("fall"))).explode("one")
    part = (pl.int_range(pl.len()) * _GOLDEN + 0.5) % 1
    return units.select(
        "sku_key",
        sold_at=pl.col("before_at") + (part * pl.col("hours") * 3_600_000).cast(pl.Int64).cast(pl.Duration("ms")),
        units=pl.lit(1, pl.Int64),
    )


def stock_hours(moves: pl.DataFrame, until: datetime) -> pl.DataFrame:
    """`sku_key`, `stock_hours`: for how long each pool had something in it, up to a moment."""
    next_at = pl.col("batch_at").shift(-1).over("sku_key", order_by="batch_at").fill_null(pl.lit(until))
    lasted = _hours(pl.col("batch_at"), next_at).clip(lower_bound=0)
    return (
        moves.with_columns(lasted=pl.when(pl.col("units") > 0).then(lasted).otherwise(0.0))
        .group_by("sku_key")
        .agg(pl.col("lasted").sum().alias("stock_hours"))
        .sort("sku_key")
    )


def _readable_hours(stock: pl.DataFrame, read: pl.DataFrame) -> pl.DataFrame:
    """`stock` with `other_hours`: less the intervals in which goods came on top of some."""
    is_lost = (pl.col("what") == "receipt") & (pl.col("before") > 0)
    lost = read.filter(is_lost).group_by("sku_key").agg(pl.col("hours").sum().alias("lost_hours"))
    return stock.join(lost, on="sku_key", how="left", maintain_order="left").with_columns(
        other_hours=(pl.col("stock_hours") - pl.col("lost_hours").fill_null(0.0)).clip(lower_bound=0)
    )


def _withdrawals_apart(read: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Mark the falls no rate explains, the greatest first, until what is left explains itself."""
    known = read.with_row_index("place").join(hours.select("sku_key", "other_hours"), on="sku_key", how="left")
    left = known.filter((pl.col("what") == "draw") & (pl.col("fall") > 0))
    apart: list[pl.Series] = []
    for _ in range(MOST_ROUNDS):
        rate = pl.col("fall").sum().over("sku_key") / pl.max_horizontal("other_hours", "hours")
        mean = left.select((rate * pl.col("hours")).alias("mean"))["mean"].to_numpy()
        fall = left["fall"].to_numpy()
        # P(at least so many) of a Poisson, by the incomplete gamma: scipy.stats takes a second to load
        is_beyond = (fall >= LEAST_WITHDRAWAL) & (np.asarray(special.gammainc(np.maximum(fall, 1), mean)) < BEYOND)
        if not is_beyond.any():
            break
        apart.append(left["place"].filter(pl.Series(is_beyond)))
        left = left.filter(~pl.Series(is_beyond))
    marked = pl.concat(apart) if apart else pl.Series([], dtype=pl.UInt32)
    is_apart = pl.col("place").is_in(marked.to_list())
    return known.with_columns(what=pl.when(is_apart).then(pl.lit("withdrawal")).otherwise("what")).select(
        read.columns
    )


def _hours(since: pl.Expr, until: pl.Expr) -> pl.Expr:
    return (until - since).dt.total_seconds() / 3600
