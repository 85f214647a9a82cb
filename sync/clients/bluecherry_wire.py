"""The ERP's answers as it writes them: only the members we use, every one optional and nullable.

The law: all codes are text; the blanks that pad fixed-width columns are cut at the end, leading zeros stay. An
answer never fails here for a member that is missing or new; what a record must have is decided in
`bluecherry_words`.
"""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sync.clients import values
from sync.clients.values import Units

_BUCKETS = range(1, 25)


def _unpadded(value: Any) -> Any:
    return value.rstrip(" ") if isinstance(value, str) else value


def _rows(value: Any) -> Any:
    """A child collection is `{"rows": [...]}`; some entities give the bare list."""
    return value.get("rows") if isinstance(value, dict) else value


def _given(value: Any) -> Any:
    """Amounts come as text, sometimes empty."""
    return None if value == "" else value


def _bucket(value: Any) -> Any:
    """One of the 24 size buckets; what is none says nothing, and spoils nothing."""
    try:
        number = Decimal(str(value))
        return int(number) if number in _BUCKETS else None
    except ArithmeticError:
        return None


Text = Annotated[values.Text, BeforeValidator(_unpadded)]
Amount = Annotated[values.Amount, BeforeValidator(_given)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class StyleDetail(_Wire):
    """A style in one division and season."""

    division: Text = None
    season: Text = None
    std_cost: Amount = None
    catg_dest1: Text = None
    catg_dest2: Text = None
    catg_dest3: Text = None
    catg_dest4: Text = None
    catg_dest5: Text = None
    catg_dest6: Text = None
    active: Text = None


class ColorSize(_Wire):
    """A colour and size of a style: what carries the UPC."""

    upc: Text = None
    ean: Text = None
    color_code: Text = None
    color_name: Text = None
    lbl_code: Text = None
    dimension: Text = None
    size_desc: Text = None
    size_bk: Annotated[int | None, BeforeValidator(_bucket)] = None
    price: Amount = None
    min_multiple: Units = None
    active: Text = None
    last_mod: Text = None


class Style(_Wire):
    """A style; `stylecolorsizes["rows-i"]` belongs to `styledetail.rows[i]`."""

    style: Text = None
    style_name: Text = None
    group_code1: Text = None
    last_mod: Text = None
    styledetail: Annotated[list[StyleDetail] | None, BeforeValidator(_rows)] = None
    stylecolorsizes: dict[str, list[dict[str, Any]] | None] | None = None


class Location(_Wire):
    """A row of the table of locations."""

    location: Text = None
    loc_name: Text = None
    loc_type: Text = None
    nation: Text = None


class Shipper(_Wire):
    """A row of the table of ship-vias."""

    shipper: Text = None
    ship_name: Text = None
    scac: Text = None
    active: Text = None


class Account(_Wire):
    """A row of the chart of accounts."""

    account: Text = None
    description: Text = None
    active: Text = None


class InventoryBatch(_Wire):
    """A stock batch."""

    batch_id: Text = None
    kind: Text = None
    status: Text = None
    as_of: Text = None
    started_at: Text = None
    completed_at: Text = None
    row_count: Units = None
    checksum: Text = None
    next_expected_at: Text = None


class SalesLine(_Wire):
    """A line of a sales order."""

    line_seq: Units = None
    ext_line_id: Text = None
    style: Text = None
    color_code: Text = None
    lbl_code: Text = None
    dimension: Text = None
    size_desc: Text = None
    qty: Units = None
    qty_ordered: Units = None
    qty_open: Units = None
    qty_picked: Units = None
    qty_shipped: Units = None
    qty_cancelled: Units = None
    cancel_kind: Text = None
    price: Amount = None
    tax_amt: Amount = None


class OrderAddress(_Wire):
    """Where a sales order goes, or who is billed for it; personal."""

    addr_type: Text = None
    name: Text = None
    addr1: Text = None
    addr2: Text = None
    city: Text = None
    state: Text = None
    zipcode: Text = None
    country: Text = None


class SalesOrder(_Wire):
    """A sales order."""

    ord_num: Text = None
    po_num: Text = None
    ord_status: Text = None
    division: Text = None
    customer: Text = None
    location: Text = None
    shipper: Text = None
    entered_at: Text = None
    last_mod: Text = None
    last_user: Text = None
    edit_seq: Units = None
    start_date: Text = None
    end_date: Text = None
    curr_code: Text = None
    frgt_amt: Amount = None
    tax_amt: Amount = None
    disc_amt: Amount = None
    address: Annotated[list[OrderAddress] | None, BeforeValidator(_rows)] = None
    detail: Annotated[list[SalesLine] | None, BeforeValidator(_rows)] = None


class CartonLine(_Wire):
    """What is in a carton."""

    ext_line_id: Text = None
    qty: Units = None


class Carton(_Wire):
    """A parcel."""

    carton_num: Text = None
    track_no: Text = None
    weight: Amount = None
    lines: Annotated[list[CartonLine] | None, BeforeValidator(_rows)] = None


class Shipment(_Wire):
    """A shipment."""

    ship_id: Text = None
    ord_num: Text = None
    po_num: Text = None
    location: Text = None
    ship_date: Text = None
    shipper: Text = None
    scac_code: Text = None
    voided: Text = None
    last_mod: Text = None
    cartons: Annotated[list[Carton] | None, BeforeValidator(_rows)] = None


class Invoice(_Wire):
    """An invoice."""

    inv_num: Text = None
    inv_date: Text = None
    ord_num: Text = None
    po_num: Text = None
    curr_code: Text = None
    frgt_amt: Amount = None
    tax_amt: Amount = None
    total: Amount = None
    last_mod: Text = None


class ReturnLine(_Wire):
    """A line of a return authorisation."""

    line_seq: Units = None
    ext_line_id: Text = None
    qty: Units = None
    qty_received: Units = None


class ReturnOrder(_Wire):
    """A return authorisation."""

    ret_num: Text = None
    ret_status: Text = None
    ord_num: Text = None
    po_num: Text = None
    ref_num2: Text = None
    closed: Text = None
    entered_at: Text = None
    last_mod: Text = None
    detail: Annotated[list[ReturnLine] | None, BeforeValidator(_rows)] = None


class CreditLine(_Wire):
    """A line of a credit memo."""

    ext_line_id: Text = None
    qty: Units = None
    amount: Amount = None


class CreditMemo(_Wire):
    """A credit memo."""

    memo_num: Text = None
    memo_date: Text = None
    ret_num: Text = None
    po_num: Text = None
    curr_code: Text = None
    frgt_amt: Amount = None
    total: Amount = None
    last_mod: Text = None
    detail: Annotated[list[CreditLine] | None, BeforeValidator(_rows)] = None


class Written(_Wire):
    """The answer to a write of one document."""

    pkey: Text = None
    ord_num: Text = None
    ret_num: Text = None
    is_duplicate: bool | None = Field(default=None, alias="duplicate")
