"""Stock rows by kind of transaction and size bucket, as the ERP sums its stock up, unpivoted to a row per SKU.

A wide row is of one kind (`rec_type`) for a division, style, colour, label, dimension, location and lot, with the
units of every size of the range in 24 buckets. What the kinds come to is the ERP's own arithmetic (bluecherry.md
§1.4, §2.4):

    on hand     = SA + RT + R1 + R2 - IN - CM + (RV - RI)
    linked      = RV - RI
    open orders = OP    reserved = RS    demand = DM    picked = PK    work orders = WP

Seconds (R2) are on hand, as in the ERP's own open to sell; who keeps them apart keeps them at a place of their own.
Left out are RP and RO (picked and open units of linked stock, which `linked` takes off whole), ST (goods still
being made), CC and CH (cancelled, and open no more), NS, US and NW (in none of the ERP's formulas). This form says
neither when open orders are due, so all of them count as due now, nor what is damaged, held or open to sell.

The law: every bucket is read, and nothing is guessed. A kind that is missing counts as none of it; so does a
bucket without a number, which is a gap where no SKU has it. A FULL batch none of whose rows tells of promises does
not say that there are none; a DELTA may well be of goods nobody ordered. Which size a bucket is only the ERP's
SKUs say; where none does, or two do, what lies there is a finding and no stock, and the SKUs it may belong to are
unread. So is one of which a number cannot be read or is of a kind nobody knows.
"""

from collections.abc import Collection

import polars as pl

from sync.ports import INVENTORY_COLUMNS, SIZE_BUCKETS
from sync.rules.batch_checks import Finding

_RECEIVED_LESS_GONE = {"SA": 1, "RT": 1, "R1": 1, "R2": 1, "IN": -1, "CM": -1}
_LINKED = {"RV": 1, "RI": -1}
# Our column ← how each kind counts in it.
KINDS: dict[str, dict[str, int]] = {
    "on_hand": _RECEIVED_LESS_GONE | _LINKED,
    "linked": _LINKED,
    "open_orders": {"OP": 1},
    "reserved": {"RS": 1},
    "demand": {"DM": 1},
    "picked": {"PK": 1},
    "work_orders": {"WP": 1},
}
_PROMISES = {"open_orders": "OP", "reserved": "RS", "demand": "DM"}
_NONE = tuple(pl.lit(0, pl.Int64).alias(column) for column in KINDS)
LEFT_OUT = frozenset({"RP", "RO", "ST", "CC", "CH", "NS", "US", "NW"})
_DECIDES = frozenset(kind for column, kinds in KINDS.items() if column != "work_orders" for kind in kinds)
_KNOWN = _DECIDES | KINDS["work_orders"].keys() | LEFT_OUT

_GOODS = ("division", "style", "color_code", "label", "dimension")
_PLACE = (*_GOODS, "location", "lot")
_BUCKETS = range(1, 25)
_MOST_NAMED = 10  # in the words of a finding


def as_sent(wide: pl.DataFrame) -> pl.DataFrame:
    """Wide rows as the checks of a batch count them: what a row is of, its kind, and what it adds to on hand.

    `sku_key` names no SKU here but the goods in all their sizes; empty: the row has no key that can be read.
    """
    is_unread = (pl.col("unread").list.len() > 0) & _is_among(KINDS["on_hand"])
    return wide.select(
        pl.concat_str(_GOODS, separator="|").fill_null("").alias("sku_key"),
        "location",
        "lot",
        "rec_type",
        pl.when(~is_unread).then(pl.sum_horizontal(SIZE_BUCKETS) * _sign("on_hand")).alias("on_hand"),
        is_unread.alias("is_unread"),
    )


def unpivoted(
    wide: pl.DataFrame, skus: pl.DataFrame, *, is_full: bool = False
) -> tuple[pl.DataFrame, tuple[Finding, ...]]:
    """Rows of `ports.INVENTORY_COLUMNS`, one per SKU, location and lot, and what of the wide ones is none.

    `wide` as the ERP port gives it, rows without their key left out; `skus` as `sku_facts` has them. In a FULL
    batch a SKU of which nothing was told is missing, as the checks of a batch have to know; in a DELTA it is none.
    """
    places = wide.select(_PLACE).drop_nulls().unique(maintain_order=True).with_row_index("place")
    # What a kind is gets looked up once a row, not once a bucket.
    kinds = wide.join(places, on=list(_PLACE)).with_columns(
        *(_sign(column).alias(column) for column in KINDS),
        _is_among(_DECIDES).alias("decides"),
        (~_is_among(_KNOWN)).alias("is_strange"),
    )
    sizes = _sizes(skus)
    rows = (
        pl.concat(_figures(kinds, bucket) for bucket in _BUCKETS)
        .join(places, on="place")
        .join(sizes, on=[*_GOODS, "bucket"], how="left")
        .with_columns(has_any=pl.col("is_unread") | pl.any_horizontal(pl.col(list(KINDS)) != 0))
    )
    sized, unsized = (rows.filter(pl.col("sku_key").is_not_null() == has_size) for has_size in (True, False))
    blank = {name: pl.lit(None, pl.Int64) for name in INVENTORY_COLUMNS if name not in {*rows.columns, "upc"}}
    if is_full and not kinds.select(_is_among(_PROMISES.values()).any()).item():
        blank |= {name: pl.lit(None, pl.Int64) for name in _PROMISES}
    others = _of_others(sized, unsized, skus, sizes, places)
    whole = pl.concat([sized, others.filter("is_unread") if is_full else others], how="diagonal")
    strange = pl.concat(_cells(kinds.filter("is_strange"), bucket) for bucket in _BUCKETS)
    odd = unsized.filter("has_any").sort("place", "bucket")
    return whole.with_columns(upc=pl.lit(""), **blank).select(*INVENTORY_COLUMNS), (
        *_unknown_sizes(odd, out_of=sized.height + odd.height),
        *_unknown_kinds(strange.filter(_is_something()).join(places, on="place")),
    )


