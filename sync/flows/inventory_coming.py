"""The looking-ahead part of the inventory: which goods are on open work orders, and when they are due.

Read once a batch, those that changed since; nothing is listed by them. Where BlueCherry cannot say, the page shows
what it said last, with its moment, and the stock goes on.
"""

from datetime import UTC, datetime

from store.events import WorkOrderLinePart, WorkOrderRead
from sync.errors import Deferred, Retriable, Skippable
from sync.ports import WorkOrder
from sync.rules.batches import Newest
from sync.rules.progress import Progress
from sync.runs import Run

READ_FOR, CHANGED = "inventory.coming_for", "inventory.coming_changed"


def look_ahead(run: Run, batch: Newest) -> None:
    """Read what changed, if this batch is new."""
    if run.bookmark(READ_FOR) == batch.batch_id:
        return
    try:
        _read(run, batch)
    except (Deferred, Retriable, Skippable):
        run.counts["coming_unread"] += 1


def _read(run: Run, batch: Newest) -> None:
    bookmark = run.bookmark(CHANGED)
    since = None
    if bookmark is not None:
        since = datetime.fromisoformat(bookmark) - run.house.settings.overlap
    progress = Progress(since or datetime.min.replace(tzinfo=UTC))
    for page in run.house.erp.work_orders(updated_from=since):
        progress.add(order.updated_at for order in page.items)
        run.counts["skipped"] += len(page.skipped)
        run.counts["work_orders"] += run.record([_event(order) for order in page.items])
        run.check()
    marks = {READ_FOR: batch.batch_id}
    if progress.newest is not None:
        marks[CHANGED] = progress.newest.isoformat()
    run.record(bookmarks=marks)


def _event(order: WorkOrder) -> WorkOrderRead:
    return WorkOrderRead(
        happened_at=order.updated_at, work_order_id=order.work_order_id, stage=order.stage, due_on=order.due_on,
        changed_at=order.updated_at,
        lines=tuple(
            WorkOrderLinePart(
                style=line.style, color_code=line.color_code, label=line.label, dimension=line.dimension,
                size=line.size, warehouse=line.warehouse, quantity=line.quantity,
            )
            for line in order.lines
        ),
    )  # fmt: skip
