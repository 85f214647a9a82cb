"""How fresh what we know of the sales is, and how to make it fresher before something depends on it.

Flows do not import each other: the inventory asks the house to let the orders be read first, and goes on with what
is known then.
"""

from datetime import datetime, timedelta

from store.clock import aware
from sync.runs import SYSTEMS, House, Run
from sync.unread import BEGINNING, UNREADABLE_FOR

SHOWN_WITHIN = timedelta(minutes=2)  # what was written to an order at John Lewis is shown by then
ERP_SHOWN_WITHIN = timedelta(minutes=15)  # where nobody has configured how long what was created may stay invisible
ORDERS_SEEN = "orders.changed"  # every order changed before this moment was read
RETURNS_SEEN = "returns.changed"  # and every return
ORDERS_LOOKED = "orders.looked"  # when the last look at what changed began: those that can be read were
RETURNS_LOOKED = "returns.looked"
STYLES_LOOKED = "catalogue.looked"  # when the last look at the styles began that read what is not given up


def erp_shows_by(house: House, moment: datetime) -> datetime:
    """When BlueCherry shows at last what it took at that moment."""
    minutes = house.settings.erp_visibility_minutes
    return moment + (ERP_SHOWN_WITHIN if minutes is None else timedelta(minutes=minutes))


def orders_read_until(run: Run) -> datetime | None:
    """Up to when sales are known, but for orders that cannot be read and are known by name."""
    return _read_until(run, ORDERS_SEEN, ORDERS_LOOKED, "order")


def is_order_read_since(run: Run, order_id: str, moment: datetime) -> bool:
    """Whether John Lewis was read after a moment, and this order with it."""
    read = orders_read_until(run)
    return read is not None and read >= moment and not _is_unread(run, "order", order_id)


def is_return_read_since(run: Run, return_id: str, moment: datetime) -> bool:
    """Whether John Lewis's returns were read after a moment, and this one with them."""
    read = _read_until(run, RETURNS_SEEN, RETURNS_LOOKED, "return")
    return read is not None and read >= moment and not _is_unread(run, "return", return_id)


def _read_until(run: Run, changed: str, looked: str, record: str) -> datetime | None:
    """Up to when all was read that has a name; one without may be any, so it counts as long as it is waited for."""
    is_waited_for = _is_unread(run, record, "", since=run.now() - UNREADABLE_FOR)
    names = (changed,) if is_waited_for else (changed, looked)
    moments = [aware(datetime.fromisoformat(value)) for value in map(run.bookmark, names) if value]
    return max(moments, default=None)


def _is_unread(run: Run, record: str, record_id: str, *, since: datetime = BEGINNING) -> bool:
    """Whether John Lewis lists this record and it cannot be read, met after then; no id: one without a name."""
    sql = (
        "from unread_facts where is_open and system = $system and record = $record and record_id = $id"
        " and happened_at > $since limit 1"
    )
    values = {"system": SYSTEMS["marketplace"], "record": record, "id": record_id, "since": since}
    return bool(run.rows(sql, values))


def orders_first(run: Run, since: datetime) -> bool:
    """Let the orders be read unless they were after `since`; whether sales are known up to then.

    An order that cannot be read and has a name holds up only its own units (sync.unread).

    What keeps them from being read (a limit, an outage) is noted for this run's end, never raised.
    """
    known = orders_read_until(run)
    if known is not None and known >= since:
        return True
    read = run.house.refresh("orders") if run.house.refresh is not None else None
    known = orders_read_until(run)
    if known is not None and known >= since:
        return True
    if read is not None and read.due_at is not None and read.due_at > run.now():
        run.defer(read.due_at, "the orders could not be read just now: nothing rises before")
    return False
