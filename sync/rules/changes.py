"""What is new in a frame compared with what is known: an unchanged row is never stored again.

Two nulls are equal; a column only one side has is not compared. A key stands in `known` once.

Rows are put side by side by two 64-bit hashes of their key: with half a million SKUs, to join the texts takes
longer than all the rest of reading a batch. Two keys would have to agree in all 128 bits, as two events would.
"""

from collections.abc import Sequence
from functools import reduce
from operator import xor

import numpy as np
import numpy.typing as npt
import polars as pl

Places = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

_SEEDS = (2000, 2600)
_ROUNDS = 6  # in which a hash looks for a slot of its own, each time by other bits of it
_STEP = np.uint64(8)


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
    places = np.full(new.height, -1, dtype=np.int64)
    if known.is_empty():
        return places
    (ours, ours_too), (theirs, theirs_too) = _hashes(new, key), _hashes(known, key)
    mask = np.uint64((1 << max(known.height * 4, 1).bit_length()) - 1)
    asking, waiting = np.arange(new.height), np.arange(known.height)
    for number in range(_ROUNDS):
        shift = _STEP * np.uint64(number)
        slots = ((theirs[waiting] >> shift) & mask).astype(np.int64)
        table = np.full(int(mask) + 1, -1, dtype=np.int32)  # half the memory to walk about in
        table[slots] = waiting  # of several in one slot the last stays, the others wait for the next round
        found = table[((ours[asking] >> shift) & mask).astype(np.int64)]
        is_it = (found >= 0) & (theirs[found] == ours[asking]) & (theirs_too[found] == ours_too[asking])
        places[asking[is_it]] = found[is_it]
        asking, waiting = asking[~is_it], waiting[table[slots] != waiting]
        if not waiting.size or not asking.size:
            return places
    return _places_by_name(new, known, key)


def _hashes(frame: pl.DataFrame, key: Sequence[str]) -> tuple[Hashes, Hashes]:
    """Each part of the key by a seed of its own: put together in any order, no two keys become alike."""
    first, second = frame.select(
        reduce(xor, (pl.col(name).hash(seed + place) for place, name in enumerate(key))).alias(str(seed))
        for seed in _SEEDS
    )
    return first.to_numpy(), second.to_numpy()


def _places_by_name(new: pl.DataFrame, known: pl.DataFrame, key: Sequence[str]) -> Places:
    """The same by a join, for hashes that will not be told apart."""
    numbered = known.select(key).with_row_index("place")
    beside = new.select(key).join(numbered, on=list(key), how="left", maintain_order="left", nulls_equal=True)
    return beside["place"].cast(pl.Int64).fill_null(-1).to_numpy()
