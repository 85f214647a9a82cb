"""What a sales order document must be before the pretend ERP keeps it.

The law: a document is refused with one code of the ERP's list or kept whole; nothing is guessed or repaired,
except that the blanks which pad fixed-width codes are cut.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.sandbox.bluecherry_time import local_text, read_date
from sync.sandbox.catalogue import DIVISIONS, SHIPPERS, WAREHOUSES, Sku

CUSTOMERS = {"JLM": "John Lewis Marketplace", "WEB": "Own web shop", "WHS": "Wholesale house account"}
STATUS_NAMES = {
    "10": "ENTERED",
    "15": "HELD",
    "20": "OPEN",
    "30": "PICKED",
    "40": "PART_SHIPPED",
    "50": "SHIPPED",
    "60": "INVOICED",
    "90": "CANCELLED",
}
_MOST_MONEY = Decimal(10) ** 12
_LENGTHS = {"name": 40, "addr1": 40, "addr2": 40, "city": 25, "zipcode": 10, "state": 25, "contact": 40}
_LOC_TYPES = {warehouse.code: warehouse.loc_type for warehouse in WAREHOUSES}
_DIVISION_CODES = {division.code for division in DIVISIONS}
_SHIPPER_CODES = {shipper.code for shipper in SHIPPERS}


class ErpRefusalError(Exception):
    """The ERP does not take this document; `code` is one of its published reasons."""

    def __init__(
        self, code: str, text: str, *, status: int = 422, where: str = "", line_seq: int | None = None
    ) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.status = status
        self.where = where
        self.line_seq = line_seq
        self.retryable = status in {500, 503, 504}

    def as_error(self) -> dict[str, Any]:
        return {
            "errorCode": self.code,
            "errorMessage": self.text,
            "field": self.where or None,
            "line_seq": self.line_seq,
            "retryable": self.retryable,
        }


@dataclass(slots=True)
class OrderLine:
    """One line of a sales order; what is neither picked, shipped nor cancelled is open."""

    pkey: int
    line_seq: int
    sku: Sku
    qty: int
    price: Decimal
    tax: Decimal
    ext_line_id: str
    picked: int = 0
    shipped: int = 0
    cancelled: int = 0
    cancel_kind: str = ""
    invoiced: int = 0

    @property
    def open(self) -> int:
        return self.qty - self.picked - self.shipped - self.cancelled

    def sku_members(self) -> dict[str, Any]:
        return {
            "style": self.sku.style,
            "color_code": self.sku.color_code,
            "lbl_code": self.sku.label,
            "dimension": self.sku.dimension,
            "size_desc": self.sku.size_desc,
            "upc": self.sku.upc,
        }

    def as_wire(self) -> dict[str, Any]:
        return {
            "pkey": self.pkey,
            "line_seq": self.line_seq,
            **self.sku_members(),
            "price": str(self.price),
            "tax_amt": str(self.tax),
            "ext_line_id": self.ext_line_id,
            "qty": self.qty,
            "qty_ordered": self.qty,
            "qty_open": self.open,
            "qty_picked": self.picked,
            "qty_shipped": self.shipped,
            "qty_cancelled": self.cancelled,
            "cancel_kind": self.cancel_kind or None,
            "qty_invoiced": self.invoiced,
        }


@dataclass(slots=True)
class SalesOrder:
    """A sales order of the marketplace's house account."""

    pkey: int
    ord_num: str
    ord_type: str
    division: str
    customer: str
    po_num: str
    ref_num2: str
    location: str
    shipper: str
    start_on: date
    end_on: date
    curr_code: str
    freight: Decimal
    tax: Decimal
    discount: Decimal
    notes: str
    addresses: list[dict[str, str]]
    lines: list[OrderLine]
    entered_at: datetime
    visible_at: datetime
    last_mod: datetime
    last_mod_text: str = ""
    last_user: str = "API"
    edit_seq: int = 0
    status: str = "10"
    hand_edits: list[str] = field(default_factory=list)
    is_due: bool = True  # its day has come: from then on its units are promised, and it is picked

    def touch(self, now: datetime, user: str = "") -> None:
        """Note a change, as the change feed shows it."""
        self.last_mod = now
        self.last_mod_text = local_text(now) or ""
        if user:
            self.last_user = user
            self.edit_seq += 1

    @property
    def ship_to(self) -> dict[str, str]:
        return next(address for address in self.addresses if address["addr_type"] == "ST")

    def line(self, *, line_seq: object = None, ext_line_id: object = None) -> OrderLine | None:
        for line in self.lines:
            if line_seq is not None and str(line.line_seq) != str(line_seq):
                continue
            if ext_line_id is not None and line.ext_line_id != ext_line_id:
                continue
            return line
        return None

    def header(self) -> dict[str, Any]:
        return {
            "pkey": self.pkey,
            "ord_num": self.ord_num,
            "ord_status": self.status,
            "ord_type": self.ord_type,
            "division": self.division,
            "customer": self.customer,
            "po_num": self.po_num,
            "ref_num2": self.ref_num2,
            "location": self.location,
            "shipper": self.shipper,
            "start_date": self.start_on.isoformat(),
            "end_date": self.end_on.isoformat(),
            "curr_code": self.curr_code,
            "frgt_amt": str(self.freight),
            "tax_amt": str(self.tax),
            "disc_amt": str(self.discount),
            "notes": self.notes,
            "entered_at": local_text(self.entered_at),
            "last_mod": self.last_mod_text,
            "last_user": self.last_user,
            "edit_seq": self.edit_seq,
        }

    def children(self) -> dict[str, Any]:
        return {
            "address": {"rows": [dict(address) for address in self.addresses]},
            "detail": {"rows": [line.as_wire() for line in self.lines]},
        }


