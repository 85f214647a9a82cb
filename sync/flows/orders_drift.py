"""Reads sales orders so that what was changed in them by hand shows.

The address is compared here, in memory, with the one we sent (the customer's, as edited here); only the names of
the fields that differ are written down, or that BlueCherry has no such address, or several. Where ours is not known
(purged, or never shown), or BlueCherry tells no addresses at all, nothing is said.
"""

from collections.abc import Sequence
from uuid import UUID

from store.events import SalesOrderRead
from sync.flows.orders_read import person_of, sales_order_event
from sync.flows.stamps import in_order
from sync.ports import Person, SalesOrder
from sync.rules.addresses import fitted
from sync.rules.drift import MANY_ADDRESSES, NO_ADDRESS, changed_fields
from sync.runs import Run


def sales_order_events(run: Run, orders: Sequence[SalesOrder], snapshot_id: UUID | None) -> list[SalesOrderRead]:
    """What this reading of sales orders says, their addresses compared with what was sent."""
    if not orders:
        return []
    rows = run.rows(
        "select order_id, body, edits from personal where order_id in (select unnest($ids::varchar[]))",
        {"ids": sorted({order.order_id for order in orders if order.ship_to_count is not None})},
    )
    people = {row["order_id"]: person_of(row["body"], row["edits"]) for row in rows}
    events = [
        sales_order_event(order, snapshot_id, changes=_changes(order, people.get(order.order_id)))
        for order in orders
    ]
    return in_order(run, events)


def _changes(order: SalesOrder, person: Person | None) -> tuple[str, ...] | None:
    if order.ship_to_count is None or person is None or person.ship_to is None:
        return None
    sent = fitted(person.ship_to)
    if sent is None:
        return None
    if order.ship_to is None:
        return (MANY_ADDRESSES if order.ship_to_count else NO_ADDRESS,)
    return changed_fields(sent, order.ship_to)
