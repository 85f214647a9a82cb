"""Stock batches of the pretend ERP: photographs of the ledger, taken at one moment and shown later.

The law: a batch's rows are what was true at ``as_of`` and never change; they are whole only once it is COMPLETE.
A batch is of one form, long or wide (``bluecherry_size_buckets``). Nobody inside the ERP sells from a batch.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from sync.sandbox.bluecherry_size_buckets import style_colour, wide_rows
from sync.sandbox.bluecherry_stock import BUCKETS, SELLING, Figures, Position, StockLedger, free_units
from sync.sandbox.bluecherry_time import local_text, utc_text

if TYPE_CHECKING:
    from sync.sandbox.world import World

# A row as it will be sent: of the long form yet to be written out, of the wide form but for what the batch adds.
Sent = tuple[Position, Figures] | dict[str, Any]

BATCH_EVERY = timedelta(hours=4)
BATCH_TAKES = timedelta(minutes=20)


@dataclass(slots=True)
class Batch:
    """One photograph of the stock; its rows are whole only once it is COMPLETE."""

    pkey: int
    batch_id: str
    kind: str
    as_of: datetime
    started_at: datetime
    completed_at: datetime | None
    ends_at: datetime
    status: str
    next_expected_at: datetime
    rows: list[tuple[Position, Figures]]
    last_mod: datetime
    wide: list[dict[str, Any]] | None = None  # the same in the wide form, where the batch is of that

    @property
    def sent(self) -> Sequence[Sent]:
        """The rows in the form the batch is of."""
        return self.rows if self.wide is None else self.wide

    @property
    def checksum(self) -> int:
        """The sum of on hand over its rows."""
        return sum(figures[0] for _, figures in self.rows)

    def as_wire(self) -> dict[str, Any]:
        told = self.status == "COMPLETE"
        return {
            "pkey": self.pkey,
            "batch_id": self.batch_id,
            "kind": self.kind,
            "as_of": local_text(self.as_of),
            "started_at": local_text(self.started_at),
            "completed_at": local_text(self.completed_at),
            "status": self.status,
            "row_count": len(self.sent) if told else None,
            "checksum": str(self.checksum) if told else None,
            "next_expected_at": local_text(self.next_expected_at),
            "last_mod": local_text(self.last_mod),
        }

    def as_truth(self) -> dict[str, Any]:
        return {
            "batch_id": self.batch_id,
            "kind": self.kind,
            "status": self.status,
            "as_of": utc_text(self.as_of),
            "completed_at": utc_text(self.completed_at),
            "row_count": len(self.sent),
            "is_wide": self.wide is not None,
        }

    def shown_rows(self, now: datetime) -> Sequence[Sent]:
        """All rows of a COMPLETE batch; of another, only those written so far."""
        if self.status == "COMPLETE":
            return self.sent
        end = min(now, self.ends_at)
        lasts = max(self.ends_at - self.started_at, timedelta(seconds=1))
        part = (end - self.started_at) / lasts
        written = len(self.sent) * (part if self.status == "RUNNING" else part / 2)
        return self.sent[: math.floor(written)]


class Batches:
    """Every batch so far; a new one about every four hours, one in eight of them late."""

    def __init__(self, world: "World", stock: StockLedger) -> None:
        self.world = world
        self.stock = stock
        self.batches: list[Batch] = []
        self.by_batch_id: dict[str, Batch] = {}
        self.are_late = True
        self.are_wide = False
        self._last_complete: dict[tuple[str, str, str], Figures] = {}
        self._photographed: dict[tuple[str, str, str], tuple[Position, Figures]] = {}

    def begin(self) -> None:
        self.world.schedule(self.world.now + timedelta(minutes=10), self._start)

    def _start(self) -> None:
        rng = self.world.rng("bluecherry batches")
        if self._is_running():
            self.world.schedule(self.world.now + BATCH_TAKES, self._start)
            return
        is_late = rng.random() < 0.125 and self.are_late
        takes = BATCH_TAKES * (rng.uniform(3, 9) if is_late else rng.uniform(0.8, 1.2))
        kind = "DELTA" if rng.random() < 0.15 else "FULL"
        fails = rng.random() < 0.02
        self._photograph(kind, takes, "FAILED" if fails else "COMPLETE")
        pause = max(takes, timedelta(minutes=rng.uniform(-4, 4)) + BATCH_EVERY)
        self.world.schedule(self.world.now + pause, self._start)

    def _is_running(self) -> bool:
        return bool(self.batches) and self.batches[-1].status == "RUNNING"

    def start_now(self, kind: str = "FULL", status: str = "COMPLETE", minutes: float = 0) -> None:
        """One batch out of turn, ended after so many minutes; nothing while another is running."""
        if not self._is_running():
            self._photograph(kind, timedelta(minutes=minutes), status)
            if not minutes:
                self._end(self.batches[-1], status)

    def _photograph(self, kind: str, takes: timedelta, status: str) -> None:
        """Begin a batch that ends with that status; the first one is always FULL."""
        now = self.world.now
        kind = kind if self._last_complete else "FULL"
        number = len(self.batches) + 1
        rows = self._rows_now(kind)
        batch = Batch(
            pkey=500_000 + number,
            batch_id=f"IB{now:%Y%m%d}{number:05d}",
            kind=kind,
            as_of=now,
            started_at=now,
            completed_at=None,
            ends_at=now + takes,
            status="RUNNING",
            next_expected_at=now + BATCH_EVERY + BATCH_TAKES,
            rows=rows,
            last_mod=now,
            wide=wide_rows(rows, self.world.skus) if self.are_wide else None,
        )
        self.batches.append(batch)
        self.by_batch_id[batch.batch_id] = batch
        self.world.schedule(batch.ends_at, lambda: self._end(batch, status))

    def _rows_now(self, kind: str) -> list[tuple[Position, Figures]]:
        """What a batch tells; a wide row has every size of its goods, so a wide DELTA tells of all of those."""
        positions = list(self.stock.positions.values())
        if kind == "DELTA":
            news = [each for each in positions if self._last_complete.get(each.key) != each.figures()]
            goods = {style_colour(each.sku) for each in news} if self.are_wide else set()
            positions = [each for each in positions if style_colour(each.sku) in goods] if goods else news
        return [self._row_now(each) for each in positions]

    def _row_now(self, position: Position) -> tuple[Position, Figures]:
        """One row object serves every batch that saw no change: months of batches stay small."""
        figures = position.figures()
        row = self._photographed.get(position.key)
        if row is None or row[1] != figures:
            row = self._photographed[position.key] = (position, figures)
        return row

    def _end(self, batch: Batch, status: str) -> None:
        if batch.status != "RUNNING":
            return
        batch.status = status
        batch.last_mod = self.world.now
        if status == "COMPLETE":
            batch.completed_at = self.world.now
            for position, figures in batch.rows:
                self._last_complete[position.key] = figures

    def sellable_in(self, batch: Batch) -> dict[str, int]:
        """Free units in the selling warehouses as photographed, by shop SKU, never below zero."""
        pooled: dict[str, int] = {}
        for position, figures in batch.rows:
            if position.location in SELLING:
                pooled[position.shop_sku] = pooled.get(position.shop_sku, 0) + free_units(figures)
        return {shop_sku: max(0, units) for shop_sku, units in pooled.items()}

    def latest(self) -> Batch | None:
        """The newest COMPLETE batch."""
        return next((batch for batch in reversed(self.batches) if batch.status == "COMPLETE"), None)

    def wire_rows(
        self, batch_id: str, *, location: str | None = None, first: int = 0, end: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Rows a batch shows now, as the wire has them, some of them only; KeyError for an unknown batch."""
        batch = self.by_batch_id[batch_id]
        members = {
            "batch_id": batch.batch_id,
            "as_of": local_text(batch.as_of),
            "last_mod": local_text(batch.last_mod),
        }
        numbered = (
            (number, row)
            for number, row in enumerate(batch.shown_rows(self.world.now), start=1)
            if location is None or _location(row) == location
        )
        for number, row in islice(numbered, first, end):
            yield {"pkey": number, **members, **(row if isinstance(row, dict) else _row(*row))}


