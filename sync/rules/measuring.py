"""Demand as it was known at a moment: from the sales of a period and the moves of the pools between its batches.

The law: what is measured depends on what is given alone. Who gives the past gets what the past knew; so the worker
of today and a replay of last month measure in the same way.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from sync.rules import draws, outlook
from sync.rules.outlook import Outlook

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when sales were looked at, and batches compared; no batches: the others are unknown."""

    sales_since: datetime
    sales_until: datetime
    draws_since: datetime | None
    draws_until: datetime | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Demand, and what left the pools in single falls no rate explains."""

    outlook: Outlook
    withdrawn: pl.DataFrame  # `sku`, `withdrawal_count`, `withdrawn_units`
    has_draws: bool


def measure(skus: pl.DataFrame, sales: pl.DataFrame, moves: pl.DataFrame, period: Period) -> Measured:
    """The demand of a period.

    `skus`: `sku`, `sku_key`, `category`; `sales`: `sku`, `sold_at`, `units`; `moves` as `pool_moves` gives them.
    """
    until = period.draws_until or period.sales_until
    read = draws.falls(moves, until)
    pool = draws.pool(read, moves, until)
    told = outlook.measured(
        _shares(skus, pool, period),
        sales,
        _by_sku(draws.as_sales(read), skus),
        sales_since=period.sales_since,
        sales_until=period.sales_until,
        draws_since=period.draws_since,
        draws_until=period.draws_until,
    )
    withdrawn = _by_sku(pool, skus).select("sku", "withdrawal_count", "withdrawn_units")
    return Measured(told, withdrawn, has_draws=not read.is_empty())


def _shares(skus: pl.DataFrame, pool: pl.DataFrame, period: Period) -> pl.DataFrame:
    """`skus` with the share of each period there was something to draw on; before our first batch: all of it."""
    since, until = period.draws_since, period.draws_until
    watched = (until - since) / _HOUR if since and until else 0.0
    hours = max((period.sales_until - period.sales_since) / _HOUR, watched, 1.0)
    empty = (watched - pl.col("stock_hours")).clip(lower_bound=0)
    return skus.join(pool, on="sku_key", how="left", maintain_order="left").select(
        "sku",
        "category",
        own_share=1 - (empty / hours).fill_null(0.0),
        other_share=(pl.col("other_hours") / max(watched, 1.0)).clip(0, 1).fill_null(0.0),
    )


def _by_sku(rows: pl.DataFrame, skus: pl.DataFrame) -> pl.DataFrame:
    """Rows of BlueCherry's keys under the names the marketplace has for them."""
    return rows.join(skus.select("sku", "sku_key"), on="sku_key", how="inner", maintain_order="left")
