"""Which quantities are sent: decreases at once, increases only for a reason, nothing twice.

The law: what is sent never exceeds what the formula allows. A quantity rises only because a newer complete batch
says so, or by the units of a sale that was cancelled before the ERP ever had it. An offer without an exact,
active, listed SKU is set to zero; too many of those at once wait for a person.
"""

from dataclasses import dataclass

import polars as pl

from sync.rules import policies
from sync.rules.sellable import reason, sellable

MOST_ZEROED_PERCENT = 2

UNMATCHED = "no exact, active, listed SKU in BlueCherry"

# One row per offer the marketplace shows. Null `last_…`: we never sent a quantity for it.
BOARD: dict[str, pl.DataType | type[pl.DataType]] = {
    "sku": pl.String,
    "sku_key": pl.String,  # null: no exact, active, listed SKU
    "division": pl.String,
    "category": pl.String,
    "multiple": pl.Int64,
    "supply": pl.Int64,
    "inflight": pl.Int64,
    "inflight_orders": pl.String,
    "released": pl.Int64,  # units of sales cancelled since the last sending, never in the ERP
    "offer_quantity": pl.Int64,  # as the marketplace showed it last
    "last_quantity": pl.Int64,
    "last_batch_id": pl.String,
    "is_settled": pl.Boolean,  # the last sending is known to have taken effect
    "is_failed": pl.Boolean,  # the marketplace reported an error for it
    "has_drifted": pl.Boolean,  # the marketplace shows more than we last sent
    "risk_units": pl.Int64,  # what the oversell risk asks to hold back; 0 where unknown
    **policies.COLUMNS,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms quantities are decided in this run."""

    batch_id: str
    may_rise: bool  # orders were pulled just now and the batch is not too old
    sends_all: bool = False  # the nightly file, or a person's resync
    sends: frozenset[str] = frozenset()  # SKUs sent even if nothing changed
    may_zero_many: bool = False  # a person has seen how many lose their stock


@dataclass(frozen=True, slots=True)
class Decision:
    """What to send, with the numbers that made it, and what was not sent."""

    board: pl.DataFrame  # every offer, with `quantity` (to be shown), `is_sent` and `reason`
    unmatched_count: int
    held_count: int  # offers to be zeroed that wait for a person
    waiting_count: int  # increases that wait for the next batch or fresh orders

    @property
    def rows(self) -> pl.DataFrame:
        """The rows to send."""
        return self.board.filter("is_sent")


def decide(board: pl.DataFrame, terms: Terms) -> Decision:
    """The quantity of every offer, and whether it is sent now."""
    is_matched = pl.col("sku_key").is_not_null()
    last, offered = pl.col("last_quantity"), pl.col("offer_quantity")
    is_new = last.is_null()
    is_doubtful = is_new | ~pl.col("is_settled")
    decided = (
        sellable(board)
        .with_columns(pl.when(is_matched).then("target").otherwise(0).alias("target"))
        .with_columns(
            standing=pl.when(is_new).then(offered)
            .when(is_doubtful).then(pl.max_horizontal(last, offered))
            .otherwise(last),
            has_cause=pl.lit(terms.may_rise) & (is_doubtful | (pl.col("last_batch_id") != terms.batch_id)),
        )
        .with_columns(
            ceiling=pl.col("standing") + pl.when(pl.lit(terms.may_rise)).then("released").otherwise(0)
        )
        .with_columns(
            quantity=pl.when("has_cause").then("target").otherwise(pl.min_horizontal("target", "ceiling"))
        )
        .with_columns(
            is_sent=_is_sent(terms, is_doubtful),
            reason=pl.when(is_matched).then(_words()).otherwise(pl.lit(UNMATCHED)),
        )
    )  # fmt: skip
    return _hold_back(decided, terms)


def _is_sent(terms: Terms, is_doubtful: pl.Expr) -> pl.Expr:
    """Skipped if unchanged; in doubt what stands there, sent unless it may not rise and would not fall."""
    quantity, last = pl.col("quantity"), pl.col("last_quantity")
    falls = pl.col("target") < pl.col("standing")
    has_news = (quantity != last) | (pl.col("last_batch_id") != terms.batch_id)
    return (
        pl.when(pl.lit(terms.sends_all) | pl.col("sku").is_in(sorted(terms.sends))).then(pl.lit(value=True))
        .when(pl.col("is_failed")).then(has_news)
        .when(is_doubtful).then(pl.col("has_cause") | falls)
        .otherwise((quantity != last) | pl.col("has_drifted"))
    )  # fmt: skip


def _words() -> pl.Expr:
    waits = pl.col("quantity") < pl.col("target")
    return pl.concat_str(
        reason(),
        pl.when(waits).then(pl.format("{} more wait for the next batch", pl.col("target") - pl.col("quantity"))),
        separator=", ",
        ignore_nulls=True,
    )


def _hold_back(decided: pl.DataFrame, terms: Terms) -> Decision:
    unmatched = pl.col("sku_key").is_null()
    loses_stock = unmatched & pl.col("is_sent") & (pl.col("standing") > 0)
    zeroed = decided.filter(loses_stock).height
    allowed = max(1, decided.height * MOST_ZEROED_PERCENT // 100)
    held = 0
    if zeroed > allowed and not terms.may_zero_many:
        held = zeroed
        decided = decided.with_columns(is_sent=pl.col("is_sent") & ~loses_stock)
    return Decision(
        board=decided,
        unmatched_count=decided.filter(unmatched).height,
        held_count=held,
        waiting_count=decided.filter(pl.col("quantity") < pl.col("target")).height,
    )
