"""Lines that shrink where a part of them is cancelled, and lines that do not: the same units are wanted."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.ports import LineChange, MarketLine, MarketOrder
from sync.rules.shrinking import as_sold

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PRICE = Decimal("39.00")


def cancelled(quantity: int) -> LineChange:
    return LineChange("C1", "cancelation", quantity, PRICE * quantity, Decimal(0), Decimal(0), "CNL", "", NOON)


def line(quantity: int, *changes: LineChange, price: Decimal | None = None) -> MarketLine:
    return MarketLine(
        "JL1-A-1", 1, "SHIRT-M", "Shirt", "SHIPPING", quantity, PRICE,
        PRICE * quantity if price is None else price, Decimal("3.50"), Decimal("9.36"), Decimal("1.56"), changes,
    )  # fmt: skip


def order(shown: MarketLine) -> MarketOrder:
    return MarketOrder(
        "JL1-A", "JL1", "SHIPPING", NOON, NOON, None, NOON, None, "GBP", "TAX_INCLUDED", shown.price,
        shown.shipping_amount, shown.price + shown.shipping_amount, shown.commission_amount, "STD-UK", "",
        has_incident=False, carrier_code="", tracking="", lines=(shown,),
    )  # fmt: skip


def known(quantity: int) -> dict[str, dict[str, Any]]:
    """What we know of the line from before."""
    return {
        "JL1-A-1": {
            "quantity": quantity, "price_amount": PRICE * quantity, "shipping_amount": Decimal("3.50"),
            "commission_amount": Decimal("14.04"), "commission_vat_amount": Decimal("2.34"),
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "left"),
    [
        (line(3), 3),
        (line(3, cancelled(1)), 2),  # as sold, with what is gone beside it
        (line(2, cancelled(1)), 2),  # shrunk, with its record
        (line(2), 2),  # shrunk, without one
        (line(1, cancelled(1)), 1),  # shrunk by two, one of them recorded
        (line(2, price=PRICE * 3), 2),  # its money did not shrink with it
        (line(0, cancelled(3)), 0),
    ],
    ids=str,
)
def test_however_a_cancelation_is_shown_the_same_units_and_money_are_left(shown: MarketLine, left: int) -> None:
    (sold,) = as_sold(order(shown), known(3)).lines
    gone = [change for change in sold.changes if change.kind == "cancelation"]

    assert sold.quantity - sum(change.quantity for change in gone) == left
    assert sold.price == PRICE * 3
    assert sum(change.amount for change in gone) == PRICE * (3 - left)
    assert sold.commission_amount == (Decimal("14.04") if shown.quantity < 3 else Decimal("9.36"))


def test_the_orders_own_sums_follow_where_they_had_shrunk_too() -> None:
    shrunk = as_sold(order(line(2, cancelled(1))), known(3))
    kept = as_sold(replace(order(line(2, cancelled(1))), price=PRICE * 3, total_amount=Decimal(120)), known(3))

    assert (shrunk.price, shrunk.total_amount) == (PRICE * 3, PRICE * 3 + Decimal("3.50"))
    assert (kept.price, kept.total_amount) == (PRICE * 3, Decimal(120))


def test_a_line_nobody_saw_before_or_that_grew_is_taken_as_it_is() -> None:
    shown = order(line(3, cancelled(1)))

    assert as_sold(shown, {}) is shown
    assert as_sold(shown, known(2)) is shown
