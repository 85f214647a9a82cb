"""Turns what the two systems showed of an order into events, without the personal part."""

import json
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from store.events import OrderChanged, OrderLinePart, OrderPlaced, RefundPart, SalesLinePart, SalesOrderRead
from sync.ports import Address, MarketLine, MarketOrder, Person, SalesOrder
from sync.rules.edits import edited, loaded


def order_event(order: MarketOrder, snapshot_id: UUID | None, *, is_known: bool, start_on: datetime) -> OrderPlaced:
    """What this reading of an order says."""
    kind = OrderChanged if is_known else OrderPlaced
    return kind(
        happened_at=order.updated_at,
        snapshot_id=snapshot_id,
        order_id=order.order_id,
        commercial_id=order.commercial_id,
        state=order.state,
        placed_at=order.created_at,
        changed_at=order.updated_at,
        accepted_at=order.accepted_at,
        debited_at=order.debited_at,
        shipping_deadline_at=order.shipping_deadline_at,
        currency=order.currency,
        tax_mode=order.tax_mode,
        line_count=len(order.lines),
        unit_count=sum(line.quantity for line in order.lines),
        price_amount=order.price,
        shipping_amount=order.shipping_amount,
        total_amount=order.total_amount,
        commission_amount=order.commission_amount,
        shipping_type=order.shipping_type,
        seller_reference=order.seller_reference,
        has_incident=order.has_incident,
        has_address=order.person is not None and order.person.ship_to is not None,
        carrier_code=order.carrier_code,
        tracking=order.tracking,
        is_before_start=order.created_at < start_on,
        lines=tuple(_line(line) for line in order.lines),
        shipping_zone=order.shipping_zone,
        state_reason=order.state_reason,
        cancelled_at=max(
            (
                change.created_at
                for line in order.lines
                for change in line.changes
                if change.kind == "cancelation" and change.created_at is not None
            ),
            default=None,
        ),
    )


def _line(line: MarketLine) -> OrderLinePart:
    cancelations = [change for change in line.changes if change.kind == "cancelation"]
    refunds = [change for change in line.changes if change.kind == "refund"]
    return OrderLinePart(
        order_line_id=line.order_line_id,
        line_number=line.line_number,
        sku=line.offer_sku,
        title=line.title,
        state=line.state,
        quantity=line.quantity,
        cancelled_quantity=sum(change.quantity for change in cancelations),
        refunded_quantity=sum(change.quantity for change in refunds),
        unit_price_amount=line.unit_price,
        price_amount=line.price,
        shipping_amount=line.shipping_amount,
        commission_amount=line.commission_amount,
        commission_vat_amount=line.commission_vat,
        cancelled_amount=sum((change.amount + change.shipping_amount for change in cancelations), Decimal(0)),
        refunded_amount=sum((change.amount + change.shipping_amount for change in refunds), Decimal(0)),
        cancelled_shipping_amount=sum((change.shipping_amount for change in cancelations), Decimal(0)),
        refunds=tuple(
            RefundPart(
                refund_id=change.change_id,
                quantity=change.quantity,
                amount=change.amount,
                shipping_amount=change.shipping_amount,
                reason_code=change.reason_code,
                state=change.state,
                refunded_at=change.created_at,
            )
            for change in refunds
        ),
    )


def sales_order_event(
    order: SalesOrder, snapshot_id: UUID | None, *,
    address_changes: tuple[str, ...] | None = None, billing_changes: tuple[str, ...] | None = None,
) -> SalesOrderRead:  # fmt: skip
    """What this reading of a sales order says.

    Changes are the fields of its addresses that are not as sent; None: not compared.
    """
    taxes = [line.tax_amount for line in order.lines if line.tax_amount is not None]
    starts_from, starts_until = order.start_day or (None, None)
    cancels_from, cancels_until = order.cancel_day or (None, None)
    return SalesOrderRead(
        happened_at=order.updated_at,
        snapshot_id=snapshot_id,
        ord_num=order.ord_num,
        order_id=order.order_id,
        division=order.division,
        warehouse=order.warehouse,
        ship_via=order.ship_via,
        raw_status=order.raw_status,
        entered_at=order.entered_at,
        changed_at=order.updated_at,
        changed_by=order.updated_by,
        revision=order.revision,
        lines=tuple(
            SalesLinePart(
                line_number=line.line_number,
                order_line_id=line.order_line_id,
                sku_key=line.sku_key,
                ordered_quantity=line.ordered_quantity,
                open_quantity=line.open_quantity,
                picked_quantity=line.picked_quantity,
                shipped_quantity=line.shipped_quantity,
                cancelled_quantity=line.cancelled_quantity,
                cancel_kind=line.cancel_kind,
                unit_price_amount=line.unit_price,
            )
            for line in order.lines
        ),
        starts_from_at=starts_from,
        starts_until_at=starts_until,
        cancels_from_at=cancels_from,
        cancels_until_at=cancels_until,
        shipping_amount=order.shipping_amount,
        discount_amount=order.discount_amount,
        tax_amount=order.tax_amount,
        line_tax_amount=sum(taxes, Decimal(0)) if len(taxes) == len(order.lines) else None,
        currency=order.currency or None,
        customer=order.customer,
        address_changes=address_changes,
        billing_changes=billing_changes,
    )


def person_of(body: str, edits: str | None = None) -> Person | None:
    """The personal part as it was stored, with what people changed of it; None when it was purged."""
    if not body:
        return None
    value = json.loads(body)
    person = Person(
        ship_to=Address(**value["ship_to"]) if value.get("ship_to") else None,
        bill_to=Address(**value["bill_to"]) if value.get("bill_to") else None,
        email=value.get("email", ""),
    )
    return edited(person, loaded(edits))
