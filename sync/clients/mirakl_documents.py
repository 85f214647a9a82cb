"""What we write to the marketplace, in its words: moments, parcels, stock files and their reports.

The law: our own reference rides on everything that could otherwise be taken for something else.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sync import ports
from sync.clients import mirakl_wire as wire
from sync.clients import mirakl_words as words
from sync.clients.values import written

_INVOICE_REFERENCE = re.compile(r"[0-9a-zA-Z_-]{1,255}")
_STOCK_COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")


def moment_text(moment: datetime) -> str:
    """A moment as the marketplace reads it; an aware one, or it would be anybody's guess."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tracking_document(tracking: ports.Tracking) -> dict[str, str]:
    members = {
        "carrier_code": tracking.carrier_code,
        "carrier_name": tracking.carrier_name,
        "tracking_number": tracking.number,
    }
    return {name: value for name, value in members.items() if value}


def shipment_document(draft: ports.ShipmentDraft) -> dict[str, Any]:
    """A parcel for ST01. Our reference rides on every line, and as invoice reference where its letters allow."""
    document: dict[str, Any] = {
        "order_id": draft.order_id,
        "shipped": True,
        "shipment_lines": [
            {"order_line_id": line_id, "quantity": quantity, "package_reference": draft.reference}
            for line_id, quantity in draft.quantities.items()
        ],
    }
    if _INVOICE_REFERENCE.fullmatch(draft.reference):
        document["invoice_reference"] = draft.reference
    if draft.tracking is not None:
        document["tracking"] = tracking_document(draft.tracking)
    return document


def draft_of(made: wire.Shipment, left: Sequence[ports.ShipmentDraft]) -> ports.ShipmentDraft | None:
    """The draft a shipment was made from: by our reference, else by the only parcel of its order."""
    reference = words.reference_of(made)
    for draft in left:
        if draft.reference == reference and made.order_id in {draft.order_id, None}:
            return draft
    same = [draft for draft in left if draft.order_id == made.order_id]
    return same[0] if len(same) == 1 else None


def stock_file(quantities: Mapping[str, int]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(_STOCK_COLUMNS)
    writer.writerows((sku, str(quantity), "", "") for sku, quantity in quantities.items())
    return out.getvalue().encode()


def stock_errors(text: str) -> dict[str, str]:
    head = text.lstrip("\ufeff").partition("\n")[0]
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";" if ";" in head else ",")
    header = next(rows, [])
    column = header.index("offer-sku") if "offer-sku" in header else 2
    return {written(row[column]): written(row[1]) for row in rows if len(row) > max(column, 1)}
