"""The ERP's stock rows in our words: a frame per page, for a batch has half a million of them.

The law: no row is dropped. What cannot be read of one stays in the frame as a row without a SKU or without
quantities, and the checks of the batch (`sync.rules.batch_checks`) judge it.
"""

from collections.abc import Sequence
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


def inventory_frame(rows: Sequence[Any]) -> pl.DataFrame:
    """Stock rows as a frame of `ports.INVENTORY_COLUMNS`.

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
        # Nearly every cell is a plain small number: a call for each would double the time of a batch.
        columns[name] = [
            units if type(units := row.get(theirs)) is int and -MOST_UNITS < units < MOST_UNITS else _units(units)
            for row in good
        ]
        if name not in _DECIDES_NOTHING:
            unread.update(
                place
                for place, units in enumerate(columns[name])
                if units is None and good[place].get(theirs) is not None
            )
    columns["is_unread"] = [False] * len(good)
    for place in unread:
        columns["is_unread"][place] = True
    frame = pl.DataFrame(columns, schema=dict(ports.INVENTORY_COLUMNS))
    if len(good) == len(rows):
        return frame
    blank = pl.DataFrame({"sku_key": [""] * (len(rows) - len(good))})
    return pl.concat([frame, blank], how="diagonal")


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
