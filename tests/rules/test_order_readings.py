"""A stamp that runs behind does not say which of two readings of an order is the later: what they show does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from store.events import OrderPlaced
from sync.flows.orders_read import order_event
from sync.ports import LineChange, MarketLine, MarketOrder
from sync.rules.order_readings import Standing, standing

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHIRT = MarketLine(
    "JL1-A-1", 1, "SHIRT-M", "Shirt", "SHIPPING", 2, Decimal(39), Decimal(78), Decimal(0), Decimal(9), Decimal(1)
)
ORDER = MarketOrder(
    "JL1-A", "JL1", "SHIPPING", NOON, NOON, None, NOON, None, "GBP", "TAX_INCLUDED", Decimal(78), Decimal(0),
    Decimal(78), Decimal(9), "STD-UK", "", has_incident=False, carrier_code="", tracking="", lines=(SHIRT,),
)  # fmt: skip


def gone(kind: str, units: int) -> MarketLine:
    change = LineChange("C1", kind, units, Decimal(39) * units, Decimal(0), Decimal(0), "CNL", "", NOON)
    return replace(SHIRT, changes=(change,))


def reading(**shown: Any) -> OrderPlaced:
    return order_event(replace(ORDER, **shown), None, is_known=False, start_on=NOON)


@pytest.mark.parametrize(
    ("shown", "before", "stands"),
    [
        ({"updated_at": NOON - timedelta(minutes=5)}, {}, Standing.SAME),
        ({"state": "SHIPPED"}, {}, Standing.FURTHER),
        ({"state": "SHIPPING"}, {"state": "SHIPPED"}, Standing.STALE),
        ({"state": "CANCELED"}, {"state": "SHIPPED"}, Standing.FURTHER),
        ({"state": "SHIPPING"}, {"state": "CANCELED"}, Standing.STALE),
        ({"lines": (gone("cancelation", 1),)}, {}, Standing.FURTHER),
        ({}, {"lines": (gone("cancelation", 1),)}, Standing.STALE),
        ({}, {"lines": (gone("refund", 1),)}, Standing.STALE),
        ({"state": "SHIPPED"}, {"lines": (gone("cancelation", 1),)}, Standing.STALE),  # no moment shows both
        ({"has_incident": True}, {}, Standing.OPEN),
        ({"state": "INCIDENT_OPEN"}, {}, Standing.OPEN),  # nobody told us where it comes
        ({"lines": (replace(SHIRT, order_line_id="JL1-A-2"),)}, {}, Standing.OPEN),
    ],
    ids=str,
)
def test_what_an_order_shows_says_whether_it_is_what_was_or_what_came_after(
    shown: dict[str, Any], before: dict[str, Any], stands: Standing
) -> None:
    assert standing(reading(**shown), reading(**before)) is stands
