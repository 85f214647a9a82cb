"""Which SKUs BlueCherry has, which offers John Lewis shows, and what makes a SKU unfit to be sold there.

It looks at every SKU (all of them at first, every night and whenever the SKU template changes; in between only
those changed since the last look, with an overlap) and at every offer. It computes each SKU's marketplace name and
names its problems. It writes what changed and nothing outside. What can go wrong: an unreadable style is named
and asked for again, and its SKUs stand as they were; a full reading that lacks many known SKUs, or has a style
without a name that cannot be read, marks none as gone.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import polars as pl

from store.events import CatalogueRead
from sync.freshness import STYLES_LOOKED
from sync.offers import PAGES_PER_RECORD, read_offers
from sync.ports import SkuRecord
from sync.rules.changes import changed, gone
from sync.rules.skus import shop_sku, with_problems
from sync.runs import EVERYTHING, Preview, Run, Scope
from sync.settings import Settings
from sync.unread import BEGINNING, Reading, is_waited_for, reached

NAME = "catalogue"
LONDON = ZoneInfo("Europe/London")
FULL_HOUR = 1  # at night, London time
MOST_GONE_PERCENT = 10

SKUS_UNTIL = "catalogue.skus"
FULL_ON = "catalogue.full_on"
TEMPLATE = "catalogue.template"

_COLUMNS: dict[str, Any] = {
    "sku_key": pl.String, "sku": pl.String, "division": pl.String, "style": pl.String, "color_code": pl.String,
    "label": pl.String, "dimension": pl.String, "size": pl.String, "style_name": pl.String,
    "color_name": pl.String, "upc": pl.String, "ean": pl.String, "season": pl.String, "category": pl.String,
    "is_active": pl.Boolean, "is_listed": pl.Boolean, "is_gone": pl.Boolean, "multiple": pl.Int32,
    "cost_amount": pl.Decimal(18, 6), "price_amount": pl.Decimal(18, 6), "problem": pl.String,
    "size_bucket": pl.Int32,
}  # fmt: skip
_KNOWN = f"select {', '.join(_COLUMNS)} from sku_facts"


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """Read SKUs, then offers; keep what changed."""
    rows, skus, bookmarks, reading = _look(run, scope)
    if not reading.end():
        bookmarks.pop(SKUS_UNTIL, None)
    if is_waited_for(run, "erp", "style"):
        bookmarks.pop(STYLES_LOOKED, None)
    if rows.is_empty():
        run.record(bookmarks=bookmarks)
    else:
        read_id, now = uuid4(), run.now()
        run.house.journal.append_series(
            "sku_rows", rows.with_columns(read_id=pl.lit(str(read_id)), seen_at=pl.lit(now))
        )
        event = CatalogueRead(happened_at=now, read_id=read_id, sku_count=skus.height, changed_count=rows.height)
        run.record([event], bookmarks=bookmarks)
    run.counts["skus_changed"] = rows.height
    read_offers(run)


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """Which SKUs would change; only reading, so there is nothing to send."""
    rows, skus, _, _ = _look(run, scope)
    known = run.house.ask(_KNOWN)
    before = known.select("sku_key", pl.col("problem").alias("before"))
    shown = rows.join(before, on="sku_key", how="left").select(
        "sku", "before", pl.col("problem").alias("after"), "is_active", "is_listed", "is_gone"
    )
    return Preview(
        sentence=f"{rows.height} of {skus.height} SKUs differ from what is stored.",
        differences=tuple(shown.to_dicts()),
        calls=dict(run.calls),
    )


def decide(
    read: pl.DataFrame, known: pl.DataFrame, *, is_whole: bool, unreadable: Collection[str] = ()
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """The rows to store and every SKU as it then stands; and how many vanished that were not believed to be gone.

    `read` is what was read now; a whole reading says of a SKU it lacks that it is gone, unless its style could not
    be read.
    """
    lost = gone(read, known, ["sku_key"])
    unread = lost.select(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items())
    doubted = 0
    if is_whole:
        vanished = ~pl.col("is_gone") & ~pl.col("style").is_in(list(unreadable))
        lost_count = unread.filter(vanished).height
        living_count = known.filter(~pl.col("is_gone")).height
        if lost_count * 100 > living_count * MOST_GONE_PERCENT:
            doubted = lost_count
        else:
            unread = unread.with_columns((pl.col("is_gone") | vanished).alias("is_gone"))
    # A SKU is a duplicate only among all of them, so what was not read is judged again too.
    every = with_problems(pl.concat([read, unread])).select(_COLUMNS.keys())
    return changed(every, known, ["sku_key"]), every, doubted


def _look(run: Run, scope: Scope) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, str], Reading]:
    """The rows that changed, every SKU as it now stands, how far we then have read, and what could not be read."""
    settings = run.house.settings
    updated_from, began_at = None if _is_full(run, scope) else _since(run, settings.overlap), run.now()
    frames: list[pl.DataFrame] = []
    latest = before = run.bookmark(SKUS_UNTIL) or ""
    reading = Reading(run, "erp", "style", updated_from or BEGINNING, before)
    for number, page in enumerate(run.house.erp.skus(updated_from=updated_from), start=1):
        run.check()
        frames.append(_frame(page.items, settings))
        reading.add(page, {record.style for record in page.items})
        moments = [record.updated_at for record in page.items if record.updated_at]
        latest = max(latest, reached(run, max(moments))) if moments else latest
        if number % PAGES_PER_RECORD == 0:
            run.record()
    read = pl.concat([_frame((), settings), *frames]).unique("sku_key", keep="last", maintain_order=True)
    is_whole = updated_from is None and reading.is_named and not read.is_empty()
    rows, every, doubted = decide(
        read, run.house.ask(_KNOWN), is_whole=is_whole, unreadable={name.strip() for name in reading.skipped_names}
    )
    run.counts["skus"] = read.height
    run.counts["gone_doubted"] = doubted
    bookmarks = {SKUS_UNTIL: latest} if latest else {}
    if updated_from is not None or not read.is_empty():
        bookmarks[STYLES_LOOKED] = began_at.isoformat()
    if updated_from is None and not read.is_empty():
        bookmarks |= {FULL_ON: _night(run.now()), TEMPLATE: settings.sku_template}
    return rows, every, bookmarks, reading


def _is_full(run: Run, scope: Scope) -> bool:
    return (
        scope.is_full
        or run.bookmark(FULL_ON) != _night(run.now())
        or run.bookmark(TEMPLATE) != run.house.settings.sku_template
    )


def _night(moment: datetime) -> str:
    """The night a moment belongs to: the London day that began at the hour of the full reading."""
    return (moment.astimezone(LONDON) - timedelta(hours=FULL_HOUR)).date().isoformat()


def _since(run: Run, overlap: timedelta) -> datetime | None:
    value = run.bookmark(SKUS_UNTIL)
    return datetime.fromisoformat(value) - overlap if value else None


def _frame(records: tuple[SkuRecord, ...], settings: Settings) -> pl.DataFrame:
    return pl.DataFrame([_row(record, settings) for record in records], schema=_COLUMNS, orient="row")


def _row(record: SkuRecord, settings: Settings) -> tuple[object, ...]:
    name = shop_sku(
        settings.sku_template, division=record.division, style=record.style, color_code=record.color_code,
        label=record.label, dimension=record.dimension, size=record.size,
    )  # fmt: skip
    return (
        record.key, name, record.division, record.style, record.color_code, record.label, record.dimension,
        record.size, record.style_name, record.color_name, record.upc, record.ean, record.season,
        record.category, record.is_active, settings.destination in record.destinations, False,
        record.multiple, record.cost, record.price, "", record.size_bucket,
    )  # fmt: skip