def _location(row: Sent) -> str:
    return str(row["location"]) if isinstance(row, dict) else row[0].location


def _row(position: Position, figures: Figures) -> dict[str, Any]:
    sku = position.sku
    bucket = dict(zip(BUCKETS, figures, strict=True))
    allocated = bucket["open_orders"] + bucket["reserved"] + bucket["demand"]
    return {
        "division": sku.division,
        "style": sku.style.ljust(12),
        "color_code": sku.color_code.ljust(5),
        "lbl_code": sku.label,
        "dimension": sku.dimension,
        "size_desc": sku.size_desc,
        "size_bk": sku.size_bucket,
        "upc": sku.upc,
        "location": position.location,
        "lot": position.lot,
        "on_hand": bucket["on_hand"],
        "linked": bucket["linked"],
        "open_orders": bucket["open_orders"],
        "reserved": bucket["reserved"],
        "demand": bucket["demand"],
        "allocated": allocated,
        "open_due_qty": bucket["open_orders"] - bucket["prebook"],
        "picked": bucket["picked"],
        "wip": bucket["wip"],
        "in_transit": bucket["in_transit"],
        "damaged": bucket["damaged"],
        "hold": bucket["hold"],
        "ots": bucket["on_hand"] - bucket["linked"] - allocated - bucket["picked"],
    }
