"""The ERP's stock rows in our words: a frame per page, for a batch has half a million of them.

They come in the long form, a row for each SKU, location and lot, or in the wide one, a row for each kind of
transaction (`rec_type`) with a column per size bucket (`size01_qty` … `size24_qty`); a row tells its form itself.

The law: no row is dropped. What cannot be read of one stays in the frame as a row without a key or without
quantities, and the checks of the batch (`sync.rules.batch_checks`) judge it.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from sync import ports
from sync.clients.values import MOST_UNITS, written

# Our column ← the ERP's.
_QUANTITIES = {
    "on_hand": "on_hand",
    "linked": "linked",
    "open_orders": "open_orders",
    "open_due": "open_due_qty",
    "reserved": "reserved",
    "demand": "demand",
    "allocated": "allocated",
    "picked": "picked",
    "work_orders": "wip",
    "in_transit": "in_transit",
    "damaged": "damaged",
    "held": "hold",
    "reported_ots": "ots",
}
_DECIDES_NOTHING = {"work_orders", "in_transit", "reported_ots"}
_KEY = ("division", "style", "color_code", "lbl_code", "dimension", "size_desc")
_NEEDED = ("division", "style", "color_code", "size_desc")
# Of the wide form: our column ← the ERP's.
_GOODS = {
    "division": "division", "style": "style", "color_code": "color_code", "label": "lbl_code",
    "dimension": "dimension", "location": "location", "lot": "lot",
}  # fmt: skip
_GOODS_NEEDED = ("division", "style", "color_code")
_BUCKETS = {name: f"{name}_qty" for name in ports.SIZE_BUCKETS}


def inventory_frames(rows: Sequence[Any]) -> list[pl.DataFrame]:
    """The stock rows of a page: those of the long form, and those of the wide form where there are any."""
    wide = [row for row in rows if _is_wide(row)]
    if not wide:
        return [inventory_frame(rows)]
    others = [row for row in rows if not _is_wide(row)]
    return [wide_frame(wide), *([inventory_frame(others)] if others else [])]


def _is_wide(row: Any) -> bool:
    if not isinstance(row, dict) or "size_desc" in row:
        return False
    return "rec_type" in row or not row.keys().isdisjoint(_BUCKETS.values())


def wide_frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Wide stock rows as a frame of `ports.WIDE_INVENTORY_COLUMNS`."""
    columns: dict[str, list[Any]] = {"rec_type": [_code(row.get("rec_type")) for row in rows]}
    has_key = [row.get("location") is not None and all(map(row.get, _GOODS_NEEDED)) for row in rows]
    for name, theirs in _GOODS.items():
        columns[name] = [
            _code(row.get(theirs)) if is_keyed else None for row, is_keyed in zip(rows, has_key, strict=True)
        ]
    columns["unread"] = [[] for _ in rows]
    for number, (name, theirs) in enumerate(_BUCKETS.items(), start=1):
        columns[name] = _quantities(rows, theirs)
        for place in _unread(rows, theirs, columns[name]):
            columns["unread"][place].append(number)
    return pl.DataFrame(columns, schema=dict(ports.WIDE_INVENTORY_COLUMNS))


def inventory_frame(rows: Sequence[Any]) -> pl.DataFrame:
    """Long stock rows as a frame of `ports.INVENTORY_COLUMNS`.

    A row without its key has an empty SKU. One of which a quantity is given and is no number `is_unread`: what is
    left of it without, say, what is promised must not be listed. What can be read of it stays, for the checksum.
    """
    good = [
        row
        for row in rows
        # A blank location is one of the ERP's pseudo-locations; a missing one is a hole.
        if isinstance(row, dict) and row.get("location") is not None and all(map(row.get, _NEEDED))
    ]
    columns: dict[str, list[Any]] = {"sku_key": ["|".join([_code(row.get(name)) for name in _KEY]) for row in good]}
    for name in ("upc", "location", "lot"):
        columns[name] = [_code(row.get(name)) for row in good]
    unread: set[int] = set()
    for name, theirs in _QUANTITIES.items():
        columns[name] = _quantities(good, theirs)
        if name not in _DECIDES_NOTHING:
            unread.update(_unread(good, theirs, columns[name]))
    columns["is_unread"] = [False] * len(good)
    for place in unread:
        columns["is_unread"][place] = True
    frame = pl.DataFrame(columns, schema=dict(ports.INVENTORY_COLUMNS))
    if len(good) == len(rows):
        return frame
    blank = pl.DataFrame({"sku_key": [""] * (len(rows) - len(good))})
    return pl.concat([frame, blank], how="diagonal")


def _quantities(rows: Sequence[dict[str, Any]], theirs: str) -> list[int | None]:
    """A column of quantities. Nearly every cell is a plain small number: a call for each would double the time."""
    return [
        units if type(units := row.get(theirs)) is int and -MOST_UNITS < units < MOST_UNITS else _units(units)
        for row in rows
    ]


def _unread(rows: Sequence[dict[str, Any]], theirs: str, read: Sequence[int | None]) -> Iterator[int]:
    """The places where a quantity is given and is no number."""
    return (place for place, units in enumerate(read) if units is None and rows[place].get(theirs) is not None)


def _code(value: Any) -> str:
    return "" if value is None else written(str(value)).rstrip(" ")


def _units(value: Any) -> int | None:
    """Whole units; None where the ERP gave none, or something that is no number of units."""
    if value is None:
        return None
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        return None
    is_whole = number.is_finite() and abs(number) <= MOST_UNITS and number == int(number)
    return int(number) if is_whole else None
