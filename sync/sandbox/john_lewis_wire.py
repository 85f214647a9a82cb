"""What the marketplace's answers say, member by member.

Law: only members of Mirakl's own description are written, money as JSON numbers, moments in UTC with a Z, and
addresses are null until the order is accepted. With the switch `surprises` on, a few answers carry a member and a
state nobody has heard of, as live tenants do.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from sync.sandbox.deadlines import iso, shipping_deadline
from sync.sandbox.john_lewis_model import Change, Line, Order, Shipment
from sync.sandbox.john_lewis_money import Transaction
from sync.sandbox.john_lewis_offers import Offer, StockImport
from sync.sandbox.john_lewis_orders import LEAD_TIME_DAYS, SHIPPING_TYPES

if TYPE_CHECKING:
    from datetime import datetime

    from sync.sandbox.world import World

_BEFORE_ACCEPTANCE = ("STAGING", "WAITING_ACCEPTANCE")
_TAX_CODE = "VAT20"


def number(amount: Decimal) -> float:
    """Money as a JSON number."""
    return float(amount)


def order_body(order: Order, world: "World", tax_mode: str = "TAX_INCLUDED") -> dict[str, Any]:
    """OR11: one order. No taxes are listed on it, so both tax modes show the same amounts, as described."""
    hidden = order.state in _BEFORE_ACCEPTANCE or (order.accepted_at is None and order.state == "REFUSED")
    customer = order.customer
    shown = [_shown(line, world) for line in order.lines]
    price = sum((line.price for line in shown), Decimal(0))
    shipping = sum((line.shipping for line in shown), Decimal(0))
    commission = sum((line.fee + line.vat for line in shown), Decimal(0))
    tracking = order.tracking
    shipped_any = any(line.shipped_quantity for line in order.lines)
    is_shippable = order.state == "SHIPPING"
    gift = (
        [{"code": "gift-message", "type": "STRING", "value": customer.gift_message}]
        if customer.gift_message
        else []
    )
    body: dict[str, Any] = {
        "order_id": order.order_id,
        "commercial_id": order.commercial_id,
        "references": {
            "order_reference_for_customer": order.reference_for_customer,
            "order_reference_for_seller": order.reference_for_seller,
        },
        "quote_id": None,
        "channel": None,
        "order_state": order.state,
        "order_state_reason_code": order.reason_code,
        "order_state_reason_label": _REASON_LABELS.get(order.reason_code or ""),
        "can_cancel": order.state in ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT")
        or (is_shippable and not shipped_any),
        "can_shop_ship": is_shippable,
        "has_incident": order.has_incident,
        "has_customer_message": False,
        "has_invoice": False,
        "fully_refunded": bool(order.live_lines) and all(line.state == "REFUNDED" for line in order.live_lines),
        "created_date": iso(order.created_at),
        "last_updated_date": iso(order.updated_at),
        "acceptance_decision_date": iso(order.accepted_at),
        "customer_debited_date": iso(order.debited_at),
        "shipping_deadline": iso(order.shipping_deadline),
        "delivery_date": _delivery(order.shipping_deadline),
        "transaction_date": iso(order.debited_at),
        "transaction_number": order.transaction_number,
        "currency_iso_code": "GBP",
        "price": number(price),
        "shipping_price": number(shipping),
        "total_price": number(price + shipping),
        "total_commission": number(commission),
        "order_tax_mode": tax_mode,
        "order_taxes": [],
        "order_refunds": [],
        "promotions": {"applied_promotions": [], "total_deduced_amount": 0},
        "payment_type": "CARD",
        "payment_workflow": "PAY_ON_ACCEPTANCE",
        "customer_directly_pays_seller": False,
        "shipping_type_code": order.shipping_type,
        "shipping_type_label": SHIPPING_TYPES[order.shipping_type],
        "shipping_type_standard_code": None,
        "shipping_zone_code": "UK",
        "shipping_zone_label": "United Kingdom",
        "shipping_carrier_code": tracking.get("carrier_code"),
        "shipping_carrier_standard_code": tracking.get("carrier_standard_code"),
        "shipping_company": tracking.get("carrier_name"),
        "shipping_tracking": tracking.get("tracking_number"),
        "shipping_tracking_url": tracking.get("carrier_url") or tracking.get("tracking_url"),
        "shipping_pudo_id": None,
        "leadtime_to_ship": LEAD_TIME_DAYS,
        "customer": {
            "customer_id": customer.customer_id,
            "civility": customer.civility,
            "firstname": customer.firstname,
            "lastname": customer.lastname,
            "locale": "en_GB",
            "billing_address": None if hidden else customer.address(shipping=False),
            "shipping_address": None if hidden else customer.address(shipping=True),
        },
        "customer_notification_email": customer.email,
        # A boolean as the word for it, as live tenants send.
        "order_additional_fields": [*gift, {"code": "gift-wrap", "type": "BOOLEAN", "value": "false"}],
        "order_lines": [_line_body(line, order, left) for line, left in zip(order.lines, shown, strict=True)],
    }
    if world.switches["surprises"]:
        body["loyalty_tier"] = "PLUM"
        if order.state == "CLOSED":
            body["order_state"] = "ARCHIVED"
    return body


def _delivery(deadline: "datetime | None") -> dict[str, str | None] | None:
    if deadline is None:
        return None
    return {"earliest": iso(shipping_deadline(deadline, 1)), "latest": iso(shipping_deadline(deadline, 3))}


class _Shown(NamedTuple):
    """What a line shows of itself."""

    quantity: int
    price: Decimal
    shipping: Decimal
    fee: Decimal
    vat: Decimal


def _shown(line: Line, world: "World") -> _Shown:
    """As it was sold; or less what was cancelled of it, as some operators show it: its records still tell."""
    as_sold = _Shown(line.quantity, line.price, line.shipping_price, line.commission_fee, line.commission_vat)
    is_emptied = world.switches["cancelled_at_zero"] and line.state == "CANCELED"
    if not (is_emptied or world.switches["cancelled_shrinks"]):
        return as_sold
    gone = line.cancelations
    return _Shown(
        line.quantity - line.cancelled_quantity,
        line.price - sum((change.amount for change in gone), Decimal(0)),
        line.shipping_price - sum((change.shipping_amount for change in gone), Decimal(0)),
        line.commission_fee - sum((change.commission_fee for change in gone), Decimal(0)),
        line.commission_vat - sum((change.commission_vat for change in gone), Decimal(0)),
    )


def _line_body(line: Line, order: Order, shown: _Shown) -> dict[str, Any]:
    return {
        "order_line_id": line.line_id,
        "order_line_index": line.index,
        "offer_id": line.offer_id,
        "offer_sku": line.offer_sku,
        "offer_state_code": "11",
        "product_sku": line.product_sku,
        "product_shop_sku": line.offer_sku,
        "product_title": line.title,
        "product_medias": [],
        "category_code": line.category_code,
        "category_label": line.category_label,
        "order_line_state": line.state,
        "order_line_state_reason_code": line.reason_code,
        "order_line_state_reason_label": _REASON_LABELS.get(line.reason_code or ""),
        "can_refund": order.debited_at is not None and line.shipped_quantity > 0 and line.amount_left > 0,
        "created_date": iso(line.created_at),
        "last_updated_date": iso(line.updated_at),
        "debited_date": iso(line.debited_at),
        "shipped_date": iso(line.shipped_at),
        "received_date": iso(line.received_at),
        "quantity": shown.quantity,
        "price_unit": number(line.unit_price),
        "origin_unit_price": number(line.unit_price),
        "price": number(shown.price),
        "shipping_price": number(shown.shipping),
        "total_price": number(shown.price + shown.shipping),
        "commission_fee": number(shown.fee),
        "commission_vat": number(shown.vat),
        "commission_rate_vat": 20,
        "commission_taxes": [{"code": _TAX_CODE, "rate": 20, "amount": number(shown.vat)}] if shown.vat else [],
        "total_commission": number(shown.fee + shown.vat),
        "taxes": [],
        "shipping_taxes": [],
        "fees": [],
        "promotions": [],
        "order_line_additional_fields": [],
        "cancelations": [_change_body(change) for change in line.cancelations],
        "refunds": [
            {
                **_change_body(change),
                "order_refund_id": change.change_id,
                "refund_state": "REFUNDED",
                "transaction_date": iso(change.created_at),
                "transaction_number": f"PSP-R-{change.change_id[:8]}",
            }
            for change in line.refunds
        ],
    }


def _change_body(change: Change) -> dict[str, Any]:
    return {
        "id": change.change_id,
        "amount": number(change.amount),
        "shipping_amount": number(change.shipping_amount),
        "quantity": change.quantity,
        "reason_code": change.reason_code,
        "commission_amount": number(change.commission_fee),
        "commission_taxes": [{"code": _TAX_CODE, "amount": number(change.commission_vat)}],
        "commission_total_amount": number(change.commission_fee + change.commission_vat),
        "taxes": [],
        "shipping_taxes": [],
        "fees": [],
        "created_date": iso(change.created_at),
    }


def shown_status(shipment: Shipment, order: Order) -> str:
    """Where a parcel is: after it left, its order tells."""
    if shipment.status == "SHIPPED" and order.received_at is not None:
        return "CLOSED" if order.state == "CLOSED" else "RECEIVED"
    return shipment.status


def shipment_body(shipment: Shipment, order: Order) -> dict[str, Any]:
    """ST01 and ST11: one shipment."""
    tracking = {**shipment.tracking, "validity_status": "UNVERIFIED"} if shipment.tracking else None
    return {
        "id": shipment.shipment_id,
        "order_id": shipment.order_id,
        "status": shown_status(shipment, order),
        "status_customer_debit": "NO_DEBIT",
        "created_date": iso(shipment.created_at),
        "last_updated_date": iso(max(shipment.updated_at, order.received_at or shipment.updated_at)),
        "shipped_date": iso(shipment.shipped_at),
        "invoice_reference": shipment.invoice_reference,
        "shipment_lines": shipment.lines,
        "shipment_additional_information": [],
        "shipping_from": {"warehouse": {"code": shipment.warehouse}} if shipment.warehouse else None,
        "tracking": tracking,
    }


def to_ship_body(order: Order) -> dict[str, Any]:
    """ST12: what remains of one order."""
    return {
        "order_id": order.order_id,
        "references": {
            "order_reference_for_customer": order.reference_for_customer,
            "order_reference_for_seller": order.reference_for_seller,
        },
        "shipment_lines": [
            {
                "order_line_id": line.line_id,
                "offer_sku": line.offer_sku,
                "product_title": line.title,
                "quantity": line.open_quantity,
                "package_reference": None,
            }
            for line in order.lines
            if line.open_quantity
        ],
        "shipping_address": order.customer.address(shipping=True),
        "shipping_date": iso(order.shipping_at),
        "shipping_deadline": iso(order.shipping_deadline),
        "shipping_type_code": order.shipping_type,
        "shipping_type_standard_code": None,
    }


def offer_body(offer: Offer) -> dict[str, Any]:
    """OF21: one offer."""
    prices: dict[str, Any] = {
        "channel_code": None,
        "price": number(offer.price),
        "unit_origin_price": number(offer.price),
        "unit_discount_price": None,
        "discount_start_date": None,
        "discount_end_date": None,
        "volume_prices": [],
    }
    return {
        "offer_id": offer.offer_id,
        "shop_sku": offer.shop_sku,
        "product_sku": offer.product_sku,
        "product_references": [{"reference_type": "EAN", "reference": offer.ean}] if offer.ean else [],
        "product_title": offer.title,
        "product_brand": "Northmoor",
        "quantity": offer.quantity,
        "warehouses": [],
        "active": offer.quantity > 0,
        "inactivity_reasons": [] if offer.quantity > 0 else ["ZERO_QUANTITY"],
        "price": number(offer.price),
        "total_price": number(offer.price + Decimal("3.95")),
        "applicable_pricing": prices,
        "all_prices": [prices],
        "discount": None,
        "leadtime_to_ship": LEAD_TIME_DAYS,
        "logistic_class": {"code": "SMALL", "label": "Small parcel"},
        "state_code": "11",
        "min_shipping_price": 3.95,
        "min_shipping_price_additional": 0,
        "min_shipping_type": "STD-UK",
        "min_shipping_zone": "UK",
        "available_start_date": None,
        "available_end_date": None,
        "channels": [],
        "category_code": offer.category_code,
        "category_label": offer.category_label,
        "currency_iso_code": "GBP",
        "description": offer.description,
        "internal_description": None,
        "offer_additional_fields": [],
    }


def import_body(stock_import: StockImport, shop_id: int) -> dict[str, Any]:
    """STO02: where an import stands; the counts are known at the end."""
    done = stock_import.status == "COMPLETE"
    return {
        "import_id": stock_import.import_id,
        "shop_id": shop_id,
        "status": stock_import.status,
        "lines_in_success": len(stock_import.lines) if done else 0,
        "lines_in_error": len(stock_import.errors) if done else 0,
        "has_error_report": done and bool(stock_import.errors),
        "date_created": iso(stock_import.created_at),
    }


def transaction_body(row: Transaction) -> dict[str, Any]:
    """TL02: one line of the ledger."""
    entities: dict[str, Any] = {"domain": "PRODUCT"}
    order = row.order
    if order is not None:
        entities["order"] = {
            "id": order.order_id,
            "commercial_id": order.commercial_id,
            "creation_date": iso(order.created_at),
            "references": {
                "order_reference_for_customer": order.reference_for_customer,
                "order_reference_for_seller": order.reference_for_seller,
            },
            "payment_info": {"payment_type": "CARD"},
        }
        entities["transaction_info"] = {"date": iso(order.debited_at), "number": order.transaction_number}
    if row.line_id is not None:
        entities["order_line"] = {"id": row.line_id}
    if row.refund_id is not None:
        entities["refund"] = {"id": row.refund_id}
    if row.taxed:
        entities["shop_tax"] = {"code": _TAX_CODE, "rate": 20}
    if row.note is not None and row.type.startswith("MANUAL_CREDIT"):
        entities["manual_accounting_document"] = {"number": row.note, "emission_date": iso(row.created_at)}
    return {
        "id": row.transaction_id,
        "type": row.type,
        "amount": number(row.amount),
        "amount_credited": number(row.credited),
        "amount_debited": number(row.debited),
        "balance": number(row.balance),
        "currency_iso_code": "GBP",
        "date_created": iso(row.created_at),
        "last_updated": iso(row.updated_at),
        "payment_state": row.state,
        "seller_billing_cycle_id": row.cycle_id,
        "accounting_document_number": row.document_number,
        "accounting_document_id": row.document_number,
        "accounting_document_creation_date": iso(row.document_at),
        "entities": entities,
    }


_REASON_LABELS = {
    "REFUSED-BY-SHOP": "Refused by the shop",
    "AUTO-REFUSED": "Not accepted in time",
    "PAYMENT-REFUSED": "Payment refused",
    "CNL-CUSTOMER": "Cancelled by the customer",
    "CNL-OUT-OF-STOCK": "Out of stock",
    "CNL-SHORT-PICK": "Short pick",
    "RFD-SIZE": "Wrong size",
    "RFD-CHANGED-MIND": "Changed my mind",
    "RFD-FAULTY": "Faulty",
    "RFD-LOST": "Lost in the post",
    "INC-NOT-RECEIVED": "Parcel not received",
}
