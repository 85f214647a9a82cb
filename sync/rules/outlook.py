"""What each SKU will be asked for: rates of sale as measured, and what they come to in a window.

Two sides draw on one pool: this channel (`own`, its order lines) and everything else (`other`, falls of the pool
that nothing of ours explains; `sync.rules.draws`). Each has rates of its own, drawn towards the category
(`sync.rules.demand`), a shape of the week and swings (`sync.rules.trade`). A SKU out of stock, or of which we list
none, sells nothing and reveals nothing: those hours do not count (`sync.rules.exposure`). Hours within a demand
event count by its factor, and so does the part of a window that lies within one (`sync.rules.demand_events`).

Where the others cannot be read yet (it takes two batches), they are taken to sell as this channel does.

The law: what is measured depends on the past alone. `measured` may be asked for any moment of the history and then
knows nothing after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from sync.rules import demand, demand_events, line_sizes
from sync.rules.chances import Counts, spread_for
from sync.rules.demand_events import GOODS, DemandEvent
from sync.rules.exposure import Away, Presence
from sync.rules.trade import NEVER, Trade, observe
from sync.rules.trading_week import TradingWeek

LEAST_HISTORY = timedelta(hours=2)  # less tells nothing

# What is known of one side of a SKU. Rates are sales in a typical hour; sizes turn sales into units.
SIDE: dict[str, type[pl.DataType]] = {
    "units": pl.Int64,
    "sales": pl.Int64,
    "hours": pl.Float64,  # in which it could be drawn on
    "rate": pl.Float64,
    "low_rate": pl.Float64,  # nine times in ten the true rate lies between
    "high_rate": pl.Float64,
    "certainty": pl.Float64,  # sales the rate is worth
    "size": pl.Float64,  # units of a sale, on average
    "square": pl.Float64,  # the mean of their square
}
OWN, OTHER = "own", "other"
_COUNTS = ("own_units", "own_sales", "other_units", "other_sales", "withdrawal_count", "withdrawn_units")
_MEASURES = ("own_rate", "own_certainty", "own_size", "other_rate", "other_certainty", "other_size")
_HARDLY = 0.05  # a measure that moved by less says the same


@dataclass(frozen=True, slots=True)
class Swings:
    """How one side of the shop trades: its week, and how far demand strays (squared coefficients of variation)."""

    week: TradingWeek
    pace_swing: float
    day_swing: float
    hour_swing: float

    def forecast(self, rated: pl.DataFrame, since: datetime, until: datetime) -> pl.DataFrame:
        """`mean` and `dispersion` of the sales in a window, beside the columns of `rated` (`rate`, `certainty`)."""
        trade = Trade(
            self.week, since, until, 0.0, self.pace_swing, self.day_swing, self.hour_swing, (until,), (0.0,)
        )
        return demand.forecast(rated, trade, since, max(since, until))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of demand at a moment: `skus` has `sku` and the columns of SIDE for both sides, by prefix.

    With `events` it has the columns of GOODS, too.
    """

    skus: pl.DataFrame
    own: Swings
    other: Swings
    events: tuple[DemandEvent, ...] = ()

    def within(
        self, board: pl.DataFrame, *, others_since: datetime, own_since: datetime, until: datetime, lag: timedelta
    ) -> pl.DataFrame:
        """`board` (with `sku`) with means and dispersions of both sides in units, as `oversell` wants them.

        What others drew since the batch's moment is not known; our own sales are, up to `own_since`. Sales of ours
        within `lag`, from the pull of orders to the import's effect, are overwritten by that import: they belong to
        the others. A SKU nothing is known of is not asked for.
        """
        known = board.select("sku").join(self.skus, on="sku", how="left", maintain_order="left")
        ours = self._units(known, OWN, own_since, until)
        theirs = self._units(known, OTHER, others_since, until)
        crossing = self._units(known, OWN, own_since, own_since + lag)
        both = theirs.mean + crossing.mean
        variance = theirs.mean * theirs.dispersion + crossing.mean * crossing.dispersion
        return board.with_columns(
            own_mean=ours.mean,
            own_dispersion=ours.dispersion,
            other_mean=both,
            other_dispersion=np.divide(variance, both, out=np.ones_like(both), where=both > 0),
        )

    def _units(self, known: pl.DataFrame, side: str, since: datetime, until: datetime) -> "_Units":
        swings = self.own if side == OWN else self.other
        lift = demand_events.lift(self.events, known, side, swings.week, (since, max(since, until)))
        rated = known.select(
            rate=pl.col(f"{side}_rate").fill_null(0.0) * lift,
            certainty=pl.col(f"{side}_certainty").fill_null(1.0),
            size=pl.col(f"{side}_size").fill_null(1.0),
            square=pl.col(f"{side}_square").fill_null(1.0),
        )
        sales = swings.forecast(rated, since, until)
        size = sales["size"].to_numpy()
        strays = sales["dispersion"].to_numpy()
        dispersion = np.maximum(sales["square"].to_numpy() / size + (strays - 1) * size, 1.0)
        # however large the sizes are, no unit is wanted exactly where there is no sale
        none = Counts.of(sales["mean"].to_numpy(), strays).mass(np.zeros(size.shape, dtype=np.int64))
        mean = sales["mean"].to_numpy() * size
        return _Units(mean, spread_for(mean, dispersion, none))