class SkuIndex:
    """Finds SKUs by their keys or by UPC."""

    def __init__(self, skus: Iterable[Sku]) -> None:
        self.by_keys: dict[tuple[str, ...], Sku] = {}
        self.styles: dict[str, set[str]] = {}
        self.by_upc: dict[str, list[Sku]] = {}
        for sku in skus:
            self.by_keys[(sku.division, sku.style, sku.color_code, sku.label, sku.dimension, sku.size_desc)] = sku
            self.styles.setdefault(sku.style, set()).add(sku.division)
            if sku.upc.strip():
                self.by_upc.setdefault(sku.upc.strip(), []).append(sku)

    def find(self, division: str, row: Mapping[str, Any], line_seq: int) -> Sku:
        keys = [text(row, name) for name in ("style", "color_code", "lbl_code", "dimension", "size_desc")]
        if keys[0]:
            sku = self.by_keys.get((division, *keys))
            if sku is None:
                elsewhere = self.styles.get(keys[0], set()) - {division}
                code = "SKU_NOT_IN_DIVISION" if elsewhere else "UNKNOWN_SKU"
                raise ErpRefusalError(code, "|".join((division, *keys)), where="style", line_seq=line_seq)
        else:
            found = [sku for sku in self.by_upc.get(text(row, "upc"), []) if sku.division == division]
            if len(found) != 1:
                code = "UPC_AMBIGUOUS" if found else "UNKNOWN_SKU"
                raise ErpRefusalError(code, text(row, "upc"), where="upc", line_seq=line_seq)
            sku = found[0]
        if not sku.active:
            raise ErpRefusalError("INACTIVE_SKU", sku.key, where="style", line_seq=line_seq)
        return sku


def text(row: Mapping[str, Any], name: str) -> str:
    """A member as text, its padding cut; absent and null are empty."""
    value = row.get(name)
    return "" if value is None else str(value).rstrip(" ")


def money(row: Mapping[str, Any], name: str) -> Decimal:
    """An amount; absent is nothing."""
    try:
        amount = Decimal(text(row, name) or "0")
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= _MOST_MONEY:
        raise ErpRefusalError("INTERNAL", f"{name} is not an amount", status=500, where=name)
    return amount


