"""What is new in a frame compared with what is known: an unchanged row is never stored again.

Two nulls are equal; a column only one side has is not compared. A key stands in `known` once.

Rows are matched by two 64-bit hashes of their key instead of the key: putting a million texts side by side takes
longer than everything else a batch needs. Two keys would have to agree in all 128 bits, as two events would.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Places = npt.NDArray[np.int64]
_SEEDS = (20, 26)


def changed(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows of `new` that `known` does not have under their key, or has with another value anywhere."""
    return new.filter(_differs(new, known, key, _places(new, known, key)))


def gone(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows of `known` whose key `new` does not have."""
    return known.filter(_is_gone(known, _places(new, known, key)))


def compared(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`changed` and `gone`, in one look."""
    places = _places(new, known, key)
    return new.filter(_differs(new, known, key, places)), known.filter(_is_gone(known, places))


def _differs(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str], places: Places) -> pl.Series:
    """Which rows of `new` are news."""
    differs = pl.Series(places < 0, dtype=pl.Boolean)
    if known.is_empty():
        return differs
    beside = pl.Series(np.maximum(places, 0))
    for name in new.columns:
        if name in known.columns and name not in key:
            differs |= new[name].ne_missing(known[name].gather(beside))
    return differs


def _is_gone(known: pl.DataFrame, places: Places) -> pl.Series:
    """Which rows of `known` nothing stands beside."""
    is_gone = np.ones(known.height, dtype=np.bool_)
    is_gone[places[places >= 0]] = False
    return pl.Series(is_gone)


def _places(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> Places:
    """The row of `known` with the key of each row of `new`; -1: there is none."""
    if new.is_empty() or known.is_empty():
        return np.full(new.height, -1, dtype=np.int64)
    ours, theirs = _hashes(new, key), _hashes(known, key)
    order, there = _sorted(theirs[0])
    if np.any(there[1:] == there[:-1]):  # once in a million batches: two keys share their first hash
        return _places_by_name(new, known, key)
    asking, here = _sorted(ours[0])
    found = np.minimum(np.searchsorted(there, here), there.size - 1)
    rows = order[found]
    is_same = (there[found] == here) & (theirs[1].to_numpy()[rows] == ours[1].to_numpy()[asking])
    places = np.empty(new.height, dtype=np.int64)
    places[asking] = np.where(is_same, rows, -1)
    return places


def _hashes(frame: pl.DataFrame, key: Sequence[str]) -> tuple[pl.Series, pl.Series]:
    first, second = frame.select(pl.struct(key).hash(seed).alias(str(seed)) for seed in _SEEDS)
    return first, second


def _sorted(hashes: pl.Series) -> tuple[Places, npt.NDArray[np.uint64]]:
    """Which place comes first, second, …; and the hashes in that order."""
    order = hashes.arg_sort()
    return order.to_numpy().astype(np.int64), hashes.gather(order).to_numpy()


def _places_by_name(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> Places:
    beside = new.select(key).join(
        known.select(key).with_row_index("place"), on=list(key), how="left", maintain_order="left", nulls_equal=True
    )
    return beside["place"].cast(pl.Int64).fill_null(-1).to_numpy()
