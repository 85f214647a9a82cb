"""Demand as it was known at a moment: from the sales of a period and the moves of the pools between its batches.

The law: what is measured depends on what is given alone. Who gives the past gets what the past knew; so the worker
of today and a replay of last month measure in the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from sync.rules import draws, outlook
from sync.rules.demand_events import DemandEvent
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


def measure(
    skus: pl.DataFrame,
    sales: pl.DataFrame,
    moves: pl.DataFrame,
    period: Period,
    *,
    listed_at_none: pl.DataFrame | None = None,
    events: Sequence[DemandEvent] = (),
) -> Measured:
    """The demand of a period.

    `skus`: `sku`, `sku_key`, `category`, with events those of GOODS; `sales`: `sku`, `sold_at`, `units`; `moves` as
    `pool_moves` gives them; `listed_at_none`: `sku`, `since`, `until`, when the marketplace had none to sell.
    """
    until = period.draws_until or period.sales_until
    read = draws.falls(moves, until)
    pool = draws.pool(read, moves, until)
    told = outlook.measured(
        _with_share(skus, pool, period),
        sales,
        _by_sku(draws.as_sales(read), skus),
        sales_since=period.sales_since,
        sales_until=period.sales_until,
        draws_since=period.draws_since,
        draws_until=period.draws_until,
        off_sale=_off_sale(_by_sku(_empty(moves, period, until), skus), listed_at_none),
        events=events,
    )
    withdrawn = _by_sku(pool, skus).select("sku", "withdrawal_count", "withdrawn_units")
    return Measured(told, withdrawn, has_draws=not read.is_empty())


def _with_share(skus: pl.DataFrame, pool: pl.DataFrame, period: Period) -> pl.DataFrame:
    """`skus` with the share of the period the others could draw in."""
    since, until = period.draws_since, period.draws_until
    watched = (until - since) / _HOUR if since and until else 0.0
    return skus.join(pool, on="sku_key", how="left", maintain_order="left").with_columns(
        other_share=(pl.col("other_hours") / max(watched, 1.0)).clip(0, 1).fill_null(0.0)
    )


def _empty(moves: pl.DataFrame, period: Period, until: datetime) -> pl.DataFrame:
    """`sku_key`, `since`, `until`: when a pool had nothing in it; before our first batch nobody knows."""
    if period.draws_since is None:
        return moves.clear().select("sku_key", since="batch_at", until="batch_at")
    next_at = pl.col("batch_at").shift(-1).over("sku_key", order_by="batch_at").fill_null(pl.lit(until))
    empty = moves.with_columns(next_at=next_at).filter(pl.col("units") <= 0)
    begun = pl.lit(period.draws_since).cast(moves.schema["batch_at"]).alias("since")
    unheard = moves.group_by("sku_key").agg(until=pl.col("batch_at").min())
    spans = (empty.select("sku_key", since="batch_at", until="next_at"), unheard.select("sku_key", begun, "until"))
    return pl.concat(spans)


def _off_sale(*spans: pl.DataFrame | None) -> pl.DataFrame:
    """The spans of both, none twice."""
    told = [one.select("sku", "since", "until") for one in spans if one is not None]
    before = pl.col("until").cum_max().shift(1).over("sku")
    return (
        pl.concat(told, how="vertical_relaxed")
        .sort("sku", "since", "until")
        .with_columns(since=pl.max_horizontal("since", before))
        .filter(pl.col("until") > pl.col("since"))
    )


def _by_sku(rows: pl.DataFrame, skus: pl.DataFrame) -> pl.DataFrame:
    """Rows of BlueCherry's keys under the names the marketplace has for them."""
    return rows.join(skus.select("sku", "sku_key"), on="sku_key", how="inner", maintain_order="left")