def rows_of(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A child collection, as `{rows: [...]}` or as a plain list."""
    child = document.get(name)
    if isinstance(child, dict):
        child = child.get("rows")
    return [row for row in child if isinstance(row, dict)] if isinstance(child, list) else []


def check_header(document: Mapping[str, Any]) -> None:
    """Refuse a header with a code this ERP does not know."""
    division, location = text(document, "division"), text(document, "location")
    if not division:
        raise ErpRefusalError("MISSING_DIVISION", "division is required", where="division")
    if division not in _DIVISION_CODES:
        raise ErpRefusalError("UNKNOWN_DIVISION", f"division {division}", where="division")
    if not location:
        raise ErpRefusalError("MISSING_WAREHOUSE", "location is required", where="location")
    if location not in _LOC_TYPES:
        raise ErpRefusalError("UNKNOWN_WAREHOUSE", f"location {location}", where="location")
    if _LOC_TYPES[location] != "W":
        raise ErpRefusalError("NOT_A_WAREHOUSE", f"location {location}", where="location")
    if text(document, "customer") not in CUSTOMERS:
        raise ErpRefusalError("UNKNOWN_CUSTOMER", text(document, "customer"), where="customer")
    if text(document, "shipper") not in _SHIPPER_CODES:
        raise ErpRefusalError("UNKNOWN_SHIP_VIA", text(document, "shipper"), where="shipper")
    if text(document, "curr_code") != "GBP":
        raise ErpRefusalError("CURRENCY_MISMATCH", text(document, "curr_code"), where="curr_code")


def read_dates(document: Mapping[str, Any], today: date) -> tuple[date, date]:
    """Start and cancel-after; absent means today."""
    found: list[date] = []
    for name in ("start_date", "end_date"):
        given = text(document, name)
        day = read_date(given) if given else today
        if day is None:
            raise ErpRefusalError("INVALID_DATE", f"{name} {given}", where=name)
        found.append(day)
    if given and found[1] < found[0]:
        raise ErpRefusalError("CANCEL_BEFORE_START", "end_date is before start_date", where="end_date")
    return found[0], max(found)


def read_addresses(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The addresses; a ship-to is required and no field may be too long for its column."""
    names = ("addr_type", "name", "addr1", "addr2", "city", "state", "zipcode", "country", "email", "contact")
    addresses = [{name: text(row, name) for name in names} for row in rows_of(document, "address")]
    for address in addresses:
        for name, longest in _LENGTHS.items():
            if len(address[name]) > longest:
                raise ErpRefusalError("FIELD_TOO_LONG", f"{name} takes {longest} characters", where=name)
    ship_to = [address for address in addresses if address["addr_type"] == "ST"]
    if len(ship_to) != 1:
        raise ErpRefusalError("INVALID_ADDRESS", "one ST address is required", where="addr_type")
    for name in ("name", "addr1", "city", "zipcode", "country"):
        if not ship_to[0][name]:
            raise ErpRefusalError("INVALID_ADDRESS", f"{name} is required", where=name)
    return addresses


def read_quantity(value: object, line_seq: int | None = None) -> int:
    """A whole number of units above zero."""
    try:
        units = Decimal(str(value))
    except InvalidOperation:
        units = Decimal(0)
    if isinstance(value, bool) or not units.is_finite() or units <= 0 or units != int(units):
        raise ErpRefusalError("INVALID_QTY", f"qty {value}", where="qty", line_seq=line_seq)
    return int(units)


def read_lines(document: Mapping[str, Any], division: str, skus: SkuIndex, first_pkey: int) -> list[OrderLine]:
    """Every line, or a refusal that names the first bad one."""
    lines: list[OrderLine] = []
    for number, row in enumerate(rows_of(document, "detail"), start=1):
        given = text(row, "line_seq")
        line_seq = int(given) if re.fullmatch("[0-9]{1,9}", given) else number
        sku = skus.find(division, row, line_seq)
        qty = read_quantity(row.get("qty"), line_seq)
        if qty % sku.multiple:
            raise ErpRefusalError("PACK_MULTIPLE", f"multiple of {sku.multiple}", where="qty", line_seq=line_seq)
        if not text(row, "price"):
            raise ErpRefusalError("PRICE_MISSING", sku.key, where="price", line_seq=line_seq)
        lines.append(
            OrderLine(
                first_pkey + number,
                line_seq,
                sku,
                qty,
                money(row, "price"),
                money(row, "tax_amt"),
                text(row, "ext_line_id"),
            )
        )
    if not lines:
        raise ErpRefusalError("INVALID_QTY", "the order has no line", where="detail")
    return lines
