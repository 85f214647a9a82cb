"""A BlueCherry that posts stock batches as a test tells it to; nothing proves them whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from sync.ports import INVENTORY_COLUMNS, Code, Page, StockBatch
from tests.told import HOUR, NOW

BEGIN = NOW - 12 * HOUR
MINUTE = HOUR / 60


@dataclass
class Erp:
    """It answers what is asked of stock alone, page by page, with WH1 as its only location."""

    posted: dict[str, tuple[StockBatch, tuple[pl.DataFrame, ...]]] = field(default_factory=dict)

    def post(self, name: str, minute: int, *pages: pl.DataFrame, kind: str = "") -> None:
        """A batch of that minute, complete at once: D… is a DELTA, all others are FULL unless told."""
        at = BEGIN + minute * MINUTE
        named = "DELTA" if name.startswith("D") else "FULL"
        self.posted[name] = (StockBatch(name, kind or named, "COMPLETE", at, at, at, None, "", None), pages)

    def batches(self, **_: Any) -> Iterator[Page[StockBatch]]:
        yield Page(tuple(batch for batch, _ in self.posted.values()), None)

    def inventory(self, name: str) -> Iterator[tuple[pl.DataFrame, None]]:
        yield from ((page, None) for page in self.posted[name][1])

    def locations(self) -> tuple[Code, ...]:
        return (Code("WH1", "WH1", {}),)


def by_sku(*rows: dict[str, Any]) -> pl.DataFrame:
    """A page of a row for each SKU, all at WH1; what a row does not name has no number."""
    blank = dict.fromkeys(INVENTORY_COLUMNS) | {"location": "WH1", "lot": "N"}
    return pl.DataFrame([blank | row for row in rows], schema=INVENTORY_COLUMNS)
