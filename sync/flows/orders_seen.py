"""Records what a reading of BlueCherry's sales orders shows: those of ours, and what others will take of stock.

Of other customers' orders only the scheduled are kept: they ship on a later day than they were entered, so what
they take is known beforehand (`store/sql/scheduled_units.sql`). The rest is demand, and read off the batches.
"""

from collections.abc import Collection
from datetime import datetime

from store.events import ScheduledLinePart, ScheduledOrderRead
from sync.flows.orders_drift import sales_order_events
from sync.ports import Page, SalesOrder
from sync.runs import Run

SCHEDULED_SEEN = "sales_orders.scheduled"
NOTHING_LEFT = {"open_quantity": 0, "lines": ()}


def record_sales_orders(run: Run, page: Page[SalesOrder]) -> int:
    """Record what the ERP has of ours, by its account and number or by lines that we sent, and what is scheduled.

    How many readings of sales orders of ours were news.
    """
    customer = run.house.settings.erp_customer
    named = {one.ord_num for one in page.items if one.order_id and one.customer == customer}
    # moved to another account, or without its number, even before it was first read: it is ours all the same;
    # what a copy for another customer's order has of our line ids is that customer's
    rest = [one for one in page.items if one.ord_num not in named]
    perhaps = [one for one in rest if one.customer == customer or not one.order_id]
    known = _known(run, "sales_order_facts", [one.ord_num for one in rest]) | _with_lines_of_ours(run, perhaps)
    ours = [one for one in page.items if one.ord_num in named | known]
    scheduled = _known(run, "scheduled_order_facts", [order.ord_num for order in page.items])
    others = [one for one in page.items if one.customer != customer and one.ord_num not in known]
    dated = [one for one in others if _is_scheduled(one) or one.ord_num in scheduled]
    # typed under another customer at first: what it takes is counted with our own orders from now on
    turned = [_scheduled(one).model_copy(update=NOTHING_LEFT) for one in ours if one.ord_num in scheduled]
    run.counts["scheduled_orders"] += run.record([*map(_scheduled, dated), *turned])
    return run.record(sales_order_events(run, ours, page.snapshot_id))


def _is_scheduled(order: SalesOrder) -> bool:
    """Whether it is to ship on a later day than that of its entry."""
    starts_at = _starts(order)
    return starts_at is not None and starts_at > order.entered_at


def _known(run: Run, facts: str, ord_nums: Collection[str]) -> set[str]:
    if not ord_nums:
        return set()
    sql = f"select ord_num from {facts} where ord_num in (select unnest($ord_nums::varchar[]))"
    return {row["ord_num"] for row in run.rows(sql, {"ord_nums": list(ord_nums)})}


def _with_lines_of_ours(run: Run, orders: Collection[SalesOrder]) -> set[str]:
    """The numbers of those that carry the id of a line John Lewis sold: ours, or a copy of one of ours."""
    ids = {line.order_line_id for one in orders for line in one.lines if line.order_line_id}
    if not ids:
        return set()
    sql = "select order_line_id from order_line_facts where order_line_id in (select unnest($ids::varchar[]))"
    sold = {row["order_line_id"] for row in run.rows(sql, {"ids": sorted(ids)})}
    return {one.ord_num for one in orders if any(line.order_line_id in sold for line in one.lines)}


def _starts(order: SalesOrder) -> datetime | None:
    return order.start_day[0] if order.start_day else None


def _scheduled(order: SalesOrder) -> ScheduledOrderRead:
    return ScheduledOrderRead(
        happened_at=order.updated_at,
        ord_num=order.ord_num,
        customer=order.customer,
        warehouse=order.warehouse,
        entered_at=order.entered_at,
        changed_at=order.updated_at,
        starts_at=_starts(order),
        cancels_at=order.cancel_day[1] if order.cancel_day else None,
        open_quantity=sum(line.open_quantity for line in order.lines),
        lines=tuple(
            ScheduledLinePart(
                sku_key=line.sku_key,
                wanted_quantity=max(line.ordered_quantity - line.cancelled_quantity, 0),
                open_quantity=line.open_quantity,
            )
            for line in order.lines
        ),
    )
