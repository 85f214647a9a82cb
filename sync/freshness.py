"""How fresh what we know of the sales is, and how to make it fresher before something depends on it.

Flows do not import each other: the inventory asks the house to let the orders be read first, and goes on with what
is known then.
"""

from datetime import datetime, timedelta

from store.clock import aware
from sync.runs import SYSTEMS, Run

SHOWN_WITHIN = timedelta(minutes=2)  # what was written to an order at John Lewis is shown by then
ORDERS_SEEN = "orders.changed"  # every order changed before this moment was read


def orders_known_until(run: Run) -> datetime | None:
    """Up to when sales are known, all of them."""
    value = run.bookmark(ORDERS_SEEN)
    return aware(datetime.fromisoformat(value)) if value else None


def is_order_read_since(run: Run, order_id: str, moment: datetime) -> bool:
    """Whether John Lewis was read after a moment, and this order with it."""
    known = orders_known_until(run)
    if known is None or known < moment:
        return False
    unread = "from unread_facts where is_open and system = $system and record = 'order' and record_id = $id limit 1"
    return not run.rows(unread, {"system": SYSTEMS["marketplace"], "id": order_id})


def orders_first(run: Run, since: datetime) -> bool:
    """Let the orders be read unless they were after `since`; whether sales are known up to then.

    What keeps them from being read (a limit, an outage) is noted for this run's end, never raised.
    """
    known = orders_known_until(run)
    if known is not None and known >= since:
        return True
    read = run.house.refresh("orders") if run.house.refresh is not None else None
    known = orders_known_until(run)
    if known is not None and known >= since:
        return True
    if read is not None and read.due_at is not None and read.due_at > run.now():
        run.defer(read.due_at, "the orders could not be read just now: nothing rises before")
    return False
