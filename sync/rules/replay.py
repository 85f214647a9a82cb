"""Two buffer policies replayed on our own history, batch by batch: what each would have sold, missed and oversold.

For every batch of the past the quantities are decided anew, on what was known when its numbers took effect, and
then held against what happened until those of the next batch did:

    wanted      units ordered here in the window
    others      units that left the pool to somebody else
    sold        min(wanted, listed)
    oversold    sold + others beyond the base, less what the others alone would have oversold
    missed      min(wanted, base) - sold

What a policy did not sell of what was wanted stays on its shelf: every window begins with that and the stock as the
batch recorded it. Where a batch grows old in its window, its age makes the rest of it as cautious as it makes the
worker; what risk asks to hold back stays as it was when the window began. What nobody ordered because nothing was
listed is not known, and so not counted as missed. Where goods came, the fall of the pool cannot be read: that offer
is left out of that window.

Laws: a decision depends on nothing that happened after it (`History.until`). Equal policies come to equal figures;
what holds everything back oversells nothing; of two policies the one that lists no more oversells no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import polars as pl

from sync.rules import draws, risk
from sync.rules.aging import CAREFREE, AgeLimits, Caution, caution
from sync.rules.demand_events import DemandEvent
from sync.rules.latency import Lags, window
from sync.rules.measuring import Period, measure
from sync.rules.outlook import Outlook
from sync.rules.oversell import not_deducted
from sync.rules.sellable import sellable

LOOKS_BACK = timedelta(days=56)
MEASURED_EVERY = timedelta(hours=24)
_INSTANT = timedelta(microseconds=1)
# A shelf before the first window: nothing is left over, and what stands there is not known.
_NOTHING_YET = (pl.lit(0, pl.Int64).alias("kept_units"), pl.lit(None, pl.Int64).alias("standing"))

# One row per window, offer and side: what was decided, and what came of it.
ROW: dict[str, type[pl.DataType]] = {
    "side": pl.String,
    "sku": pl.String,
    "base": pl.Int64,
    "quantity": pl.Int64,
    "chance": pl.Float64,  # said, of being oversold for our listing
    "wanted_units": pl.Int64,
    "other_units": pl.Int64,
    "sold_units": pl.Int64,
    "lost_units": pl.Int64,
    "oversold_units": pl.Int64,
    "lost_amount": pl.Float64,
    "oversold_amount": pl.Float64,
}


@dataclass(frozen=True, slots=True)
class Batch:
    """A stock batch of the past."""

    as_of: datetime
    in_effect_at: datetime  # its numbers stood at the marketplace
    due_at: datetime  # when the next one was to come, as known then; `as_of` where nobody said
    delay: float | None  # minutes by which it came itself after it was due; none: not known


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all of the past."""

    skew: timedelta
    publishing: timedelta  # from a complete batch to its effect
    usual_delay: float  # minutes, before any was measured
    deducts_sales: bool = True
    limits: AgeLimits | None = None  # from when a batch counts as old; none: never


@dataclass(frozen=True, slots=True)
class History:
    """What happened.

    `skus`: `sku`, `sku_key`, `division`, `category`, `multiple`, `margin_amount`, `cost_amount`, with events
    `style`, and `overstated` where records may be wrong, a row an offer;
    `sales`: `sku`, `sold_at`, `units`, `entered_at` (null: not in the ERP yet); `moves` as `pool_moves`; the
    batches in order; `listed_at_none`: `sku`, `since`, `until`, when nobody could order it.
    """

    skus: pl.DataFrame
    sales: pl.DataFrame
    moves: pl.DataFrame
    batches: tuple[Batch, ...]
    listed_at_none: pl.DataFrame | None = None
    events: tuple[DemandEvent, ...] = ()

    def until(self, moment: datetime) -> "History":
        """What was known at a moment: sales before it, batches in effect by then, the moves they told of."""
        known = tuple(batch for batch in self.batches if batch.in_effect_at <= moment)
        last = known[-1].as_of if known else moment
        entered = pl.when(pl.col("entered_at") <= moment).then("entered_at")
        none = self.listed_at_none
        if none is not None:
            none = none.filter(pl.col("since") < moment).with_columns(pl.col("until").clip(upper_bound=moment))
        return replace(
            self,
            sales=self.sales.filter(pl.col("sold_at") < moment).with_columns(entered_at=entered),
            moves=self.moves.filter(pl.col("batch_at") <= last) if known else self.moves.clear(),
            batches=known,
            listed_at_none=none,
            events=tuple(one for one in self.events if one.told_at <= moment),
        )


