"""Stock in the wide form of the pretend ERP: a row for each kind of transaction, a column for each size bucket.

The law: the rows of all kinds add up to the ledger's figures, by the ERP's own formulas; what is made up (goods
that came and went) adds up to nothing. A bucket that is no size is null, a size without units 0, and a kind that is
none in every size has no row. This form has no word for damaged or held units: they are shown where they would lie,
at the quality hold. Nor has it one for goods afloat, which are still in production for it.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

from sync.sandbox.bluecherry_stock import BUCKETS, Figures, Position
from sync.sandbox.catalogue import Sku

Group = tuple[str, str, str, str, str, str, str]  # division, style, colour, label, dimension, location, lot

_SIZES = 24
_QUALITY_HOLD = "QA"


def style_colour(sku: Sku) -> tuple[str, str, str]:
    """The goods whose rows are written together: who changes one size writes all of them."""
    return (sku.division, sku.style, sku.color_code)


def wide_rows(rows: Iterable[tuple[Position, Figures]], skus: Iterable[Sku]) -> list[dict[str, Any]]:
    """The rows, without their key and batch; `skus` are all the ERP has, so that every size of a range is there."""
    sizes: dict[tuple[str, ...], list[int]] = {}
    for sku in skus:
        sizes.setdefault(_goods(sku), []).append(sku.size_bucket)
    groups: dict[Group, dict[int, dict[str, int]]] = {}
    for (location, lot), sku, figures in _where_they_lie(rows):
        transactions = _transactions(f"{sku.key} {location} {lot}", figures)
        groups.setdefault((*_goods(sku), location, lot), {})[sku.size_bucket] = transactions
    found = []
    for group, by_bucket in groups.items():
        kinds = dict.fromkeys(kind for one in by_bucket.values() for kind, units in one.items() if units)
        found += [
            _row(group, kind, {bucket: by_bucket.get(bucket, {}).get(kind, 0) for bucket in sizes[group[:5]]})
            for kind in kinds
        ]
    return found


def _goods(sku: Sku) -> tuple[str, str, str, str, str]:
    return (sku.division, sku.style, sku.color_code, sku.label, sku.dimension)


def _where_they_lie(
    rows: Iterable[tuple[Position, Figures]],
) -> Iterable[tuple[tuple[str, str], Sku, dict[str, int]]]:
    """Each position's figures, with what is damaged or held moved to the quality hold."""
    lying: dict[tuple[str, str, str], tuple[Sku, dict[str, int]]] = {}
    for position, figures in rows:
        units = dict(zip(BUCKETS, figures, strict=True))
        bad = units.pop("damaged") + units.pop("hold")
        _add(lying, position.sku, position.location, position.lot, units)
        if bad and position.location != _QUALITY_HOLD:
            _add(lying, position.sku, position.location, position.lot, {"on_hand": -bad})
            _add(lying, position.sku, _QUALITY_HOLD, "N", {"on_hand": bad})
    for (_, location, lot), (sku, units) in lying.items():
        yield (location, lot), sku, units


def _add(
    lying: dict[tuple[str, str, str], tuple[Sku, dict[str, int]]],
    sku: Sku, location: str, lot: str, units: Mapping[str, int],
) -> None:  # fmt: skip
    _, there = lying.setdefault((sku.key, location, lot), (sku, dict.fromkeys(BUCKETS, 0)))
    for name, count in units.items():
        there[name] += count


def _transactions(name: str, units: Mapping[str, int]) -> dict[str, int]:
    """The transactions that come to these figures. What came and went again is made up from the name."""
    past = crc32(name.encode())
    gone, returned, seconds, consumed, counted = past % 40, past % 3, past % 2, past % 5, past % 7 - 3
    own = units["on_hand"] - units["linked"]
    linked_gone = past % 4 if units["linked"] else 0
    made = units["wip"] + units["in_transit"]
    return {
        "SA": counted,
        "RT": returned,
        "R1": own + gone + consumed - counted - returned - seconds,
        "R2": seconds,
        "IN": gone,
        "CM": consumed,
        "RV": units["linked"] + linked_gone,
        "RI": linked_gone,
        "RO": units["linked"],
        "OP": units["open_orders"],
        "RS": units["reserved"],
        "DM": units["demand"],
        "PK": units["picked"],
        "WP": made,
        "ST": max(made - units["prebook"], 0),
        "CC": past % 6,
    }


def _row(group: Group, kind: str, units: Mapping[int, int]) -> dict[str, Any]:
    division, style, color_code, label, dimension, location, lot = group
    return {
        "division": division,
        "style": style.ljust(12),
        "color_code": color_code.ljust(5),
        "lbl_code": label,
        "dimension": dimension,
        "location": location,
        "lot": lot,
        "rec_type": kind,
        **{f"size{bucket:02}_qty": units.get(bucket) for bucket in range(1, _SIZES + 1)},
    }
