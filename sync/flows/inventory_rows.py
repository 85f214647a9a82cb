"""The rows of one stock batch: read page by page, and what they say of each SKU.

BlueCherry posts stock in the long form, a row for each SKU, location and lot, or in the wide form, a row for each
kind of transaction with 24 size buckets. The long form is taken as it is; the wide one is unpivoted, by the sizes
our catalogue knows, once all of it is there: a SKU's kinds may stand on any page. A size range that was numbered
otherwise since the SKUs were last read is read by its old numbers.
"""

from dataclasses import dataclass

import polars as pl

from sync.ports import INVENTORY_COLUMNS
from sync.rules.batch_checks import Finding
from sync.rules.size_buckets import as_sent, unpivoted
from sync.runs import Run

_SIZES = """
select sku_key, division, style, color_code, label, dimension, size_bucket, is_gone
from sku_facts
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What a batch told: its rows as they were sent, for `batch_checks.fault`, and those of the wide form."""

    sent: pl.DataFrame
    wide: pl.DataFrame | None


def read(run: Run, batch_id: str) -> Told:
    """Every row of a batch. Raises what the port raises."""
    long, wide = [pl.DataFrame(schema=INVENTORY_COLUMNS)], list[pl.DataFrame]()
    for frame, _ in run.house.erp.inventory(batch_id):
        run.check()
        (wide if "rec_type" in frame.columns else long).append(frame)
        run.record()
    rows = pl.concat(long)
    if not wide:
        return Told(rows, None)
    buckets = pl.concat(wide)
    return Told(pl.concat([rows, as_sent(buckets)], how="diagonal"), buckets)


def of_skus(run: Run, told: Told, kind: str) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """The rows of a batch without fault, one per SKU, location and lot; and what of them is of no SKU we know.

    `kind`: FULL or DELTA.
    """
    if told.wide is None:
        return told.sent, ()
    return unpivoted(told.wide, run.house.ask(_SIZES), is_full=kind == "FULL")