@dataclass(frozen=True, slots=True)
class Window:
    """One batch of the past, decided anew by every side and held against what happened."""

    began_at: datetime
    ended_at: datetime
    rows: pl.DataFrame  # ROW
    left_out: int  # offers whose pool cannot be read in it


def replay(
    history: History, sides: Mapping[str, pl.DataFrame], terms: Terms, since: datetime, until: datetime
) -> Iterator[Window]:
    """Every window that begins in a half-open period, in order.

    `sides`: by name the policy of every offer (`sku` and `policies.COLUMNS`). A batch whose numbers took effect
    together with those of the next never stood, and has no window; what was sold and drawn meanwhile is in that of
    the batch that stood before. Nor has one that stood until after the last batch's moment: what the others took
    until then is not known.
    """
    last_at = history.batches[-1].as_of if history.batches else until
    fallen = draws.falls(history.moves, last_at)
    shelves = dict.fromkeys(sides, history.skus.select("sku", *_NOTHING_YET))
    outlook: Outlook | None = None
    measured_at = since
    for batch, following in pairwise(_that_stood(history.batches)):
        if not since <= batch.in_effect_at < until or following.in_effect_at > last_at:
            continue
        past = history.until(batch.in_effect_at)
        is_old = batch.in_effect_at - measured_at >= MEASURED_EVERY
        if outlook is None or is_old or outlook.events != past.events:
            outlook, measured_at = _outlook(past, batch.in_effect_at), batch.in_effect_at
        offers = decide(past, outlook, terms)
        what = happened(history, fallen, batch, following.in_effect_at)
        spans = spans_of(batch, following.in_effect_at, terms.limits)
        parts = [(span.caution, wanted_in(history, span.since, span.until)) for span in spans]
        rows = []
        for name, policies in sides.items():
            sold = sold_by(offers, policies, parts, shelves[name]).join(what, on="sku", maintain_order="left")
            shelves[name] = _left(sold, shelves[name])
            rows.append(outcome(history.skus, sold, name))
        unread = what["sku"].filter(what["is_unread"])
        yield Window(batch.in_effect_at, following.in_effect_at, pl.concat(rows), unread.len())


def _that_stood(batches: tuple[Batch, ...]) -> list[Batch]:
    """Those whose numbers ever stood: of some in effect from one moment, the last."""
    following: tuple[Batch | None, ...] = (*batches[1:], None)
    return [
        batch
        for batch, newer in zip(batches, following, strict=True)
        if newer is None or newer.in_effect_at > batch.in_effect_at
    ]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a window in which the batch's age makes us equally cautious."""

    since: datetime
    until: datetime
    caution: Caution


def spans_of(batch: Batch, ended_at: datetime, limits: AgeLimits | None) -> list[Span]:
    """The window of a batch, cut where the batch becomes old."""
    if limits is None:
        return [Span(batch.in_effect_at, ended_at, CAREFREE)]
    ages = (batch.as_of + limits.max_age, batch.as_of + limits.hard_age)
    inside = sorted(moment for moment in ages if batch.in_effect_at < moment < ended_at)
    moments = [batch.in_effect_at, *inside, ended_at]
    # at its very moment an age is not passed yet
    return [
        Span(since, until, caution(batch.as_of, since + _INSTANT, limits)) for since, until in pairwise(moments)
    ]


