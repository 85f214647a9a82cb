"""How much too many units a SKU's stock record may show, warehouse by warehouse (bluecherry.md §3.7).

    0.02, 0.005    of a warehouse: its record of a SKU shows one unit too many in 2 of 100 cases, two in 5 of 1000

A SKU that stands in several warehouses has an error in each, independent of one another: their sum is convolved.
The law: a record is too high by no more than it shows, so what would be is that much; chances add up to 1. What has
no chances of its own has those of the settings. `estimated` takes them from cycle counts; few counts of a warehouse
are drawn towards those of the others, and few of these towards records that are right.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from sync.rules.chances import Floats, Ints

MOST_UNITS = 20  # a larger error counts as this
LEAST_COUNTS = 30  # as many counts of a warehouse weigh as much as what the others say
HARDLY = 1e-7  # errors less likely than this in every SKU are none
COUNTS = {"warehouse": pl.String, "recorded": pl.Int64, "counted": pl.Int64}


def check_chances(chances: Sequence[float]) -> None:
    """ValueError for what cannot be the chances of 1, 2, … units too many."""
    if len(chances) > MOST_UNITS or any(not 0 <= chance <= 1 for chance in chances) or sum(chances) > 1:
        raise ValueError(
            f"write the chances of 1, 2, … units too many, up to {MOST_UNITS} of them, each between 0 and 1, all "
            "together at most 1: 0.02, 0.005"
        )


def parsed(words: str) -> tuple[float, ...]:
    """`0.02, 0.005` as chances; ValueError for what are none."""
    try:
        chances = tuple(float(part) for part in words.split(","))
    except ValueError:
        chances = (-1.0,)
    check_chances(chances)
    return chances


def words(chances: Sequence[float]) -> str:
    """The same, written."""
    return ", ".join(f"{chance:.4f}".rstrip("0").rstrip(".") for chance in chances)


def convolved(stock: pl.DataFrame, by_warehouse: Mapping[str, Sequence[float]]) -> pl.DataFrame:
    """`sku_key`, `overstated`: the chances that all its records together show 1, 2, … units too many.

    `stock`: `sku_key`, `location`, `on_hand`, a row a record.
    """
    held = (
        stock.filter(pl.col("location").is_in(list(by_warehouse)))
        .group_by("sku_key", "location")
        .agg(pl.col("on_hand").clip(lower_bound=0).sum())
    )
    keys = stock.select(pl.col("sku_key").unique().sort())
    most = max(sum(len(chances) for chances in by_warehouse.values()), 1)
    total = np.zeros((keys.height, most + 1))
    total[:, 0] = 1.0
    for warehouse, chances in sorted(by_warehouse.items()):
        here = held.filter(pl.col("location") == warehouse)
        shown = keys.join(here, on="sku_key", how="left", maintain_order="left")["on_hand"].fill_null(0)
        total = _added(total, _error(chances, shown.to_numpy()))
    size = max(int(np.flatnonzero(total.max(axis=0, initial=0.0) > HARDLY).max(initial=0)), 1)
    return keys.with_columns(overstated=pl.Series(total[:, 1 : size + 1], dtype=pl.Array(pl.Float64, size)))


def with_errors(skus: pl.DataFrame, errors: pl.DataFrame | None) -> pl.DataFrame:
    """`skus` (`sku_key`) with `overstated` as `convolved` says, none where it knows no record; None: unchanged."""
    if errors is None:
        return skus
    size = rows_of(errors).shape[1]
    none = pl.lit([0.0] * size, pl.Array(pl.Float64, size))
    return skus.join(errors, on="sku_key", how="left", maintain_order="left").with_columns(
        pl.col("overstated").fill_null(none)
    )


def rows_of(skus: pl.DataFrame) -> Floats:
    """The `overstated` of a frame, a row a SKU, of no SKU as well: as wide as its type says."""
    width = skus.schema["overstated"].shape[0]  # type: ignore[attr-defined]  # an array's: its width is in its type
    return skus["overstated"].to_numpy().reshape(skus.height, width)


def _error(chances: Sequence[float], on_hand: Ints) -> Floats:
    """For each SKU the chances of an error of 0, 1, … units; one beyond what is shown is that much."""
    found = np.zeros((on_hand.size, len(chances) + 1))
    found[:, 0] = 1 - sum(chances)
    everybody = np.arange(on_hand.size)
    for units, chance in enumerate(chances, start=1):
        found[everybody, np.minimum(units, on_hand)] += chance
    return found


def _added(one: Floats, other: Floats) -> Floats:
    """The sum of two independent errors, as wide as the first."""
    total = np.zeros_like(one)
    for units in range(other.shape[1]):
        total[:, units:] += one[:, : one.shape[1] - units] * other[:, units : units + 1]
    return total


def estimated(counts: pl.DataFrame) -> dict[str, tuple[float, ...]]:
    """The chances of each warehouse from its cycle counts, a row a SKU counted: the columns of COUNTS.

    Rounded down: together they are never more than 1. Records that showed nothing, and could not show too much,
    tell nothing. ValueError where no count does.
    """
    told = counts.filter(pl.col("recorded") > 0).with_columns(
        error=(pl.col("recorded") - pl.col("counted")).clip(0, MOST_UNITS)
    )
    if told.is_empty():
        raise ValueError("no count of a record that showed stock")
    size = int(told["error"].max()) + 1  # type: ignore[arg-type]  # there is a row, so there is one
    everywhere = np.bincount(told["error"].to_numpy(), minlength=size)
    found = {}
    for (warehouse,), part in told.sort("warehouse").group_by("warehouse", maintain_order=True):
        seen = np.bincount(part["error"].to_numpy(), minlength=size)
        elsewhere = (everywhere - seen) / (told.height - part.height + LEAST_COUNTS)  # its own count once
        chances = (seen + LEAST_COUNTS * elsewhere) / (part.height + LEAST_COUNTS)
        found[str(warehouse)] = tuple((np.floor(chances[1:] * 10_000) / 10_000).tolist())
    return found
