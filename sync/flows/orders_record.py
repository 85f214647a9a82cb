"""Records what John Lewis showed of orders, a page at a time.

What is stamped behind what we have of an order, or shows another state with the same stamp, is judged by what it
shows (sync.rules.order_readings); where that leaves it open, the order is asked for by its name.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from store.events import Event, OrderChanged, OrderPlaced
from store.journal import Personal
from sync.flows.orders_read import order_event
from sync.flows.stamps import JUST_AFTER
from sync.ports import MarketOrder, Page
from sync.rules.order_readings import Standing, standing
from sync.rules.shrinking import as_sold
from sync.runs import Run
from sync.unread import Reading


def record_page(reading: Reading, page: Page[MarketOrder]) -> None:
    """Record the orders of a page, and of those asked for once more what they show then.

    One that cannot be read then is not known as it is, though the page has it: the reading takes note of it.
    """
    run = reading.run
    reading.add(page, [order.order_id for order in page.items])
    doubted = _record(run, page)
    if doubted:
        for again in run.house.marketplace.orders(order_ids=doubted):
            _record(run, again, is_sure=True)
            reading.add(again, [order.order_id for order in again.items])


def _record(run: Run, page: Page[MarketOrder], *, is_sure: bool = False) -> list[str]:
    """Record a page; the orders of which it is open whether it shows what they are or what they were."""
    known = _known(run, page)
    sold = {
        row["order_line_id"]: row
        for row in run.rows(
            "select order_line_id, quantity, price_amount, shipping_amount, commission_amount,"
            " commission_vat_amount from order_line_facts where order_id in (select unnest($ids::varchar[]))",
            {"ids": sorted(known)},
        )
    }
    before = _before(run, [one.order_id for one in page.items if _is_doubtful(one, known.get(one.order_id))])
    keep_from = run.now() - timedelta(days=run.house.settings.personal_days)
    events: list[Event] = []
    people: list[Personal] = []
    doubted: list[str] = []
    for order in (as_sold(one, sold) for one in page.items):
        seen = known.get(order.order_id)
        event = order_event(order, page.snapshot_id, is_known=seen is not None, start_on=run.house.start_on)
        if seen is not None and order.order_id in before:
            how = standing(event, before[order.order_id])
            if how is Standing.OPEN and not is_sure:
                doubted.append(order.order_id)
                continue
            if how is Standing.STALE:
                continue
            if how is Standing.SAME:  # the same event again: that it was read once more is counted
                events.append(before[order.order_id].model_copy(update={"snapshot_id": page.snapshot_id}))
                continue
            event = event.model_copy(update={"happened_at": seen["happened_at"] + JUST_AFTER})
        events.append(event)
        is_new = seen is None or seen["changed_at"] != order.updated_at
        if order.person is not None and order.created_at >= keep_from and is_new:
            people.append(Personal(order.order_id, order.created_at, json.dumps(asdict(order.person))))
    run.counts["orders_new"] += run.record(events, personal=people)
    return doubted


def _known(run: Run, page: Page[MarketOrder]) -> dict[str, dict[str, Any]]:
    rows = run.rows(
        "select order_id, state, changed_at, happened_at from order_facts"
        " where order_id in (select unnest($ids::varchar[]))",
        {"ids": [order.order_id for order in page.items]},
    )
    return {row["order_id"]: row for row in rows}


def _is_doubtful(order: MarketOrder, seen: Mapping[str, Any] | None) -> bool:
    """Whether its stamp does not say that it is later than what we have."""
    if seen is None:
        return False
    is_other_state: bool = order.state != seen["state"]
    return bool(order.updated_at < seen["happened_at"]) or (
        order.updated_at == seen["happened_at"] and is_other_state
    )


def _before(run: Run, order_ids: list[str]) -> dict[str, OrderPlaced]:
    """What these orders last showed that counts."""
    if not order_ids:
        return {}
    rows = run.rows(
        "select fact.order_id, fact.happened_at, said.body"
        " from order_facts as fact join events as said on said.seq = fact.seq"
        " where fact.order_id in (select unnest($ids::varchar[]))",
        {"ids": order_ids},
    )
    return {
        row["order_id"]: OrderChanged(happened_at=row["happened_at"], **json.loads(row["body"])) for row in rows
    }