def sold_by(
    offers: pl.DataFrame,
    policies: pl.DataFrame,
    parts: Sequence[tuple[Caution, pl.DataFrame]],
    shelf: pl.DataFrame,
) -> pl.DataFrame:
    """`sku`, `base`, `quantity` at first, `chance`, `sold_units`, `standing` at the end: every offer in a window.

    `parts` of the window: how cautious we are in each, and what was wanted. `shelf`: what the policy has left over
    from before (`kept_units`), and how many stood listed (`standing`, null: not known).
    """
    priced = _priced(offers, policies, shelf)
    rows = _listed(priced, parts[0][0]).with_columns(sold_units=pl.lit(0, pl.Int64))
    stands, sold = rows["quantity"], rows["sold_units"]
    for number, (careful, wanted) in enumerate(parts):
        if number:  # the older batch allows less, and nothing rises without a new one
            less = priced.drop("base").with_columns(inflight=pl.col("inflight") + sold)
            stands = pl.select(pl.min_horizontal(stands, sellable(less, careful)["target"])).to_series()
        asked = rows.select("sku").join(wanted, on="sku", how="left", maintain_order="left")["wanted_units"]
        now = pl.select(pl.min_horizontal(asked.fill_null(0), stands)).to_series()
        stands, sold = stands - now, sold + now
    return rows.with_columns(sold_units=sold, standing=stands)


def _left(sold: pl.DataFrame, shelf: pl.DataFrame) -> pl.DataFrame:
    """The shelf after a window: what was wanted and not sold lies on it too."""
    return sold.select(
        "sku",
        kept_units=shelf["kept_units"] + pl.col("wanted_units") - pl.col("sold_units"),
        standing=pl.col("standing"),
    )


def decide(past: History, outlook: Outlook, terms: Terms) -> pl.DataFrame:
    """Every offer with its `supply`, what is `inflight` and what is wanted, on the last batch of a past."""
    batch = past.batches[-1]
    supply = past.moves.group_by("sku_key").agg(supply=pl.col("units").sort_by("batch_at").last())
    is_inside = pl.col("entered_at") <= batch.as_of - terms.skew
    inflight = (
        past.sales.filter(~is_inside.fill_null(value=False)).group_by("sku").agg(inflight=pl.col("units").sum())
    )
    board = (
        past.skus.join(supply, on="sku_key", how="left", maintain_order="left")
        .join(inflight, on="sku", how="left", maintain_order="left")
        .with_columns(pl.col("supply", "inflight").fill_null(0))
        .with_columns(base=pl.col("supply") - pl.col("inflight"))
    )
    lags = Lags(_delays(past.batches) or [terms.usual_delay], [terms.publishing / timedelta(minutes=1)])
    ahead = window(batch.as_of, batch.in_effect_at, batch.in_effect_at, batch.due_at, lags)
    wanted = outlook.within(
        board, others_since=ahead.others_since, own_since=ahead.own_since, until=ahead.until, lag=terms.publishing
    )
    return wanted if terms.deducts_sales else not_deducted(wanted)


def listed(offers: pl.DataFrame, policies: pl.DataFrame, careful: Caution = CAREFREE) -> pl.DataFrame:
    """`sku`, `base`, `quantity` and `chance` of every offer under a policy."""
    return _listed(_priced(offers, policies, offers.select("sku", *_NOTHING_YET)), careful)


def _priced(offers: pl.DataFrame, policies: pl.DataFrame, shelf: pl.DataFrame) -> pl.DataFrame:
    """The offers with their policy, what it has left over, and the units risk asks to hold back."""
    stocked = offers.join(shelf, on="sku", maintain_order="left").with_columns(
        pl.col("supply", "base") + pl.col("kept_units")
    )
    return risk.advised(stocked.join(policies, on="sku", maintain_order="left"))


