"""In which order stock batches are read, and which may be.

The law: half a batch is worse than an old one. Only COMPLETE batches are read; a DELTA only on top of everything
begun before it, so not where one of those failed, still runs, cannot be read or was seen and is shown no more; a
batch that fails a check (`sync.rules.batch_checks`) is not used at all, one that is held not before a person
accepts it. Until then the one before stands, and a later good FULL batch overtakes it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sync.ports import StockBatch
from sync.rules.batch_checks import REASONS
from sync.rules.retrying import gap

READ_AGAIN_AFTER = timedelta(minutes=5)
LONGEST_GAP = timedelta(hours=6)  # each reading of a large batch holds up the stock for minutes
KINDS = ("FULL", "DELTA")

State = Literal["read", "rejected", "held"]
Verdict = Literal["accept", "reject"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a batch: read, or not used for a reason; and what a person said of a held one."""

    batch_id: str
    state: State
    reason: str  # a code of REASONS; empty: read
    at: datetime
    verdict: Verdict | None = None
    rejected: int = 1  # so often
    is_due: bool = False  # what it was rejected for the want of is there since


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest batch whose stock we hold."""

    batch_id: str
    as_of: datetime
    completed_at: datetime | None
    tells_open_orders: bool = True  # in every row of it and of what it builds on


def plan(
    batches: Collection[StockBatch],
    newest: Newest | None,
    readings: Mapping[str, Reading],
    now: datetime,
    missing: Collection[datetime] = (),
    *,
    is_whole: bool = True,
    is_asked: bool = False,
) -> tuple[StockBatch, ...]:
    """The batches to read now, in order: the last usable FULL one and every DELTA after it, or nothing new.

    One that may not be used, is still running or failed ends the chain, for what follows builds on it: a DELTA
    may leave out what that one tells. So does one that was seen and is not among `batches`: `missing` are their
    moments. Where one could not be read (`is_whole` is false) it may be any of them: no DELTA is read.
    `is_asked`: a person does not wait until one that was rejected is read again by itself.
    """
    ahead = sorted((b for b in batches if newest is None or b.as_of > newest.as_of), key=lambda b: b.as_of)
    usable = [
        b.state == "COMPLETE" and b.kind in KINDS and is_usable(readings.get(b.batch_id), now, is_asked=is_asked)
        for b in ahead
    ]
    starts = [place for place, batch in enumerate(ahead) if usable[place] and batch.kind == "FULL"]
    if not starts and newest is None:
        return ()  # a DELTA tells nothing without the FULL before it
    start = starts[-1] if starts else 0
    end = next((place for place in range(start, len(ahead)) if not usable[place]), len(ahead))
    chain = ahead[start:end]
    if not is_whole:
        chain = chain[:1] if starts else []
    holes = [moment for moment in missing if not starts or moment > chain[0].as_of]
    return tuple(b for b in chain if not holes or b.as_of < min(holes))


def is_usable(reading: Reading | None, now: datetime, *, is_asked: bool = False) -> bool:
    """Whether a complete batch may be read: once more after gaps that grow, or when a person asks."""
    if reading is None:
        return True
    if reading.state == "held":
        return reading.verdict == "accept"
    reads_again = reading.reason in REASONS and REASONS[reading.reason].reads_again
    waits = gap(reading.rejected, reading.batch_id, first=READ_AGAIN_AFTER, longest=LONGEST_GAP)
    return reads_again and (is_asked or reading.is_due or now - reading.at >= waits)


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


def of_no_kind(batches: Sequence[StockBatch], readings: Mapping[str, Reading]) -> tuple[StockBatch, ...]:
    """Complete batches that are neither FULL nor DELTA: what a missing SKU means in them nobody said."""
    return tuple(
        batch
        for batch in batches
        if batch.state == "COMPLETE" and batch.kind not in KINDS and batch.batch_id not in readings
    )
