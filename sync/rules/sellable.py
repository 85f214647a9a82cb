"""How many units may be offered: the formula, over all SKUs at once.

    net(w)   = on hand - linked - allocated - picked - damaged - held     per warehouse that sells here
    supply   = sum of net(w): pooled first, so that a short warehouse eats into a long one
    base     = supply - in flight, not below zero
    buffer   = the largest of ceil(percent of base), the absolute units and the risk units (or their sum)
    quantity = base - buffer; 0 below the minimum; at most the maximum; whole packs only

Open work orders, goods in transit and goods at a pseudo-location never count. The law: a quantity is never
negative, never above the supply, and never rises when stock falls, sales in flight grow or a buffer grows.
"""

from collections.abc import Collection

import polars as pl

# Goods that are not in the building, whatever a setting says: port of entry, at origin, unassigned.
NEVER_SOLD_FROM = frozenset({"POE", "FOB", ""})


def supply(stock: pl.DataFrame, warehouses: Collection[str]) -> pl.DataFrame:
    """`sku_key`, `supply`: the net stock of the warehouses that sell here, pooled; may be negative.

    `stock` has a row per SKU and location with the columns of `stock_facts`.
    """
    allowed = sorted(set(warehouses) - NEVER_SOLD_FROM)
    promised = pl.sum_horizontal("linked", "allocated", "picked", "damaged", "held")
    return (
        stock.filter(pl.col("location").is_in(allowed))
        .group_by("sku_key")
        .agg((pl.col("on_hand") - promised).sum().alias("supply"))
    )


def sellable(skus: pl.DataFrame) -> pl.DataFrame:
    """`skus` with `base`, `percent_units`, `buffer`, `buffer_rule` and `target` added.

    A row per SKU with `supply`, `inflight`, `multiple`, `risk_units` (0 where unknown) and the columns of
    `sync.rules.policies`. `buffer_rule` names the candidate that won, or those that were added up.
    """
    return (
        skus.with_columns((pl.col("supply") - pl.col("inflight")).clip(lower_bound=0).alias("base"))
        .with_columns(_percent_of_base().alias("percent_units"))
        .with_columns(_buffer().alias("buffer"), _buffer_rule().alias("buffer_rule"))
        .with_columns(_target().alias("target"))
    )


def reason() -> pl.Expr:
    """Why the number is what it is, in words, from the columns `sellable` leaves."""
    kept = pl.col("base") - pl.col("buffer")
    is_small = (kept > 0) & (kept < pl.col("minimum"))
    after = pl.when(kept > pl.col("maximum")).then("maximum").otherwise(kept)
    is_broken = (pl.col("target") > 0) & (pl.col("target") < after)
    steps = [
        pl.format("{} in stock and free", "supply"),
        pl.when(pl.col("inflight") > 0).then(pl.format("{} sold since the batch", "inflight")),
        pl.when(pl.col("buffer") > 0).then(pl.format("{} held back ({})", "buffer", "buffer_rule")),
        pl.when(is_small).then(pl.format("{} is below the minimum of {}", kept, "minimum")),
        pl.when(kept > pl.col("maximum")).then(pl.format("at most {} are listed", "maximum")),
        pl.when(is_broken).then(pl.format("whole packs of {}", _pack())),
    ]
    return pl.concat_str(steps, separator=", ", ignore_nulls=True)


CANDIDATES = {"absolute": "absolute_units", "percent": "percent_units", "risk": "risk_units"}


def _percent_of_base() -> pl.Expr:
    # Whole numbers: a float would round 10 % of 30 up to 4.
    return (pl.col("base") * pl.col("percent_points") + 9_999) // 10_000


def _buffer() -> pl.Expr:
    columns = list(CANDIDATES.values())
    return pl.when("is_sum").then(pl.sum_horizontal(columns)).otherwise(pl.max_horizontal(columns))


def _buffer_rule() -> pl.Expr:
    """The winner; of equals the simplest."""
    largest = pl.max_horizontal(list(CANDIDATES.values()))
    winner = pl.coalesce(
        pl.when(pl.col(column) == largest).then(pl.lit(name)) for name, column in CANDIDATES.items()
    )
    added = pl.concat_str(
        [pl.when(pl.col(column) > 0).then(pl.lit(name)) for name, column in CANDIDATES.items()],
        separator=" and ",
        ignore_nulls=True,
    )
    return pl.when(largest <= 0).then(pl.lit("none")).when("is_sum").then(added).otherwise(winner)


def _target() -> pl.Expr:
    kept = (pl.col("base") - pl.col("buffer")).clip(lower_bound=0)
    kept = pl.when(kept < pl.col("minimum")).then(0).otherwise(kept)
    kept = pl.min_horizontal(kept, pl.col("maximum").clip(lower_bound=0))  # nulls are left out: no cap
    return kept // _pack() * _pack()


def _pack() -> pl.Expr:
    return pl.col("multiple").clip(lower_bound=1)
