"""The looking-ahead part of the inventory: which goods are on open work orders, and when they are due.

Read once a batch, those that changed since; nothing is listed by them. Where BlueCherry cannot say, the page shows
what it said last, with its moment, and the stock goes on.
"""

from datetime import datetime

from store.events import WorkOrderLinePart, WorkOrderRead
from sync.errors import Deferred, Retriable, Skippable
from sync.ports import WorkOrder
from sync.rules.batches import Newest
from sync.rules.progress import Progress
from sync.runs import Run
from sync.unread import BEGINNING, Reading, reached, unread_from

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
    bookmark = run.bookmark(CHANGED) or ""
    since = datetime.fromisoformat(bookmark) - run.house.settings.overlap if bookmark else BEGINNING
    since = min(since, unread_from(run, "erp", "work order"))
    reading = Reading(run, "erp", "work order", since, bookmark)
    progress = Progress(BEGINNING)
    for page in run.house.erp.work_orders(updated_from=since if since > BEGINNING else None):
        progress.add(order.updated_at for order in page.items)
        reading.add(page, [order.work_order_id for order in page.items])
        run.counts["work_orders"] += run.record([_event(order) for order in page.items])
        run.check()
    marks = {READ_FOR: batch.batch_id}
    if reading.end() and progress.newest is not None:
        marks[CHANGED] = reached(run, progress.newest)
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
