"""How many units may be offered: the formula, over all SKUs at once.

    net(w)   = on hand - linked - allocated - picked - damaged - held     per warehouse that sells here
    supply   = sum of net(w) - scheduled: pooled first, so that a short warehouse eats into a long one (clamping
               each first is a setting). Scheduled is what leaves on dated orders of other customers before the
               next batch lands: a withdrawal, not demand
    base     = supply - in flight, not below zero
    buffer   = the largest of ceil(percent of base), the absolute units and the risk units (or their sum)
    quantity = base - buffer; 0 below the minimum; at most the maximum; whole packs only

Where the batch is old, its age makes us cautious besides (`sync.rules.aging`): the buffer is multiplied, and a thin
base is not listed. Open work orders, goods in transit and goods at a pseudo-location never count. The law: a
quantity is never negative, never above the supply, and never rises when stock falls, sales in flight grow or a
buffer grows.
"""

from collections.abc import Collection

import polars as pl

from sync.rules.aging import CAREFREE, Caution
from sync.rules.stock_rows import NEVER_SOLD_FROM

# What the buffer is chosen from; of equals the first is named.
CANDIDATES = {"absolute": "absolute_units", "percent": "percent_units", "risk": "risk_units"}

# What a batch says of a SKU in a warehouse that sells here; all but the first are taken off it.
BUCKETS = ("on_hand", "linked", "allocated", "picked", "damaged", "held")


def supply(
    stock: pl.DataFrame, warehouses: Collection[str], *, leaving: pl.DataFrame | None = None, clamps: bool = False
) -> pl.DataFrame:
    """`sku_key`, `supply`, `scheduled` and BUCKETS: the net stock of the warehouses that sell here, pooled.

    May be negative. `stock` has a row per SKU and location with the columns of `stock_facts`; `leaving`: `sku_key`,
    `location`, `quantity`, a row each, what is taken off as scheduled. `clamps`: each warehouse counts at least
    zero, which lists more; only where stock can never be sent from another warehouse.
    """
    net = net_units().clip(lower_bound=0) if clamps else net_units()
    pooled = (
        stock.lazy()
        .filter(pl.col("location").is_in(_sold_from(warehouses)))
        .group_by("sku_key")
        .agg(net.sum().alias("supply"), *(pl.col(name).sum() for name in BUCKETS))
        .collect(engine="streaming")  # a third of the time: the texts are hashed as they come
    )
    if leaving is None or leaving.is_empty():
        return pooled.with_columns(scheduled=pl.lit(0, pl.Int64))
    return (
        pooled.join(scheduled(leaving, stock, warehouses, clamps=clamps), on="sku_key", how="left")
        .with_columns(pl.col("scheduled").fill_null(0))
        .with_columns(supply=pl.col("supply") - pl.col("scheduled"))
    )


def scheduled(
    leaving: pl.DataFrame, stock: pl.DataFrame, warehouses: Collection[str], *, clamps: bool = False
) -> pl.DataFrame:
    """`sku_key`, `scheduled`: what of `leaving` the supply of `stock` has, as `supply` takes it off."""
    # of a warehouse that counts as empty nothing leaves that another had
    most = pl.min_horizontal("quantity", net_units().clip(lower_bound=0)) if clamps else pl.col("quantity")
    return (
        leaving.filter(pl.col("location").is_in(_sold_from(warehouses)))
        .join(stock, on=["sku_key", "location"])
        .group_by("sku_key")
        .agg(scheduled=most.sum())
    )


def _sold_from(warehouses: Collection[str]) -> list[str]:
    return sorted(name for name in warehouses if name.strip().upper() not in NEVER_SOLD_FROM)


def net_units() -> pl.Expr:
    """What one warehouse has left of a SKU."""
    return pl.col("on_hand") - pl.sum_horizontal(BUCKETS[1:])


def sellable(skus: pl.DataFrame, caution: Caution = CAREFREE) -> pl.DataFrame:
    """`skus` with `base`, `percent_units`, `buffer`, `buffer_rule`, `is_thin` and `target` added.

    A row per SKU with `supply`, `inflight`, `multiple`, `risk_units` (0 where unknown) and the columns of
    `sync.rules.policies`. `buffer_rule` names the candidate that won, or those that were added up.
    """
    return (
        skus.with_columns((pl.col("supply") - pl.col("inflight")).clip(lower_bound=0).alias("base"))
        .with_columns(_percent_of_base().alias("percent_units"))
        .with_columns(_buffer(caution).alias("buffer"), _buffer_rule().alias("buffer_rule"))
        .with_columns((pl.col("base") < caution.thin_units).alias("is_thin"))
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
        pl.when(pl.col("scheduled") > 0).then(pl.format("{} leave on scheduled orders", "scheduled")),
        pl.when(pl.col("inflight") > 0).then(pl.format("{} sold since the batch", "inflight")),
        pl.when(pl.col("buffer") > 0).then(pl.format("{} held back ({})", "buffer", _rule_words())),
        pl.when(pl.col("is_thin") & (pl.col("base") > 0)).then(pl.lit("too thin for so old a batch")),
        pl.when(is_small & ~pl.col("is_thin")).then(pl.format("{} is below the minimum of {}", kept, "minimum")),
        pl.when((kept > pl.col("maximum")) & ~pl.col("is_thin")).then(
            pl.format("at most {} are listed", "maximum")
        ),
        pl.when(is_broken).then(pl.format("whole packs of {}", _pack())),
    ]
    return pl.concat_str(steps, separator=", ", ignore_nulls=True)


def _rule_words() -> pl.Expr:
    return pl.col("buffer_rule").str.replace("absolute", "units", literal=True)


def _percent_of_base() -> pl.Expr:
    # Whole numbers: a float would round 10 % of 30 up to 4.
    return (pl.col("base") * pl.col("percent_points") + 9_999) // 10_000


def _buffer(caution: Caution) -> pl.Expr:
    columns = list(CANDIDATES.values())
    buffer = pl.when("is_sum").then(pl.sum_horizontal(columns)).otherwise(pl.max_horizontal(columns))
    numerator, denominator = caution.factor.as_integer_ratio()
    return buffer if caution.factor == 1 else (buffer * numerator + (denominator - 1)) // denominator


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
    kept = pl.when((kept < pl.col("minimum")) | pl.col("is_thin")).then(0).otherwise(kept)
    kept = pl.min_horizontal(kept, pl.col("maximum").clip(lower_bound=0))  # nulls are left out: no cap
    return kept // _pack() * _pack()


def _pack() -> pl.Expr:
    return pl.col("multiple").clip(lower_bound=1)