def _of_others(
    sized: pl.DataFrame, unsized: pl.DataFrame, skus: pl.DataFrame, sizes: pl.DataFrame, places: pl.DataFrame
) -> pl.DataFrame:
    """None of the other SKUs of the goods: a wide row tells of all sizes, and in a DELTA "sold out" is news.

    Nothing can be read of them where no bucket has a number, nor, where units lie in a bucket that no SKU has, of
    those whose bucket nobody knows.
    """
    told, doubtful = (
        frame["place"].unique().implode() for frame in (pl.concat([sized, unsized]), unsized.filter("has_any"))
    )
    is_silent, may_be_theirs = ~pl.col("place").is_in(told), pl.col("place").is_in(doubtful)
    has_bucket = pl.col("sku_key").is_in(sizes["sku_key"].implode())
    return (
        places.join(skus.filter(~pl.col("is_gone")).select("sku_key", *_GOODS), on=list(_GOODS))
        .join(sized, on=["place", "sku_key"], how="anti")
        .with_columns(*_NONE, is_unread=is_silent | (may_be_theirs & ~has_bucket))
    )


def _figures(rows: pl.DataFrame, bucket: int) -> pl.DataFrame:
    """What one bucket holds at each place where something was said of it."""
    is_unreadable = pl.col("units").is_null() & pl.col("decides")
    return (
        _cells(rows, bucket)
        .group_by("place", "bucket")
        .agg(
            *((pl.col("units") * pl.col(column)).sum().alias(column) for column in KINDS),
            (is_unreadable | (pl.col("is_strange") & _is_something())).any().alias("is_unread"),
        )
    )


def _cells(rows: pl.DataFrame, bucket: int) -> pl.DataFrame:
    """The rows that say something of a bucket, with its `units`; null: unreadable."""
    units = pl.col(SIZE_BUCKETS[bucket - 1])
    return rows.filter(units.is_not_null() | pl.col("unread").list.contains(bucket)).select(
        "place", pl.lit(bucket, pl.Int32).alias("bucket"), "rec_type", *KINDS, "decides", "is_strange",
        units.alias("units"),
    )  # fmt: skip


def _sign(column: str) -> pl.Expr:
    """How a row's kind counts in a column: 1, -1, or 0 for not at all."""
    return pl.col("rec_type").replace_strict(KINDS[column], default=0, return_dtype=pl.Int64)


def _is_among(kinds: Collection[str]) -> pl.Expr:
    return pl.col("rec_type").is_in(sorted(kinds))


def _is_something() -> pl.Expr:
    """Units, or what nobody can read."""
    return (pl.col("units") != 0).fill_null(value=True)


def _sizes(skus: pl.DataFrame) -> pl.DataFrame:
    """The SKU of each bucket of the goods, where one SKU says it is.

    One that is gone only where no other does, nor may: a SKU of the goods that says none may have taken its bucket.
    """
    bucket = [*_GOODS, "bucket"]
    told = skus.select("sku_key", *_GOODS, "is_gone", pl.col("size_bucket").cast(pl.Int32).alias("bucket"))
    said = told.drop_nulls("bucket").filter(~pl.col("is_gone") | pl.col("is_gone").all().over(bucket))
    single = said.filter(pl.len().over(bucket) == 1)
    silent = told.filter(~pl.col("is_gone") & pl.col("bucket").is_null())
    gone = single.filter("is_gone").join(silent, on=list(_GOODS), how="anti")
    return pl.concat([single.filter(~pl.col("is_gone")), gone]).drop("is_gone")


def _unknown_sizes(rows: pl.DataFrame, *, out_of: int) -> tuple[Finding, ...]:
    """The buckets of no size, out of so many that were told of: not of the rows, most of which may be of none."""
    if rows.is_empty():
        return ()
    named = [
        f"bucket {row['bucket']:02} of {_goods(row)} ("
        + (", ".join(f"{name.replace('_', ' ')} {row[name]}" for name in KINDS if row[name]) or "unreadable")
        + ")"
        for row in rows.head(_MOST_NAMED).iter_rows(named=True)
    ]
    sentence = f"No single SKU says which size a bucket is; what lies there is not sold: {_list(named, rows)}."
    return (Finding("unknown_size", rows.height, sentence, out_of),)


def _unknown_kinds(cells: pl.DataFrame) -> tuple[Finding, ...]:
    if cells.is_empty():
        return ()
    named = [
        f"{row['rec_type']!r} {'unreadable' if row['units'] is None else row['units']} in bucket {row['bucket']:02}"
        f" of {_goods(row)}"
        for row in cells.head(_MOST_NAMED).iter_rows(named=True)
    ]
    sentence = f"Quantities of a kind nobody knows; what they are of counts as no stock: {_list(named, cells)}."
    return (Finding("unknown_rec_type", cells.height, sentence),)


def _goods(row: dict[str, str]) -> str:
    return "|".join(row[name] for name in _GOODS) + f" at {row['location'] or 'no location'}"


def _list(named: list[str], rows: pl.DataFrame) -> str:
    more = rows.height - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")
