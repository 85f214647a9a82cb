"""What is new in a frame compared with what is known: an unchanged row is never stored again.

Two nulls are equal; a column only one side has is not compared.
"""

from collections.abc import Sequence

import polars as pl

_MARK = "known_"


def changed(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows of `new` that `known` does not have under their key, or has with another value anywhere."""
    compared = [name for name in new.columns if name in known.columns and name not in key]
    beside = known.select(
        *key, *(pl.col(name).alias(_MARK + name) for name in compared), pl.lit(value=True).alias(_MARK)
    )
    differs = [pl.col(name).ne_missing(pl.col(_MARK + name)) for name in compared]
    return (
        new.join(beside, on=list(key), how="left", maintain_order="left")
        .filter(pl.any_horizontal(pl.col(_MARK).is_null(), *differs))
        .select(new.columns)
    )


def gone(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows of `known` whose key `new` does not have."""
    return known.join(new.select(key), on=list(key), how="anti", maintain_order="left")
