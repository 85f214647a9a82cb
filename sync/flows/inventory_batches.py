"""The looking half of the inventory: which stock batches BlueCherry shows, and their rows.

Every batch is noted in whatever state it is; only the newest complete stock is read, in the order
`sync.rules.batches` says. One that contradicts itself is rejected; a FULL one that is whole but unlikely is held
until a person accepts or rejects it. Batches from before the first start are noted, never published.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import polars as pl

from store.events import FindingPart, StockBatchHeld, StockBatchRead, StockBatchRejected, StockBatchSeen
from sync.errors import Retriable
from sync.flows import inventory_rows
from sync.flows.inventory_basis import HELD_LOTS
from sync.freshness import STYLES_LOOKED
from sync.ports import StockBatch
from sync.rules import batches as rules
from sync.rules.batch_checks import REASONS, Finding, fault, is_many, oddities, suspicions, unproven
from sync.rules.stock_rows import normalised, to_store
from sync.runs import Run
from sync.unread import BEGINNING, Reading

_STOCK = "select * exclude (batch_id, happened_at, seq) from stock_facts"
_STOCK_OF = _STOCK + " where sku_key in (select unnest($keys))"
FEW = 20_000  # SKUs of a DELTA that are looked up by name; what is held of more is read as a whole


def newest(run: Run) -> rules.Newest | None:
    """The newest batch whose stock is held; a DELTA says of its SKUs alone what open orders want.

    The others stand as the FULL batch and the DELTA ones before it left them: all of these have to have said it.
    """
    rows = run.rows(
        """
        with used as (
            select reading.batch_id, reading.as_of, batch.batch_kind, batch.completed_at,
                list_contains(
                    json_extract_string(coalesce(reading.findings, '[]'), '$[*].code'), 'open_orders_missing'
                ) as is_silent,
            from batch_reading_facts as reading left join stock_batch_facts as batch using (batch_id)
            where reading.read_id is not null
        )

        select
            max_by(batch_id, (as_of, batch_id)) as batch_id,
            max(as_of) as as_of,
            arg_max_null(completed_at, (as_of, batch_id)) as completed_at,
            not bool_or(is_silent) as tells_open_orders,
        from used
        where as_of >= coalesce((select max(as_of) from used where batch_kind = 'FULL'), '-infinity')
        having count(*) > 0
        """
    )
    return rules.Newest(**rows[0]) if rows else None


def look(run: Run, *, is_asked: bool = False) -> None:
    """Note the batches shown and read what is new and complete; asked by a person, what was rejected, too."""
    known = {row["batch_id"]: row["state"] for row in run.rows("select batch_id, state from stock_batch_facts")}
    held = newest(run)
    shown: list[StockBatch] = []
    latest = Reading(run, "erp", "stock batch")
    for page in run.house.erp.batches():
        shown += page.items
        latest.add(page, [batch.batch_id for batch in page.items])
    latest.end()
    is_news = any(known.get(batch.batch_id) != batch.state for batch in shown)
    if not is_news and not _is_unread(run, held):
        run.record()
        return
    waiting = _waiting(run, held)
    listed, is_readable = _listed(run, shown, held, waiting)
    run.record([_seen(batch) for batch in listed])
    names = {batch.batch_id for batch in listed}
    missing = [one["as_of"] for one in waiting if one["batch_id"] not in names]
    readings = _readings(run)
    for batch in rules.going_backwards(listed, held, readings):
        _reject(run, batch, "as_of_backwards", f"It tells of {batch.as_of.isoformat()}, before the newest we hold.")
    for batch in rules.of_no_kind(listed, readings):
        _reject(run, batch, "unknown_kind", f"It calls itself {batch.kind!r}, neither FULL nor DELTA.")
    is_whole = is_readable and latest.is_clean
    plan = rules.plan(listed, held, readings, run.now(), missing, is_whole=is_whole, is_asked=is_asked)
    for batch in plan:
        reading = readings.get(batch.batch_id)
        if not _read(run, batch, is_accepted=reading is not None and reading.verdict == "accept"):
            break


def _is_unread(run: Run, held: rules.Newest | None) -> bool:
    """Whether a complete batch newer than what is held waits to be read (again)."""
    return bool(
        run.rows(
            """
            select 1 from stock_batch_facts as seen
            left join batch_reading_facts as reading on reading.batch_id = seen.batch_id
            left join batch_verdict_facts as judged on judged.batch_id = seen.batch_id
            where seen.state = 'COMPLETE' and seen.as_of > $as_of and (
                reading.batch_id is null
                or (reading.state = 'rejected' and list_contains($again, reading.reason))
                or (reading.state = 'held' and judged.verdict = 'accept')
            )
            limit 1
            """,
            {
                "as_of": held.as_of if held else run.now() - timedelta(days=36500),
                "again": [code for code, reason in REASONS.items() if reason.reads_again],
            },
        )
    )


def _waiting(run: Run, held: rules.Newest | None) -> list[dict[str, Any]]:
    """The batches of later moments than what is held that were seen, in whatever state, and not read."""
    if held is None:
        return []
    return run.rows(
        """
        select seen.batch_id, seen.as_of, seen.happened_at
        from stock_batch_facts as seen
        left join batch_reading_facts as reading using (batch_id)
        where seen.as_of > $as_of and reading.read_id is null
        """,
        {"as_of": held.as_of},
    )


def _listed(
    run: Run, shown: list[StockBatch], held: rules.Newest | None, waiting: list[dict[str, Any]]
) -> tuple[list[StockBatch], bool]:
    """What BlueCherry shows since the newest held was complete, or since what waits: that may have ended before.

    And whether all of it can be read.
    """
    settings = run.house.settings
    since = run.now() - timedelta(days=settings.history_days)
    if held is not None:
        ended = held.completed_at or held.as_of
        since = min([ended, *(one["happened_at"] for one in waiting)]) - settings.overlap
    found = {batch.batch_id: batch for batch in shown}
    reading = Reading(run, "erp", "stock batch", BEGINNING)  # what is older needs nobody to read it any more
    for page in run.house.erp.batches(completed_from=since):
        reading.add(page, [batch.batch_id for batch in page.items])
        found |= {batch.batch_id: batch for batch in page.items}
    reading.end()
    return sorted(found.values(), key=lambda batch: batch.as_of), reading.is_clean


def _readings(run: Run) -> dict[str, rules.Reading]:
    rows = run.rows(
        """
        select reading.batch_id, reading.state, coalesce(reading.reason, '') as reason, reading.happened_at,
            judged.verdict, reading.rejected_count,
            reading.reason = 'sizes_unread' and coalesce(seen.as_of <= catalogue.at, false) as is_due,
        from batch_reading_facts as reading
        left join stock_batch_facts as seen on seen.batch_id = reading.batch_id
        left join batch_verdict_facts as judged on judged.batch_id = reading.batch_id
        cross join (select max(value)::timestamptz as at from bookmarks where name = $looked) as catalogue
        """,
        {"looked": STYLES_LOOKED},
    )
    return {
        row["batch_id"]: rules.Reading(
            row["batch_id"],
            row["state"],
            row["reason"],
            row["happened_at"],
            row["verdict"],
            row["rejected_count"],
            bool(row["is_due"]),
        )
        for row in rows
    }


def _read(run: Run, batch: StockBatch, *, is_accepted: bool) -> bool:
    """Read a batch, check it, keep what changed; whether it can be used."""
    told = inventory_rows.read(run, batch.batch_id)
    wrong = fault(batch, told.sent)
    if wrong is not None:
        _reject(run, batch, wrong.code, wrong.detail)
        return False
    rows, unknown = inventory_rows.of_skus(run, told, batch.kind)
    unsized = [one.detail for one in unknown if one.code == "unknown_size" and is_many(one, rows)]
    if unsized and not _knows_sizes(run, batch):
        _reject(run, batch, "sizes_unread", f"{REASONS['sizes_unread'].sentence} {unsized[0]}")
        return False
    settings = run.house.settings
    deducts = settings.batch_deducts_open_orders
    given = normalised(rows, deducts_open_orders=deducts, held_lots=settings.held_lots)
    known = _known(run, batch.kind, rows)
    odd = oddities(rows, _locations(run), deducts_open_orders=deducts)
    found = unproven(batch, told.sent) + unknown + odd
    doubts = () if is_accepted else suspicions(batch, given, known, found)
    if doubts:
        _hold(run, batch, doubts)
        return False
    _keep(run, batch, told.sent.height, to_store(batch.kind, given, known), found)
    return True


def _knows_sizes(run: Run, batch: StockBatch) -> bool:
    """Whether BlueCherry's SKUs were read since the batch's moment: what they did not say then, they do not say."""
    looked = run.bookmark(STYLES_LOOKED)
    return looked is not None and datetime.fromisoformat(looked) >= batch.as_of


def _known(run: Run, kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """What is held of the stock; for a DELTA of few SKUs, of those alone."""
    if kind == "DELTA":
        keys = rows["sku_key"].unique()
        if keys.len() <= FEW:
            return run.house.ask(_STOCK_OF, {"keys": keys.to_list()})
    return run.house.ask(_STOCK)


def _keep(run: Run, batch: StockBatch, row_count: int, kept: pl.DataFrame, found: tuple[Finding, ...]) -> None:
    read_id = uuid4()
    run.house.journal.append_series(
        "stock_rows",
        kept.with_columns(read_id=pl.lit(str(read_id)), batch_id=pl.lit(batch.batch_id), as_of=pl.lit(batch.as_of)),
    )
    event = StockBatchRead(
        happened_at=run.now(), batch_id=batch.batch_id, read_id=read_id, batch_kind=batch.kind,
        as_of=batch.as_of, row_count=row_count, changed_count=kept.height,
        problems=tuple(one.detail for one in found), findings=_parts(found),
    )  # fmt: skip
    is_told = batch.kind == "FULL"  # a DELTA leaves the lots of all other SKUs as they were read
    run.record([event], bookmarks={HELD_LOTS: json.dumps(run.house.settings.held_lots)} if is_told else None)
    run.counts["batches_read"] += 1
    run.counts["stock_rows"] += kept.height


def _hold(run: Run, batch: StockBatch, doubts: tuple[Finding, ...]) -> None:
    event = StockBatchHeld(
        happened_at=run.now(),
        batch_id=batch.batch_id,
        reason=doubts[0].code,
        detail=" ".join(one.detail for one in doubts),
        findings=_parts(doubts),
    )
    run.record([event])
    run.counts["batches_held"] += 1


def _parts(found: tuple[Finding, ...]) -> tuple[FindingPart, ...]:
    return tuple(FindingPart(code=one.code, count=one.count, detail=one.detail) for one in found)


def _reject(run: Run, batch: StockBatch, reason: str, detail: str) -> None:
    run.record([StockBatchRejected(happened_at=run.now(), batch_id=batch.batch_id, reason=reason, detail=detail)])
    run.counts["batches_rejected"] += 1


def _locations(run: Run) -> set[str]:
    """The locations BlueCherry lists; while one of them cannot be read, those of its list as it was read last."""
    try:
        return {location.code for location in run.house.erp.locations()}
    except Retriable:
        rows = run.rows("select value from marketplace_facts where topic = 'warehouses'")
        if not rows:
            raise
        return {one["code"] for one in json.loads(rows[0]["value"])}


def _seen(batch: StockBatch) -> StockBatchSeen:
    moment: datetime = batch.completed_at or batch.started_at or batch.as_of
    members: dict[str, Any] = {
        "batch_id": batch.batch_id,
        "batch_kind": batch.kind,
        "state": batch.state,
        "as_of": batch.as_of,
        "started_at": batch.started_at,
        "completed_at": batch.completed_at,
        "row_count": batch.row_count,
        "next_expected_at": batch.next_expected_at,
    }
    return StockBatchSeen(happened_at=moment, **members)
