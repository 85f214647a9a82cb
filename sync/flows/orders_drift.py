"""Reads sales orders so that what was changed in them by hand shows.

Where it goes and who is billed are compared here, in memory, with what we sent (the customer's, as edited here);
only the names of the fields that differ are written down, or that BlueCherry has no such address, or several. Where
ours is not known (purged, or never shown), or BlueCherry tells no addresses at all, nothing is said.
"""

from collections.abc import Sequence
from uuid import UUID

from store.events import SalesOrderRead
from sync.flows.orders_read import person_of, sales_order_event
from sync.flows.stamps import in_order
from sync.ports import Address, Person, SalesOrder
from sync.rules.addresses import sent_addresses
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
        sales_order_event(order, snapshot_id, **_changes(order, people.get(order.order_id))) for order in orders
    ]
    return in_order(run, events)


def _changes(order: SalesOrder, person: Person | None) -> dict[str, tuple[str, ...] | None]:
    sent_to, billed_to = sent_addresses(person)
    return {
        "address_changes": _unlike(sent_to, order.ship_to, order.ship_to_count),
        "billing_changes": _unlike(billed_to, order.bill_to, order.bill_to_count),
    }


def _unlike(sent: Address | None, there: Address | None, count: int | None) -> tuple[str, ...] | None:
    """The fields that are not as sent, or that there is no such address, or several; None: not compared."""
    if count is None or sent is None:
        return None
    if there is None:
        return (MANY_ADDRESSES if count else NO_ADDRESS,)
    return changed_fields(sent, there)
