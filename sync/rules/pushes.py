"""Which quantities are sent: decreases at once, increases only for a reason, nothing twice.

The law: what is sent never exceeds what the formula allows. A quantity rises only because a newer complete batch
says so, or by the units of a sale that was cancelled before the ERP ever had it. What the marketplace took off its
own offer for a sale need not be sent again; whatever may stand above the formula is sent down at once. An offer
without an exact, active, listed SKU is set to zero; too many of those within a day wait for a person.
"""

from dataclasses import dataclass

import polars as pl

from sync.rules import policies
from sync.rules.aging import CAREFREE, Caution
from sync.rules.sellable import BUCKETS, reason, sellable

MOST_ZEROED_PERCENT = 2

UNMATCHED = "no exact, active, listed SKU in BlueCherry"

# One row per offer the marketplace shows. Null `last_…`: we never sent a quantity for it.
BOARD: dict[str, pl.DataType | type[pl.DataType]] = {
    "sku": pl.String,
    "sku_key": pl.String,  # null: no exact, active, listed SKU
    "division": pl.String,
    "category": pl.String,
    "multiple": pl.Int64,
    **dict.fromkeys(BUCKETS, pl.Int64),  # summed over the warehouses that sell here
    "scheduled": pl.Int64,  # leaves on dated orders of others before the next batch lands: not in the supply
    "supply": pl.Int64,
    "inflight": pl.Int64,
    "inflight_orders": pl.String,
    "released": pl.Int64,  # units of sales cancelled since the last sending, never in the ERP
    "offer_quantity": pl.Int64,  # as the marketplace showed it last
    "last_quantity": pl.Int64,
    "last_batch_id": pl.String,
    "shown_least": pl.Int64,  # what may stand there now, after the sales since; null: not known to have arrived
    "shown_most": pl.Int64,
    "is_settled": pl.Boolean,  # the last sending is known to have taken effect
    "is_failed": pl.Boolean,  # the marketplace reported an error for it
    "has_drifted": pl.Boolean,  # read back since, the marketplace showed something else
    "risk_units": pl.Int64,  # what the oversell risk asks to hold back; 0 where unknown
    **policies.COLUMNS,
}


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms quantities are decided in this run."""

    batch_id: str
    may_rise: bool  # orders were pulled just now, and nothing freezes increases
    is_new_batch: bool = True  # what this batch lets rise has not been sent yet
    caution: Caution = CAREFREE
    sends_all: bool = False  # the nightly file, or a person's resync
    sends: frozenset[str] = frozenset()  # SKUs sent even if nothing changed
    zeroes_at_most: int = 0  # a person has seen so many lose their stock
    zeroed_lately: frozenset[str] = frozenset()  # SKUs that lost it since, or within a day
    offer_count: int = 0  # how many offers there are; 0: as many as are decided


@dataclass(frozen=True, slots=True)
class Decision:
    """What to send, with the numbers that made it, and what was not sent."""

    board: pl.DataFrame  # every offer, with `quantity` (to be shown), `standing` and `is_sent`
    unmatched_count: int
    held_count: int  # offers to be zeroed that wait for a person
    waiting_count: int  # increases that wait for the next batch or fresh orders

    @property
    def rows(self) -> pl.DataFrame:
        """The rows to send by name, with `reason`."""
        return explained(self.board.filter("is_sent").sort("sku"))

    def listed(self, *, is_sent: bool) -> pl.DataFrame:
        """The board with `listed`: what may be sold now, given that the rows to send were sent, or were not."""
        quantity = pl.when(pl.col("is_sent") & pl.lit(is_sent)).then("quantity").otherwise("standing")
        return self.board.with_columns(listed=quantity)

    def unsettled(self, *, is_sent: bool) -> list[str]:
        """The SKUs that may be decided otherwise though nothing of theirs changes, given that the rows were sent.

        What waits to rise or for a person, and what was not sent, is not known to have arrived or did not. The rest
        is where it should be: while its facts stand, whatever batch, hour or run comes, it is left alone.
        """
        sent = pl.col("is_sent") & pl.lit(is_sent)
        is_doubtful = pl.col("last_quantity").is_null() | ~pl.col("is_settled")
        waits = (
            (pl.col("quantity") != pl.col("target"))
            | is_doubtful
            | pl.col("is_failed")
            | pl.col("has_drifted")
            | (pl.col("sku_key").is_null() & (pl.col("standing") > 0))
            | pl.col("is_sent")
        )
        return self.board.filter(~sent & waits)["sku"].to_list()


def decide(board: pl.DataFrame, terms: Terms) -> Decision:
    """The quantity of every offer, and whether it is sent now."""
    is_matched = pl.col("sku_key").is_not_null()
    last, offered = pl.col("last_quantity"), pl.col("offer_quantity")
    is_new = last.is_null()
    is_doubtful = is_new | ~pl.col("is_settled")
    is_of_newer_batch = (pl.col("last_batch_id") != terms.batch_id) & terms.is_new_batch
    decided = (
        sellable(board, terms.caution)
        .with_columns(pl.when(is_matched).then("target").otherwise(0).alias("target"))
        .with_columns(
            # what may stand there at most, and at least
            standing=pl.when(is_new).then(offered)
            .when(is_doubtful).then(pl.max_horizontal(last, offered))
            .otherwise(pl.coalesce("shown_most", last)),
            floor=pl.when(is_doubtful).then(0).otherwise(pl.coalesce("shown_least", last)),
            has_cause=pl.lit(terms.may_rise) & (is_doubtful | is_of_newer_batch),
        )
        .with_columns(
            ceiling=pl.when(is_doubtful).then("standing").otherwise("floor")
            + pl.when(pl.lit(terms.may_rise)).then("released").otherwise(0)
        )
        .with_columns(
            quantity=pl.when("has_cause").then("target").otherwise(pl.min_horizontal("target", "ceiling"))
        )
        .with_columns(
            is_sent=_is_sent(terms, is_doubtful),
        )
    )  # fmt: skip
    return _hold_back(decided, terms)


def _is_sent(terms: Terms, is_doubtful: pl.Expr) -> pl.Expr:
    """Skipped where it stands already; in doubt, sent unless it may not rise and would not fall."""
    quantity = pl.col("quantity")
    falls = pl.col("target") < pl.col("standing")
    has_news = (quantity != pl.col("last_quantity")) | (pl.col("last_batch_id") != terms.batch_id)
    return (
        pl.when(pl.lit(terms.sends_all) | pl.col("sku").is_in(sorted(terms.sends))).then(pl.lit(value=True))
        .when(pl.col("is_failed")).then(has_news)
        .when(is_doubtful).then(pl.col("has_cause") | falls)
        .otherwise((quantity < pl.col("standing")) | (quantity > pl.col("floor")) | pl.col("has_drifted"))
    )  # fmt: skip


def explained(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a decision with `reason`: why each number is what it is, in words."""
    is_matched = pl.col("sku_key").is_not_null()
    return rows.with_columns(reason=pl.when(is_matched).then(_words()).otherwise(pl.lit(UNMATCHED)))


