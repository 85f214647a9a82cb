"""Whether a stock batch is whole and believable: what rejects it, what holds it, what is merely odd.

Law: one row per reason, here and nowhere else. A batch that contradicts itself is rejected (and, where our own
reading may have been at fault, read again); a FULL batch that is whole but unlikely is held for a person; what is
odd in a batch that can be used is a finding, kept with it and shown as an exception where somebody should act.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import polars as pl

from sync.ports import StockBatch
from sync.rules.stock_rows import NEVER_SOLD_FROM, has_any, is_unread, promised, tells_open_orders

LEAST_COVERAGE_PERCENT = 90  # of the SKUs that had stock or orders before
LEAST_UNITS_PERCENT = 50  # of the units on hand before
MOST_ODD_PERCENT = 2  # of the rows
_ROW_KEY = ("sku_key", "location", "lot", "rec_type")
_HOLDS_IF_MANY = frozenset({"ots_difference", "empty_rows", "unknown_size"})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a batch is not used, or what is odd in it: its code and its plain sentence."""

    code: str
    sentence: str
    reads_again: bool = False  # it may have been our reading's fault
    is_incident: bool = False  # as a mere finding, somebody should act on it


_KNOWN = (
    Reason("unreadable_rows", "Rows of the batch have no SKU or location that can be read.", reads_again=True),
    Reason("row_count", "The batch has not as many rows as it says.", reads_again=True),
    Reason("checksum", "On hand does not add up to what the batch says.", reads_again=True),
    Reason("duplicate_rows", "The batch tells of a SKU, location and lot twice.", reads_again=True),
    Reason("mixed_forms", "The batch has rows of one SKU each and rows of size buckets; nobody says which count."),
    Reason("sizes_unread", "The SKUs that say which size a bucket is have not been read since the batch.",
           reads_again=True),
    Reason("as_of_backwards", "The batch was completed later and tells of an earlier moment."),
    Reason("unknown_kind", "The batch says neither FULL nor DELTA."),
    Reason("checksum_unreadable", "What the batch says on hand adds up to is no number; nothing proves it whole.",
           is_incident=True),
    Reason("coverage", "A FULL batch names far fewer SKUs than had stock or orders before."),
    Reason("units_fell", "A FULL batch has less than half the units on hand there were."),
    Reason("ots_difference", "Rows report another open-to-sell figure than their quantities give.",
           is_incident=True),
    Reason("empty_rows", "Rows have no quantities that can be read; they count as no stock.", is_incident=True),
    Reason("unknown_size", "Units lie in size buckets of which no SKU says the size; they are not sold.",
           is_incident=True),
    Reason("unknown_rec_type", "Rows carry quantities of a kind nobody knows; what they are of counts as no stock.",
           is_incident=True),
    Reason("unknown_location", "Rows lie at a location BlueCherry does not list; they are not sold.",
           is_incident=True),
    Reason("negative_on_hand", "Rows have a negative stock on hand."),
    Reason("open_orders_missing", "Allocated leaves open orders out, and rows do not say how many there are.",
           is_incident=True),
)  # fmt: skip
REASONS = {reason.code: reason for reason in _KNOWN}


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason met in a batch: in how many rows (or SKUs), and the particulars."""

    code: str
    count: int
    detail: str
    out_of: int | None = None  # of so many; None: of the batch's rows

    @property
    def is_incident(self) -> bool:
        return REASONS[self.code].is_incident


def fault(batch: StockBatch, rows: pl.DataFrame) -> Finding | None:
    """What makes a batch unusable, or None.

    `rows` as the ERP port gives them, of the wide form as `size_buckets.as_sent` does: these have a `rec_type`.
    """
    wrong = unreadable(rows)
    if wrong is not None:
        return wrong
    if batch.row_count is not None and rows.height != batch.row_count:
        missing = abs(batch.row_count - rows.height)
        return Finding("row_count", missing, f"It should have {batch.row_count} rows; {rows.height} were read.")
    total = int(rows["on_hand"].sum())
    proof = _proof(batch)
    # where an on hand itself cannot be read, its row is a finding and the sum proves nothing
    is_sum = not rows.select((is_unread() & pl.col("on_hand").is_null()).any()).item()
    if is_sum and proof is not None and total != proof:
        return Finding(
            "checksum", rows.height, f"On hand should add up to {batch.checksum}; it adds up to {total}."
        )
    twice = _repeated(rows, [name for name in _ROW_KEY if name in rows.columns])
    if twice:
        return Finding("duplicate_rows", twice, f"{twice} rows tell of a SKU, location and lot a second time.")
    return None


def unreadable(rows: pl.DataFrame) -> Finding | None:
    """Why nothing can be made of the rows, or None. `rows` as for `fault`."""
    keyless = int((rows["sku_key"] == "").sum())
    if keyless:
        return Finding("unreadable_rows", keyless, f"{keyless} rows have no SKU or location that can be read.")
    long = rows["rec_type"].null_count() if "rec_type" in rows.columns else 0
    if long:
        sentence = f"{long} of its {rows.height} rows are of one SKU each, the others of size buckets."
        return Finding("mixed_forms", long, sentence)
    return None


def suspicions(
    batch: StockBatch, rows: pl.DataFrame, known: pl.DataFrame, found: Collection[Finding]
) -> tuple[Finding, ...]:
    """Why a FULL batch should be seen by a person first.

    `rows` and `known` as `stock_facts` has them, `found` from `unproven` and `oddities`.
    """
    if batch.kind != "FULL":
        return ()
    held, kept = _coverage(rows, known)
    doubts = []
    if kept * 100 < held * LEAST_COVERAGE_PERCENT:
        sentence = f"It names {kept} of the {held} SKUs that had stock or orders before."
        doubts.append(Finding("coverage", held - kept, sentence))
    before, now = int(known["on_hand"].sum()), int(rows["on_hand"].sum())
    if before > 0 and now * 100 < before * LEAST_UNITS_PERCENT:
        doubts.append(Finding("units_fell", before - now, f"It has {now} units on hand; there were {before}."))
    doubts += [
        one
        for one in found
        if one.code == "checksum_unreadable" or (one.code in _HOLDS_IF_MANY and is_many(one, rows))
    ]
    return tuple(doubts)


def is_many(finding: Finding, rows: pl.DataFrame) -> bool:
    """Whether more rows are odd than a batch may have."""
    out_of = rows.height if finding.out_of is None else finding.out_of
    return finding.count * 100 > out_of * MOST_ODD_PERCENT


def _proof(batch: StockBatch) -> Decimal | None:
    """What on hand should add up to; None where the batch does not say, or says no number."""
    try:
        said = Decimal(batch.checksum)
    except InvalidOperation:
        return None
    return said if said.is_finite() else None


def unproven(batch: StockBatch, rows: pl.DataFrame) -> tuple[Finding, ...]:
    """A checksum that says something, and no number."""
    if not batch.checksum.strip() or _proof(batch) is not None:
        return ()
    sentence = f"Its checksum is {batch.checksum!r}, no number: whether on hand adds up cannot be told."
    return (Finding("checksum_unreadable", rows.height, sentence),)


def _repeated(rows: pl.DataFrame, key: Sequence[str]) -> int:
    """How many rows have the key of another before them. Where all hashes differ, no two keys are the same."""
    if rows.select(pl.struct(key).hash()).to_series().n_unique() == rows.height:
        return 0
    return rows.height - rows.n_unique(key)


def _coverage(rows: pl.DataFrame, known: pl.DataFrame) -> tuple[int, int]:
    """How many SKUs had stock or orders before, and how many of them are named now.

    Counted by their hashes, five times as fast: among a million, one pair is taken for one SKU once in 40 million
    batches, and that moves no share of them.
    """
    held = known.select(pl.col("sku_key").filter(has_any()).hash().unique()).to_series()
    return held.len(), int(held.is_in(rows["sku_key"].hash().unique().implode()).sum())


def oddities(
    rows: pl.DataFrame, locations: Collection[str], *, deducts_open_orders: bool = True
) -> tuple[Finding, ...]:
    """What is odd in a batch that can be used all the same.

    `deducts_open_orders`: `allocated` holds every open order, not only those stock was set aside for.
    """
    found = []
    strange = rows.filter(~pl.col("location").is_in(sorted({*locations, *NEVER_SOLD_FROM})))
    if strange.height:
        names = ", ".join(repr(name) for name in strange["location"].unique().sort().head(10))
        found.append(Finding("unknown_location", strange.height, f"Unknown locations, not counted: {names}."))
    read = rows.filter(~is_unread())
    free = pl.col("on_hand").fill_null(0) - pl.sum_horizontal("linked", promised(), "picked")
    off = read.filter(pl.col("reported_ots").is_not_null() & (free != pl.col("reported_ots"))).height
    if off:
        sentence = f"{off} rows report another open-to-sell figure than their own quantities give."
        found.append(Finding("ots_difference", off, sentence))
    is_empty = pl.all_horizontal(pl.col(name).is_null() for name in ("on_hand", "allocated", "picked"))
    empty = rows.filter(is_unread() | is_empty)
    if empty.height:
        sentence = f"{empty.height} rows have no quantities that can be read."
        found.append(Finding("empty_rows", empty.height, sentence))
    below = rows.filter(pl.col("on_hand") < 0).height
    if below:
        found.append(Finding("negative_on_hand", below, f"{below} rows have a negative stock on hand."))
    silent = 0 if deducts_open_orders else read.filter(~tells_open_orders()).height
    if silent:
        sentence = f"{silent} rows do not say what open orders want: of these only ours can be taken off."
        found.append(Finding("open_orders_missing", silent, sentence))
    return tuple(found)
