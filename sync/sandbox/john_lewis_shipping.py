"""What a seller may say of a parcel at John Lewis: its lines, its carrier, its number.

Law: a body that is not what the description says is a 400 for the whole call; what the marketplace then cannot
take of one parcel is a `Refused` for that parcel alone. Nothing here moves an order.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.sandbox.catalogue import JL_CARRIERS
from sync.sandbox.john_lewis_model import Line, Order, Refused
from sync.sandbox.john_lewis_query import member, objects, optional

CARRIERS = {carrier.code: carrier for carrier in JL_CARRIERS}
MANDATORY_TRACKING = ("STD-UK", "EXP-UK")
_INVOICE_REFERENCE = re.compile(r"[0-9a-zA-Z_-]{0,255}")
_TRACKING = ("carrier_code", "carrier_name", "carrier_standard_code", "tracking_number")

Part = tuple[Line, int, str | None]
"""A line, the units of it, and the seller's name for the package."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line of a parcel as the seller names it."""

    line_id: str | None
    offer_sku: str | None
    quantity: int
    package: str | None


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    """One parcel as the seller tells of it."""

    order_id: str
    lines: tuple[DraftLine, ...]
    shipped: bool
    tracking: Mapping[str, str]
    invoice_reference: str | None
    warehouse: str | None


def tracking_of(body: Mapping[str, Any], url_member: str) -> dict[str, str]:
    """What is given of carrier and number, each of it text."""
    found = {name: optional(body, name, str) for name in (*_TRACKING, url_member)}
    return {name: value for name, value in found.items() if value}


def shipment_draft(row: Mapping[str, Any]) -> ShipmentDraft:
    """One element of ST01's `shipments`."""
    lines = tuple(_draft_line(line) for line in objects(row, "shipment_lines", 10_000))
    invoice = optional(row, "invoice_reference", str)
    if invoice is not None and not _INVOICE_REFERENCE.fullmatch(invoice):
        raise Refused(400, "VALIDATION_ERROR: 'invoice_reference' takes up to 255 letters, digits, _ and -")
    place = optional(optional(row, "shipping_from", dict) or {}, "warehouse", dict) or {}
    return ShipmentDraft(
        order_id=member(row, "order_id", str),
        lines=lines,
        shipped=optional(row, "shipped", bool) or False,
        tracking=tracking_of(optional(row, "tracking", dict) or {}, "tracking_url"),
        invoice_reference=invoice,
        warehouse=optional(place, "code", str),
    )


def _draft_line(row: Mapping[str, Any]) -> DraftLine:
    quantity = member(row, "quantity", int)
    if quantity < 1:
        raise Refused(400, "VALIDATION_ERROR: 'quantity' must be at least 1")
    return DraftLine(
        optional(row, "order_line_id", str),
        optional(row, "offer_sku", str),
        quantity,
        optional(row, "package_reference", str),
    )


def checked_tracking(tracking: Mapping[str, str], url_member: str) -> dict[str, str]:
    """The tracking as kept; only registered carriers, and their template wants a number."""
    code = tracking.get("carrier_code", "")
    carrier = CARRIERS.get(code)
    if carrier is None:
        name = code or tracking.get("carrier_name")
        raise Refused(400, f"Carrier {name!r} is not registered and other carriers are not allowed")
    number = tracking.get("tracking_number")
    if not number:
        raise Refused(400, f"Carrier {carrier.code} needs a tracking number")
    return {
        "carrier_code": carrier.code,
        "carrier_name": carrier.label,
        "carrier_standard_code": carrier.standard_code,
        "tracking_number": number,
        url_member: carrier.tracking_url.replace("{trackingId}", number),
    }


def needs_tracking(order: Order) -> Refused:
    """The refusal of a parcel nobody could follow."""
    return Refused(400, f"Order {order.order_id} needs a tracking number before it can be shipped")


def parts_of(order: Order, wanted: Sequence[DraftLine]) -> list[Part]:
    """What a shipment would take, never more than is open and not yet planned."""
    planned = _planned(order)
    parts: list[Part] = []
    for row in wanted:
        line = next((each for each in order.lines if _is_meant(each, row)), None)
        if line is None:
            raise Refused(400, f"Line {row.line_id or row.offer_sku} is not part of order {order.order_id}")
        taken = planned.get(line.line_id, 0) + row.quantity
        if taken > line.open_quantity:
            raise Refused(400, f"Line {line.line_id} has {line.open_quantity} to ship, not {taken}")
        planned[line.line_id] = taken
        parts.append((line, row.quantity, row.package))
    return parts


def _is_meant(line: Line, row: DraftLine) -> bool:
    return line.line_id == row.line_id if row.line_id else line.offer_sku == row.offer_sku


def _planned(order: Order) -> dict[str, int]:
    """Units in shipments created and not yet shipped."""
    planned: dict[str, int] = {}
    for shipment in order.shipments:
        if shipment.status == "SHIPPING":
            for row in shipment.lines:
                planned[row["order_line_id"]] = planned.get(row["order_line_id"], 0) + row["quantity"]
    return planned
