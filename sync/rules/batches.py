"""Whether a stock batch may be used, in which order batches are read, and what its rows mean here.

The law: half a batch is worse than an old one. Only COMPLETE batches are read; a DELTA only on top of everything
before it; a batch that fails a check is not used at all. In a FULL batch a missing SKU has no stock.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from sync.ports import StockBatch
from sync.rules.changes import changed, gone

# A rejection that may have been our reading's fault is read again, as long as the batch is still wanted.
READ_AGAIN = frozenset({"row_count", "checksum", "duplicate_rows"})
READ_AGAIN_AFTER = timedelta(minutes=5)
LEAST_COVERAGE_PERCENT = 90

KEY = ("sku_key", "location")
QUANTITIES = (
    "on_hand", "linked", "allocated", "later_orders", "picked", "work_orders", "in_transit", "damaged", "held",
)  # fmt: skip
_AS_GIVEN = ("on_hand", "linked", "picked", "work_orders", "in_transit", "damaged", "held")


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a batch: read, or rejected with a reason."""

    batch_id: str
    reason: str  # empty: read
    at: datetime


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest batch whose stock we hold."""

    batch_id: str
    as_of: datetime
    completed_at: datetime | None


def plan(
    batches: Sequence[StockBatch],
    newest: Newest | None,
    readings: Mapping[str, Reading],
    now: datetime,
    *,
    accepts_thin: bool = False,
) -> tuple[StockBatch, ...]:
    """The batches to read now, in order: the last FULL one and every DELTA after it, or nothing new.

    A rejected batch ends the chain, for what follows builds on it; `accepts_thin` is a person's word that a FULL
    batch with few SKUs is right.
    """
    complete = sorted((b for b in batches if b.state == "COMPLETE"), key=lambda b: b.as_of)
    ahead = [b for b in complete if newest is None or b.as_of > newest.as_of]
    starts = [place for place, batch in enumerate(ahead) if batch.kind == "FULL"]
    if starts:
        ahead = ahead[starts[-1] :]
    elif newest is None:
        return ()  # a DELTA tells nothing without the FULL before it
    chain: list[StockBatch] = []
    for batch in ahead:
        reading = readings.get(batch.batch_id)
        if reading is not None and reading.reason and not _again(reading, now, accepts_thin=accepts_thin):
            break
        chain.append(batch)
    return tuple(chain)


def going_backwards(
    batches: Sequence[StockBatch], newest: Newest | None, readings: Mapping[str, Reading]
) -> tuple[StockBatch, ...]:
    """Batches completed after the newest we hold that tell of an earlier moment."""
    if newest is None or newest.completed_at is None:
        return ()
    return tuple(
        batch
        for batch in batches
        if batch.state == "COMPLETE"
        and batch.batch_id not in readings
        and batch.completed_at is not None
        and batch.completed_at > newest.completed_at
        and batch.as_of <= newest.as_of
    )


def fault(
    batch: StockBatch, rows: pl.DataFrame, known: pl.DataFrame, *, accepts_thin: bool = False
) -> tuple[str, str] | None:
    """Why a batch cannot be used (a name and a sentence), or None. `rows` as the ERP port gives them."""
    if batch.row_count is not None and rows.height != batch.row_count:
        return "row_count", f"It should have {batch.row_count} rows; {rows.height} were read."
    total = int(rows["on_hand"].sum())
    if batch.checksum.lstrip("-").isdigit() and total != int(batch.checksum):
        return "checksum", f"On hand should add up to {batch.checksum}; it adds up to {total}."
    twice = rows.height - rows.n_unique(["sku_key", "location", "lot"])
    if twice:
        return "duplicate_rows", f"{twice} rows tell of a SKU, location and lot a second time."
    if batch.kind == "FULL" and not accepts_thin:
        return _thin(rows, known)
    return None


def problems(rows: pl.DataFrame, locations: Collection[str]) -> tuple[str, ...]:
    """What is odd in a batch that can be used all the same."""
    found = []
    strange = sorted(set(rows["location"].unique()) - set(locations))
    if strange:
        found.append(f"Unknown locations, not counted: {', '.join(repr(name) for name in strange[:10])}.")
    free = pl.col("on_hand").fill_null(0) - pl.sum_horizontal("linked", _promised(), "picked")
    off = rows.filter(pl.col("reported_ots").is_not_null() & (free != pl.col("reported_ots"))).height
    if off:
        found.append(f"{off} rows report another open-to-sell figure than their own quantities give.")
    empty = rows.filter(pl.all_horizontal(pl.col(name).is_null() for name in ("on_hand", "allocated", "picked")))
    if empty.height:
        found.append(f"{empty.height} rows have no quantities; they count as no stock.")
    return tuple(found)


def normalised(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a batch as `stock_facts` has them: one per SKU and location, lots added up, nothing null.

    Orders due beyond the ERP's horizon (next season's pre-books) are kept apart in `later_orders`.
    """
    later = (pl.col("open_orders") - pl.col("open_due")).clip(lower_bound=0).fill_null(0)
    return (
        rows.with_columns(later.alias("later_orders"))
        .with_columns((_promised() - pl.col("later_orders")).alias("allocated"))
        .group_by(*KEY, maintain_order=True)
        .agg(
            *(pl.col(name).sum() for name in _AS_GIVEN),
            pl.col("allocated").sum(),
            pl.col("later_orders").sum(),
        )
        .select(*KEY, *QUANTITIES)
    )


def to_store(kind: str, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The rows that differ from what is held; after a FULL batch a row it left out is all zero.

    A DELTA carries every lot of the SKUs and locations it names.
    """
    new = rows
    if kind == "FULL":
        missing = gone(rows, known.filter(_has_any()), KEY)
        zero = missing.select(*KEY, *(pl.lit(0, pl.Int64).alias(name) for name in QUANTITIES))
        new = pl.concat([rows, zero])
    return changed(new, known.select(*KEY, *QUANTITIES), KEY)


def _promised() -> pl.Expr:
    parts = pl.sum_horizontal("open_orders", "reserved", "demand")
    return pl.col("allocated").fill_null(parts)


def _has_any() -> pl.Expr:
    return pl.any_horizontal(pl.col(name) != 0 for name in QUANTITIES)


def _thin(rows: pl.DataFrame, known: pl.DataFrame) -> tuple[str, str] | None:
    held = known.filter(_has_any()).select("sku_key").unique()
    kept = held.join(rows.select("sku_key"), on="sku_key", how="semi").height
    if kept * 100 >= held.height * LEAST_COVERAGE_PERCENT:
        return None
    return "coverage", f"It names {kept} of the {held.height} SKUs that had stock or orders before."


def _again(reading: Reading, now: datetime, *, accepts_thin: bool) -> bool:
    if reading.reason == "coverage":
        return accepts_thin
    return reading.reason in READ_AGAIN and now - reading.at >= READ_AGAIN_AFTER
