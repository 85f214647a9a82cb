"""The reading-back half of the inventory: whether John Lewis shows what it should.

Offers are read while no import is open; once the orders were read after that, every offer we sent a quantity for is
compared with what should stand there, but for those that cannot be read: applied, less ordered since, plus what
cancelled sales gave back. What differs is kept, with both numbers and when each was seen; twice in a row is an
exception, and more than there should be is sent down at the first sight of it.
"""

from datetime import datetime
from uuid import uuid4

import polars as pl

from store.events import StockCompared
from sync.freshness import orders_read_until
from sync.offers import READ_BACK_EVERY, Sweep, last_read_at, last_sweep, read_offers
from sync.rules.audit import comparable, compared, kept
from sync.runs import Run

# of an offer that cannot be read stands here what it once showed
_SHOWN = """
select offer.sku, offer.quantity as shown_quantity,
from offer_facts as offer
join offer_readings as reading on reading.sku = offer.sku
where not offer.is_gone and not reading.is_unread
"""
_EXPECTED = "from expected_shown($read_from, $read_until, skew_seconds := $skew, deducts_sales := $sales)"


def read_back(run: Run) -> None:
    """Read what the marketplace shows: at most every ten minutes, and only if we sent something since."""
    read_at = last_read_at(run)
    if read_at is not None:
        if run.now() - read_at < READ_BACK_EVERY:
            return
        values = {"read_at": read_at}
        is_news = run.rows("select 1 from import_facts where happened_at > $read_at limit 1", values)
        if not is_news and not _is_unsure(run):
            return
    read_offers(run)


def wanted_since(run: Run) -> datetime | None:
    """The sales of which moment the next comparison waits for; None: none waits."""
    sweep = last_sweep(run)
    return sweep.read_until if sweep is not None and not _is_compared(run, sweep) else None


def compare(run: Run) -> None:
    """Compare the last whole reading of the offers, once, as soon as the sales up to it are known."""
    sweep = last_sweep(run)
    orders_at = orders_read_until(run)
    if sweep is None or orders_at is None or orders_at < sweep.read_until or _is_compared(run, sweep):
        return
    ask, settings = run.house.ask, run.house.settings
    shown = ask(_SHOWN)
    if last_sweep(run) != sweep:
        return  # read again at this very moment, by the catalogue
    expected = ask(
        _EXPECTED,
        {
            "read_from": sweep.read_from,
            "read_until": sweep.read_until,
            "skew": settings.clock_skew_seconds,
            "sales": settings.marketplace_deducts_sales,
        },
    )
    pairs = comparable(shown, expected, sweep.read_from)
    if _was_any_open(run, sweep):
        pairs = pairs.clear()
    before = ask(
        "select sku, read_count, shown_quantity, happened_at as seen_at, first_seen_at from comparison_facts"
    )
    rows = compared(pairs, before, sweep.read_from)
    news = kept(rows)
    read_id = uuid4()
    run.house.journal.append_series("comparison_rows", news.with_columns(read_id=pl.lit(str(read_id))))
    different = news.filter(pl.col("read_count") > 0).height
    event = StockCompared(
        happened_at=run.now(), read_id=read_id, read_from=sweep.read_from, read_until=sweep.read_until,
        orders_at=orders_at, compared_count=rows.height, different_count=different,
        skipped_count=shown.height - rows.height,
    )  # fmt: skip
    run.record([event])
    run.counts["compared"] += rows.height
    run.counts["different"] += different


def _is_unsure(run: Run) -> bool:
    """Whether something differed once and waits for its second reading, or was never compared."""
    return bool(run.rows("select 1 from comparison_facts where read_count = 1 limit 1"))


def _is_compared(run: Run, sweep: Sweep) -> bool:
    return bool(run.rows("select 1 from stock_audit_facts where read_from >= $at limit 1", {"at": sweep.read_from}))


def _was_any_open(run: Run, sweep: Sweep) -> bool:
    """Whether an import was open, or may have been, at any moment of the reading."""
    return bool(
        run.rows(
            """
            select 1 from intent_facts as push
            left join import_facts as done on done.push_id = push.intent_id
            where push.intent_kind = 'push_stock' and push.state <> 'refused' and push.meant_at <= $until
                and coalesce(done.happened_at, 'infinity'::timestamptz) > $from
            limit 1
            """,
            {"from": sweep.read_from, "until": sweep.read_until},
        )
    )
