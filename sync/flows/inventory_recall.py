"""The remembering part of the inventory: stock batches from before our first, read once to be replayed.

BlueCherry keeps its batches; before our first start nobody read them here. They are read in order, each stored as
what differs from the one before, up to our first, which is read once more so that both join. Nothing is listed by
them, and the demand of today does not change by them. What was read stays read: asked again, it goes on.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import polars as pl

from store.events import StockBatchRecalled
from sync.errors import Skippable
from sync.flows import inventory_rows
from sync.rules.batch_checks import unreadable
from sync.rules.stock_rows import KEY, normalised, to_store
from sync.runs import Run

_PAST = """
with ours as (
    select min(as_of) as first_at from batch_reading_facts where read_id is not null
)

select
    seen.batch_id, seen.batch_kind, seen.as_of, seen.row_count,
    recalled.batch_id is not null or seen.as_of = ours.first_at as is_read,
from stock_batch_facts as seen
cross join ours
left join batch_recall_facts as recalled on recalled.batch_id = seen.batch_id
where seen.state = 'COMPLETE' and seen.batch_kind in ('FULL', 'DELTA')
    and seen.as_of >= $since and seen.as_of <= ours.first_at
order by seen.as_of, seen.batch_id
"""

# How the stock stood in the recalled batches before a moment: of each row the newest.
_KNOWN = """
select row.* exclude (read_id, batch_id, as_of),
from stock_rows as row
join batch_recall_facts as recalled on recalled.read_id = row.read_id
where recalled.as_of < $at
qualify row_number() over (partition by row.sku_key, row.location order by row.as_of desc) = 1
"""


def recall(run: Run, since: datetime, tell: Callable[[str], None]) -> int:
    """Read the batches from a moment up to our first that were not read yet; how many it were.

    A batch that is not whole, or not kept there any more, is passed over, as if it had not come. Raises what the
    port raises.
    """
    stretches = _stretches(run.rows(_PAST, {"since": since}))
    left = sum(map(len, stretches))
    for stretch in stretches:
        known = run.house.ask(_KNOWN, {"at": stretch[0]["as_of"]})
        for row in stretch:
            run.check()
            tell(f"reading BlueCherry's past stock batches: {row['as_of']:%-d %b}, {left} to go")
            left -= 1
            if not known.is_empty() or row["batch_kind"] == "FULL":  # a DELTA tells nothing without a FULL before
                known = _read(run, row, known)
    return run.counts["batches_recalled"]


def _stretches(past: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """What is missing, in stretches, each with the batch that follows it: that is told as what differs from it."""
    found: list[list[dict[str, Any]]] = []
    is_open = False
    for row in past:
        is_missing = not row["is_read"]
        if is_missing and not is_open:
            found.append([])
        if is_missing or is_open:
            found[-1].append(row)
        is_open = is_missing
    return found


def _read(run: Run, row: dict[str, Any], known: pl.DataFrame) -> pl.DataFrame:
    """Read one batch and keep what differs; how the stock stands after it."""
    try:
        told = inventory_rows.read(run, row["batch_id"])
    except Skippable:  # BlueCherry has not kept it
        run.counts["batches_passed_over"] += 1
        return known
    is_whole = row["row_count"] is None or told.sent.height == row["row_count"]
    if not is_whole or unreadable(told.sent):
        run.counts["batches_passed_over"] += 1
        return known
    rows, _ = inventory_rows.of_skus(run, told, row["batch_kind"])
    settings = run.house.settings
    given = normalised(rows, deducts_open_orders=settings.batch_deducts_open_orders, held_lots=settings.held_lots)
    kept = to_store(row["batch_kind"], given, known)
    read_id = uuid4()
    mark = {"read_id": pl.lit(str(read_id)), "batch_id": pl.lit(row["batch_id"]), "as_of": pl.lit(row["as_of"])}
    run.house.journal.append_series("stock_rows", kept.with_columns(**mark))
    event = StockBatchRecalled(
        happened_at=run.now(), batch_id=row["batch_id"], read_id=read_id, batch_kind=row["batch_kind"],
        as_of=row["as_of"], row_count=told.sent.height, changed_count=kept.height,
    )  # fmt: skip
    run.record([event])
    run.counts["batches_recalled"] += 1
    return pl.concat([kept, known.select(kept.columns).join(kept, on=list(KEY), how="anti")])