@dataclass(frozen=True, slots=True)
class _Units:
    mean: np.ndarray
    dispersion: np.ndarray


def measured(
    skus: pl.DataFrame,
    sales: pl.DataFrame,
    draws: pl.DataFrame,
    *,
    sales_since: datetime,
    sales_until: datetime,
    draws_since: datetime | None,
    draws_until: datetime | None,
    off_sale: pl.DataFrame | None = None,
    events: Sequence[DemandEvent] = (),
) -> Outlook:
    """The outlook at `sales_until`, from what happened in two half-open periods.

    `skus`: `sku`, `category`, `other_share` (of the period the others could draw), with events those of GOODS; a
    row a SKU. `sales`: `sku`, `sold_at`, `units`, a row an order line. `draws`: the same, a row a unit that left
    the pool to somebody else. `off_sale`: `sku`, `since`, `until`, spans that do not overlap in which a SKU could
    not be bought here. Without a period of draws, or with one too short, the others sell as we do.
    """
    here = Presence(skus, OWN, np.ones(skus.height), Away.of(skus, off_sale), events)
    ours, own = _side(sales, sales_since, sales_until, here)
    if draws_since is None or draws_until is None or draws_until - draws_since < LEAST_HISTORY:
        alike = ours.select(pl.col("sku"), *(pl.col(f"{OWN}_{name}").alias(f"{OTHER}_{name}") for name in SIDE))
        alike = alike.with_columns(
            other_units=pl.lit(0, pl.Int64), other_sales=pl.lit(0, pl.Int64), other_hours=pl.lit(0.0)
        )
        found, other = ours.join(alike, on="sku"), own
    else:
        share = skus["other_share"].clip(0, 1).to_numpy()
        elsewhere = Presence(skus, OTHER, share, Away.of(skus, None), events)
        theirs, other = _side(draws, draws_since, draws_until, elsewhere)
        found = ours.join(theirs, on="sku", maintain_order="left")
    if events:
        found = found.join(skus.select(GOODS), on="sku", maintain_order="left")
    return Outlook(found, own, other, tuple(events))


def _side(sales: pl.DataFrame, since: datetime, until: datetime, there: Presence) -> tuple[pl.DataFrame, Swings]:
    """The columns of SIDE by prefix for every SKU, and how the side trades."""
    if until - since < LEAST_HISTORY:
        since = until - LEAST_HISTORY
    seen = sales.filter((pl.col("sold_at") >= since) & (pl.col("sold_at") < until))
    trade = observe(seen, since, until, lifts=there.lifts(seen, since, until))
    parts = {"part": there.part(trade, NEVER), "recent_part": there.part(trade, demand.FADES)}
    rated = demand.rates(seen, there.skus.select("sku", "category").with_columns(**parts), trade)
    units = seen.group_by("sku").agg(pl.col("units").sum())
    sized = _sizes(rated, seen)
    told = (
        sized.join(units, on="sku", how="left", maintain_order="left")
        .with_columns(
            units=pl.col("units").fill_null(0),
            sales=pl.col("sold"),
            hours=there.hours(since, until),
            low_rate=pl.col("rate_low"),
            high_rate=pl.col("rate_high"),
        )
        .select("sku", *(pl.col(name).cast(dtype).alias(f"{there.side}_{name}") for name, dtype in SIDE.items()))
    )
    return told, Swings(trade.week, trade.pace_swing, trade.day_swing, trade.hour_swing)


def _sizes(rated: pl.DataFrame, sales: pl.DataFrame) -> pl.DataFrame:
    """`rated` with `size` and `square`: what the sizes make of one sale a Poisson process brings."""
    one = rated.with_columns(mean=pl.lit(1.0), dispersion=pl.lit(1.0))
    sized = line_sizes.in_units(one, line_sizes.fit(sales))
    return rated.with_columns(size=sized["mean"], square=sized["mean"] * sized["dispersion"])


def news(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows (`sku`, SIDE by prefix, withdrawals) that say something else than what is known, or something new.

    Counts that changed, or a rate or size that moved by more than a twentieth of itself.
    """
    before = known.select("sku", *(pl.col(name).alias(f"{name}_before") for name in (*_COUNTS, *_MEASURES)))
    beside = rows.join(before, on="sku", how="left", maintain_order="left")
    moved = [pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in _COUNTS]
    for name in _MEASURES:
        distance = (pl.col(name) - pl.col(f"{name}_before")).abs()
        moved.append((distance > pl.col(f"{name}_before").abs() * _HARDLY).fill_null(value=True))
    return beside.filter(pl.any_horizontal(moved)).select(rows.columns)
