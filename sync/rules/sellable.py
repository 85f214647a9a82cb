"""How many units may be offered: the formula, over all SKUs at once.

    net(w)   = on hand - linked - allocated - picked - damaged - held     per warehouse that sells here
    supply   = sum of net(w): pooled first, so that a short warehouse eats into a long one
    base     = supply - in flight, not below zero
    buffer   = the larger of ceil(percent of base) and the absolute units (or their sum)
    quantity = base - buffer; 0 below the minimum; at most the maximum; whole packs only

Open work orders, goods in transit and goods at a pseudo-location never count. The law: a quantity is never
negative, never above the supply, and never rises when stock falls, sales in flight grow or a buffer grows.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import polars as pl

# Goods that are not in the building, whatever a setting says: port of entry, at origin, unassigned.
NEVER_SOLD_FROM = frozenset({"POE", "FOB", ""})


@dataclass(frozen=True, slots=True)
class Policy:
    """What is held back, and in which steps the rest is offered."""

    percent: Decimal = Decimal(0)
    units: int = 0
    combine: Literal["max", "sum"] = "max"
    minimum: int = 0  # below it: nothing
    maximum: int | None = None


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


def sellable(skus: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """`skus` (with `supply`, `inflight`, `multiple`) with `base`, `buffer`, `buffer_rule` and `target` added."""
    return (
        skus.with_columns((pl.col("supply") - pl.col("inflight")).clip(lower_bound=0).alias("base"))
        .with_columns(_percent_of_base(policy.percent).alias("percent_units"))
        .with_columns(_buffer(policy).alias("buffer"), _buffer_rule(policy).alias("buffer_rule"))
        .with_columns(_target(policy).alias("target"))
        .drop("percent_units")
    )


def reason(policy: Policy) -> pl.Expr:
    """Why the number is what it is, in words, from the columns `sellable` leaves."""
    kept = pl.col("base") - pl.col("buffer")
    steps = [
        pl.format("{} in stock and free", "supply"),
        pl.when(pl.col("inflight") > 0).then(pl.format("{} sold since the batch", "inflight")),
        pl.when(pl.col("buffer") > 0).then(pl.format("{} held back ({})", "buffer", "buffer_rule")),
        pl.when((kept > 0) & (kept < policy.minimum)).then(
            pl.format("{} is below the minimum of {}", kept, pl.lit(policy.minimum))
        ),
    ]
    after = kept
    if policy.maximum is not None:
        steps.append(
            pl.when(kept > policy.maximum).then(pl.format("at most {} are listed", pl.lit(policy.maximum)))
        )
        after = kept.clip(upper_bound=policy.maximum)
    is_broken = (pl.col("target") > 0) & (pl.col("target") < after)
    steps.append(pl.when(is_broken).then(pl.format("whole packs of {}", _pack())))
    return pl.concat_str(steps, separator=", ", ignore_nulls=True)


def _percent_of_base(percent: Decimal) -> pl.Expr:
    # Exact: a float would round 10 % of 30 up to 4.
    numerator, denominator = (percent / 100).as_integer_ratio()
    return (pl.col("base") * numerator + (denominator - 1)) // denominator


def _buffer(policy: Policy) -> pl.Expr:
    if policy.combine == "sum":
        return pl.col("percent_units") + policy.units
    return pl.max_horizontal(pl.col("percent_units"), pl.lit(policy.units))


def _buffer_rule(policy: Policy) -> pl.Expr:
    if policy.combine == "sum":
        both = (pl.col("percent_units") > 0) & pl.lit(policy.units > 0)
        return (
            pl.when(both).then(pl.lit("percent and absolute"))
            .when(pl.col("percent_units") > 0).then(pl.lit("percent"))
            .when(pl.lit(policy.units > 0)).then(pl.lit("absolute"))
            .otherwise(pl.lit("none"))
        )  # fmt: skip
    return (
        pl.when((pl.col("percent_units") == 0) & pl.lit(policy.units == 0)).then(pl.lit("none"))
        .when(pl.col("percent_units") > policy.units).then(pl.lit("percent"))
        .otherwise(pl.lit("absolute"))
    )  # fmt: skip


def _target(policy: Policy) -> pl.Expr:
    kept = (pl.col("base") - pl.col("buffer")).clip(lower_bound=0)
    kept = pl.when(kept < policy.minimum).then(0).otherwise(kept)
    if policy.maximum is not None:
        kept = kept.clip(upper_bound=max(0, policy.maximum))
    return kept // _pack() * _pack()


def _pack() -> pl.Expr:
    return pl.col("multiple").clip(lower_bound=1)