def _words() -> pl.Expr:
    waits = pl.col("quantity") < pl.col("target")
    return pl.concat_str(
        reason(),
        pl.when(waits).then(pl.format("{} more wait for the next batch", pl.col("target") - pl.col("quantity"))),
        separator=", ",
        ignore_nulls=True,
    )


def _hold_back(decided: pl.DataFrame, terms: Terms) -> Decision:
    """What loses its stock for want of a SKU waits for a person, once it is too much with what did within a day."""
    unmatched = pl.col("sku_key").is_null()
    is_news = ~pl.col("sku").is_in(sorted(terms.zeroed_lately))
    loses_stock = unmatched & pl.col("is_sent") & (pl.col("standing") > 0) & is_news
    zeroed = decided.filter(loses_stock).height
    offers = max(decided.height, terms.offer_count)
    allowed = max(1, offers * MOST_ZEROED_PERCENT // 100, terms.zeroes_at_most)
    held = 0
    if zeroed + len(terms.zeroed_lately) > allowed:
        held = zeroed
        decided = decided.with_columns(is_sent=pl.col("is_sent") & ~loses_stock)
    return Decision(
        board=decided,
        unmatched_count=decided.filter(unmatched).height,
        held_count=held,
        waiting_count=decided.filter(pl.col("quantity") < pl.col("target")).height,
    )
