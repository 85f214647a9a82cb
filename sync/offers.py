"""Reads what the marketplace shows: every offer, kept where it changed.

Used by the catalogue (which offers there are) and by the inventory (whether what we sent is what stands there).
A sweep is whole when every page came and each offer on it says which it is, readable or not: what could not be read
is left out of what is compared. An offer is gone only after a whole sweep that could read everything.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import polars as pl

from store.events import OffersRead
from sync.ports import Offer
from sync.rules.changes import changed, gone
from sync.runs import Run
from sync.unread import BEGINNING, Reading

READ_AT = "offers.read_at"
WHOLE = "offers.whole"
READ_BACK_EVERY = timedelta(minutes=10)
PAGES_PER_RECORD = 20

_COLUMNS: dict[str, Any] = {
    "sku": pl.String, "offer_id": pl.String, "product_id": pl.String, "title": pl.String, "quantity": pl.Int64,
    "price_amount": pl.Decimal(18, 6), "is_active": pl.Boolean, "is_gone": pl.Boolean,
    "inactivity_reasons": pl.String,
}  # fmt: skip
_KNOWN = f"select {', '.join(_COLUMNS)} from offer_facts"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A reading of every offer, from its beginning to its end."""

    read_from: datetime
    read_until: datetime


def last_sweep(run: Run) -> Sweep | None:
    """The last reading of the offers, if it was whole."""
    value = run.bookmark(WHOLE)
    if not value:
        return None
    read_from, read_until = value.split("/")
    return Sweep(datetime.fromisoformat(read_from), datetime.fromisoformat(read_until))


def last_read_at(run: Run) -> datetime | None:
    """When the last sweep began, whole or not."""
    value = run.bookmark(READ_AT)
    return datetime.fromisoformat(value) if value else None


def read_offers(run: Run) -> int:
    """Read every offer and keep what changed; how many did."""
    began_at = run.now()
    frames: list[pl.DataFrame] = []
    reading, total = Reading(run, "marketplace", "offer", BEGINNING), 0
    for number, page in enumerate(run.house.marketplace.offers(), start=1):
        run.check()
        frames.append(_frame(page.items))
        reading.add(page, [offer.sku for offer in page.items])
        total = page.total if page.total is not None else total
        if number % PAGES_PER_RECORD == 0:
            run.record()
    offers = pl.concat([_frame(()), *frames]).unique("sku", keep="last", maintain_order=True)
    run.counts["offers"] = offers.height
    is_whole = reading.is_named and offers.height + reading.skipped_count >= total
    reading.end()
    return _keep(run, offers, began_at, is_whole=is_whole, is_clean=reading.is_clean)


def _keep(run: Run, offers: pl.DataFrame, began_at: datetime, *, is_whole: bool, is_clean: bool) -> int:
    known = run.house.ask(_KNOWN)
    rows = changed(offers, known, ["sku"])
    if is_whole and is_clean:
        lost = gone(offers, known.filter(~pl.col("is_gone")), ["sku"])
        rows = pl.concat([rows, _gone(lost)])
    # what is not whole overwrites what was: its quantities belong to no one reading
    whole = f"{began_at.isoformat()}/{run.now().isoformat()}" if is_whole else ""
    bookmarks = {READ_AT: began_at.isoformat(), WHOLE: whole}
    if rows.is_empty():
        run.record(bookmarks=bookmarks)
        return 0
    read_id = uuid4()
    run.house.journal.append_series(
        "offer_rows", rows.with_columns(read_id=pl.lit(str(read_id)), seen_at=pl.lit(began_at))
    )
    event = OffersRead(happened_at=began_at, read_id=read_id, offer_count=offers.height, changed_count=rows.height)
    run.record([event], bookmarks=bookmarks)
    run.counts["offers_changed"] += rows.height
    return rows.height


def _frame(offers: tuple[Offer, ...]) -> pl.DataFrame:
    rows = [
        (offer.sku, offer.offer_id, offer.product_id, offer.title, offer.quantity, offer.price, offer.is_active,
         False, ",".join(offer.inactivity_reasons))
        for offer in offers
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def _gone(lost: pl.DataFrame) -> pl.DataFrame:
    """Offers that are not shown any more: nothing of them can be sold."""
    return lost.with_columns(
        pl.lit(value=True).alias("is_gone"),
        pl.lit(value=False).alias("is_active"),
        pl.lit(0, pl.Int64).alias("quantity"),
    ).select(pl.col(name).cast(dtype) for name, dtype in _COLUMNS.items())
