"""Cycle counts from a file: what they say of each warehouse's records, as the list of mappings that says it."""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from store.commands import MappingRow, SetMappings
from sync.rules.record_error import COUNTS, estimated, words


def record_errors_of(file: Path, *, dry_run: bool = False) -> SetMappings:
    """The record error of every warehouse counted; the file is CSV with at least the columns of COUNTS.

    Raises ValueError for a file that says none; the message says what is wrong with it.
    """
    try:
        told = pl.read_csv(file, infer_schema=False, encoding="utf8").rename(str.strip)  # a code keeps its zeros
        counts = told.select(_cells(name).cast(dtype) for name, dtype in COUNTS.items())
    except (OSError, PolarsError) as wrong:
        first = str(wrong).partition("\n")[0]
        raise ValueError(f"{file} is no CSV file with the columns {', '.join(COUNTS)}: {first}") from wrong
    counts = counts.drop_nulls()
    found = estimated(counts)
    number = dict(counts.group_by("warehouse").len().iter_rows())
    rows = tuple(
        MappingRow(mapping="record_error", key=warehouse, value=words(chances) or "0")
        for warehouse, chances in found.items()
    )
    many = ", ".join(f"{number[one.key]:,} of {one.key}" for one in rows)
    return SetMappings(rows=rows, why=f"cycle counts: {many}", dry_run=dry_run)


def _cells(name: str) -> pl.Expr:
    """The words of a column; a blank is none. A count may end in .0, as spreadsheets write it."""
    words = pl.col(name).str.strip_chars().replace("", None)
    return words if name == "warehouse" else words.str.replace(r"\.0+$", "")
