"""Whether the marketplace shows what it should: applied, less ordered since, plus what it put back.

The law: only a difference from that counts, and only a reading with no import open is compared. Left out of it is
a SKU sent, or on its way, during the reading, and one that shows too few while an order nobody can read may be why.
Two such readings in a row make it an exception; the first that is right again ends it. Every difference is kept
with its numbers and moments.
"""

from datetime import datetime
from typing import Any

import polars as pl

FIRM_AFTER = 2  # readings in a row

ROWS: dict[str, Any] = {
    "sku": pl.String, "push_id": pl.String, "applied_quantity": pl.Int64, "ordered_quantity": pl.Int64,
    "restored_quantity": pl.Int64, "expected_quantity": pl.Int64, "least_quantity": pl.Int64,
    "most_quantity": pl.Int64, "shown_quantity": pl.Int64, "before_shown_quantity": pl.Int64,
    "read_count": pl.Int64, "applied_at": pl.Datetime("us", "UTC"), "before_seen_at": pl.Datetime("us", "UTC"),
    "first_seen_at": pl.Datetime("us", "UTC"), "seen_at": pl.Datetime("us", "UTC"),
}  # fmt: skip


def comparable(shown: pl.DataFrame, expected: pl.DataFrame, read_from: datetime) -> pl.DataFrame:
    """Offers whose last sending had taken effect before the reading began, what should stand there beside them.

    `shown`: sku, shown_quantity. `expected`: the read model `expected_shown`. What shows too few is left out where
    that may be an order's that cannot be read: sent again, its unit would be sold twice.
    """
    pairs = shown.join(expected.filter(pl.col("applied_at") <= read_from), on="sku", maintain_order="left")
    return pairs.filter(~pl.col("is_maybe_less") | (pl.col("shown_quantity") >= pl.col("least_quantity")))


def compared(pairs: pl.DataFrame, before: pl.DataFrame, read_from: datetime) -> pl.DataFrame:
    """ROWS of every pair; `read_count` 0 where it is as expected.

    `pairs` as `comparable` gives them; `before`: sku, read_count, shown_quantity, seen_at, first_seen_at of the
    last comparison that was kept.
    """
    earlier = before.select(
        "sku",
        pl.col("read_count").alias("count_before"),
        pl.col("shown_quantity").alias("before_shown_quantity"),
        pl.col("seen_at").alias("before_seen_at"),
        pl.col("first_seen_at").alias("first_before"),
    ).filter(pl.col("count_before") > 0)
    shown = pl.col("shown_quantity")
    differs = (shown < pl.col("least_quantity")) | (shown > pl.col("most_quantity"))
    # what it put back nobody tells us: as much as the cancelled sales can explain
    given_back = (shown - pl.col("least_quantity")).clip(0, pl.col("cancelled_quantity"))
    again = pl.col("count_before").is_not_null()
    return (
        pairs.join(earlier, on="sku", how="left", maintain_order="left")
        .with_columns(
            restored_quantity=given_back,
            read_count=pl.when(differs).then(pl.col("count_before").fill_null(0) + 1).otherwise(0),
            seen_at=pl.lit(read_from),
        )
        .with_columns(
            expected_quantity=pl.col("least_quantity") + pl.col("restored_quantity"),
            first_seen_at=pl.when(differs & again).then("first_before").otherwise("seen_at"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in ROWS.items())
    )


def kept(rows: pl.DataFrame) -> pl.DataFrame:
    """Those of ROWS that say something new: what differs, and what differed at the comparison before."""
    return rows.filter((pl.col("read_count") > 0) | pl.col("before_seen_at").is_not_null())
