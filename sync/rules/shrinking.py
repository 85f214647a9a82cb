"""What a line was sold as, where the marketplace shows fewer units of it than it did before.

Pure. Mirakl does not say whether a line's quantity shrinks when a part of it is cancelled. Where it does, "two, of
which one is cancelled" means that two are wanted, not one: what was shown before says which. Units that went
without a record of their cancelation were cancelled all the same, and so was their money.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sync.ports import LineChange, MarketLine, MarketOrder

UNRECORDED = "unrecorded"
_NOTHING = Decimal(0)


def as_sold(order: MarketOrder, before: Mapping[str, Mapping[str, Any]]) -> MarketOrder:
    """The order with each line as it was sold and what is gone of it among its changes.

    `before`: rows of `order_line_facts` by order line id; a line that is not there is taken as it is shown.
    """
    lines = tuple(
        _as_sold(line, before[line.order_line_id]) if line.order_line_id in before else line for line in order.lines
    )
    if lines == order.lines:
        return order
    goods, shipping, commission = (
        _sum(lines, name) - _sum(order.lines, name) for name in ("price", "shipping_amount", "commission_amount")
    )
    # an order whose sums had not shrunk with its lines is left with them
    price = order.price + (goods if order.price == _sum(order.lines, "price") else _NOTHING)
    freight = order.shipping_amount + (
        shipping if order.shipping_amount == _sum(order.lines, "shipping_amount") else _NOTHING
    )
    return replace(
        order,
        lines=lines,
        price=price,
        shipping_amount=freight,
        total_amount=order.total_amount + (price - order.price) + (freight - order.shipping_amount),
        commission_amount=order.commission_amount
        + (commission if order.commission_amount == _sum(order.lines, "commission_amount") else _NOTHING),
    )


def _sum(lines: tuple[MarketLine, ...], name: str) -> Decimal:
    return sum((getattr(line, name) for line in lines), _NOTHING)


def _as_sold(line: MarketLine, before: Mapping[str, Any]) -> MarketLine:
    missing = before["quantity"] - line.quantity
    if missing <= 0:
        return line
    recorded = [change for change in line.changes if change.kind == "cancelation"]
    unrecorded = missing - sum(change.quantity for change in recorded)
    price = max(line.price, before["price_amount"])
    shipping = max(line.shipping_amount, before["shipping_amount"])
    changes = line.changes
    if unrecorded > 0:
        lost = price - line.price - sum((change.amount for change in recorded), _NOTHING)
        changes = (
            *changes,
            LineChange(
                change_id=f"{UNRECORDED}/{line.order_line_id}",
                kind="cancelation",
                quantity=unrecorded,
                amount=lost if line.price < price else line.unit_price * unrecorded,
                shipping_amount=max(
                    shipping
                    - line.shipping_amount
                    - sum((change.shipping_amount for change in recorded), _NOTHING),
                    _NOTHING,
                ),
                commission_amount=_NOTHING,
                reason_code="",
                state="",
                created_at=None,
            ),
        )
    return replace(
        line,
        quantity=before["quantity"],
        price=price,
        shipping_amount=shipping,
        commission_amount=max(line.commission_amount, before["commission_amount"]),
        commission_vat=max(line.commission_vat, before["commission_vat_amount"]),
        changes=changes,
    )