def _listed(priced: pl.DataFrame, careful: Caution) -> pl.DataFrame:
    # where nothing may rise, no more than stood there; what is not known holds nobody
    quantity = pl.min_horizontal("target", "standing") if careful.freezes else pl.col("target")
    made = sellable(priced.drop("base"), careful).with_columns(
        base=pl.col("supply") - pl.col("inflight"), quantity=quantity
    )
    return risk.assessed(made).select("sku", "base", "quantity", chance="own_chance")


def wanted_in(history: History, since: datetime, until: datetime) -> pl.DataFrame:
    """`sku`, `wanted_units`: what was ordered in a half-open period."""
    return (
        history.sales.filter((pl.col("sold_at") >= since) & (pl.col("sold_at") < until))
        .group_by("sku")
        .agg(wanted_units=pl.col("units").sum())
    )


def happened(history: History, fallen: pl.DataFrame, batch: Batch, ended_at: datetime) -> pl.DataFrame:
    """`sku`, `wanted_units`, `other_units`, `is_unread` for every offer, from a batch to the window's end."""
    wanted = wanted_in(history, batch.in_effect_at, ended_at)
    near = fallen.filter((pl.col("batch_at") > batch.as_of) & (pl.col("before_at") < ended_at))
    is_draw = pl.col("what").is_in(["draw", "withdrawal"])
    taken = (
        draws.as_sales(near.filter(is_draw).with_columns(what=pl.lit("draw")))
        .filter((pl.col("sold_at") > batch.as_of) & (pl.col("sold_at") <= ended_at))
        .group_by("sku_key")
        .agg(other_units=pl.col("units").sum())
    )
    unread = near.filter(pl.col("what") == "receipt").select("sku_key").unique().with_columns(is_unread=True)
    return (
        history.skus.select("sku", "sku_key")
        .join(wanted, on="sku", how="left", maintain_order="left")
        .join(taken, on="sku_key", how="left", maintain_order="left")
        .join(unread, on="sku_key", how="left", maintain_order="left")
        .select(
            "sku",
            pl.col("wanted_units", "other_units").fill_null(0).cast(pl.Int64),
            pl.col("is_unread").fill_null(value=False),
        )
    )


def outcome(skus: pl.DataFrame, rows: pl.DataFrame, side: str) -> pl.DataFrame:
    """The columns of ROW: what was listed and sold, held against what happened; what cannot be read is left out."""
    base, others = pl.col("base").clip(lower_bound=0), pl.col("other_units")
    alone = (others - pl.col("base")).clip(lower_bound=0)
    together = (pl.col("sold_units") + others - pl.col("base")).clip(lower_bound=0)
    costs = skus.select("sku", pl.col("margin_amount", "cost_amount").cast(pl.Float64).fill_null(0.0))
    return (
        rows.filter(~pl.col("is_unread"))
        .join(costs, on="sku", maintain_order="left")
        .with_columns(
            lost_units=(pl.min_horizontal(pl.col("wanted_units"), base) - pl.col("sold_units")).clip(lower_bound=0),
            oversold_units=together - alone,
        )
        .with_columns(
            side=pl.lit(side),
            lost_amount=pl.col("lost_units") * pl.col("margin_amount"),
            oversold_amount=pl.col("oversold_units") * pl.col("cost_amount"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in ROW.items())
    )


def _outlook(past: History, moment: datetime) -> Outlook:
    first = past.sales["sold_at"].min()
    since = max(moment - LOOKS_BACK, first) if isinstance(first, datetime) else moment - LOOKS_BACK
    batches = past.batches
    period = Period(since, moment, batches[0].as_of if batches else None, batches[-1].as_of if batches else None)
    none, events = past.listed_at_none, past.events
    return measure(past.skus, past.sales, past.moves, period, listed_at_none=none, events=events).outlook


def _delays(batches: Sequence[Batch]) -> list[float]:
    """The newest sixty, as the worker measures them."""
    return [batch.delay for batch in batches if batch.delay is not None][-60:]
