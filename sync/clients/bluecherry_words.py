"""The ERP's records in our words, and our sales orders in its.

The law: nothing is guessed. A record without what gives it meaning is `Unreadable`; the message names the member
and never a value. A SKU's key is built from its six codes and never parsed out of anything else.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sync import ports
from sync.clients import bluecherry_wire as wire
from sync.clients.erp_time import ErpTime
from sync.clients.records import Unreadable, needed, present, read


def _yes(flag: str | None) -> bool:
    return (flag or "").upper() == "Y"


def _key(*codes: str | None) -> str:
    if any("|" in code for code in codes if code):
        raise Unreadable("a code has a | in it, which joins the codes of a SKU")
    return "|".join(code or "" for code in codes)


class Words:
    """Translates records; it knows the server's zone."""

    def __init__(self, time: ErpTime) -> None:
        self._time = time

    def skus(self, raw: Any) -> list[ports.SkuRecord]:
        """Every SKU of a style document."""
        got = read(wire.Style, raw)
        style = needed(got.style, "style")
        details = needed(got.styledetail, "styledetail")
        sizes = needed(got.stylecolorsizes, "stylecolorsizes")
        found = []
        for place, detail in enumerate(details):
            division = needed(detail.division, "styledetail.division")
            destinations = tuple(code for number in range(1, 7) if (code := getattr(detail, f"catg_dest{number}")))
            for raw_size in needed(sizes.get(f"rows-{place}"), f"stylecolorsizes.rows-{place}"):
                size = read(wire.ColorSize, raw_size)
                _key(division, style, size.color_code, size.lbl_code, size.dimension, size.size_desc)
                changes = [text for text in (got.last_mod, size.last_mod) if text]
                found.append(
                    ports.SkuRecord(
                        division=division,
                        style=style,
                        color_code=needed(size.color_code, "color_code"),
                        label=size.lbl_code or "",
                        dimension=size.dimension or "",
                        size=needed(size.size_desc, "size_desc"),
                        style_name=got.style_name or "",
                        color_name=size.color_name or "",
                        upc=size.upc or "",
                        ean=size.ean or "",
                        season=detail.season or "",
                        category=got.group_code1 or "",
                        # A flag that is not given does not make a SKU sellable.
                        is_active=_yes(size.active) and (detail.active is None or _yes(detail.active)),
                        cost=detail.std_cost,
                        price=size.price,
                        destinations=destinations,
                        multiple=max(size.min_multiple or 1, 1),
                        updated_at=max(map(self._time.earlier, changes)) if changes else None,
                        size_bucket=size.size_bk,
                    )
                )
        return found

    def batch(self, raw: Any) -> ports.StockBatch:
        """A stock batch."""
        got = read(wire.InventoryBatch, raw)
        return ports.StockBatch(
            batch_id=needed(got.batch_id, "batch_id"),
            kind=needed(got.kind, "kind"),
            state=needed(got.status, "status"),
            as_of=self._time.earlier(needed(got.as_of, "as_of")),
            started_at=self._time.earlier(got.started_at) if got.started_at else None,
            completed_at=self._time.earlier(got.completed_at) if got.completed_at else None,
            row_count=got.row_count,
            checksum=got.checksum or "",
            next_expected_at=self._time.later(got.next_expected_at) if got.next_expected_at else None,
        )

    def sales_order(self, raw: Any) -> ports.SalesOrder:
        """A sales order with its lines."""
        got = read(wire.SalesOrder, raw)
        # Without its po_num an order of ours would look like nobody's, and be created again.
        present(got, "po_num", "customer", "location", "shipper")
        division = needed(got.division, "division")
        ship_tos, bill_tos = _addresses(got, "ST"), _addresses(got, "BT")
        return ports.SalesOrder(
            ord_num=needed(got.ord_num, "ord_num"),
            order_id=got.po_num or "",
            division=division,
            warehouse=got.location or "",
            customer=got.customer or "",
            ship_via=got.shipper or "",
            raw_status=needed(got.ord_status, "ord_status"),
            # Later: an order counts as known to a batch only when it surely is.
            entered_at=self._time.later(needed(got.entered_at, "entered_at")),
            updated_at=self._time.earlier(needed(got.last_mod, "last_mod")),
            updated_by=got.last_user or "",
            revision=got.edit_seq or 0,
            lines=tuple(_sales_line(line, division) for line in needed(got.detail, "detail")),
            start_day=self._time.whole_day(got.start_date) if got.start_date else None,
            cancel_day=self._time.whole_day(got.end_date) if got.end_date else None,
            shipping_amount=got.frgt_amt,
            discount_amount=got.disc_amt,
            tax_amount=got.tax_amt,
            currency=got.curr_code or "",
            ship_to=_only(ship_tos),
            ship_to_count=None if got.address is None else len(ship_tos),
            bill_to=_only(bill_tos),
            bill_to_count=None if got.address is None else len(bill_tos),
        )

    def shipment(self, raw: Any) -> ports.Shipment:
        """A shipment with its cartons."""
        got = read(wire.Shipment, raw)
        return ports.Shipment(
            ship_id=needed(got.ship_id, "ship_id"),
            ord_num=needed(got.ord_num, "ord_num"),
            order_id=got.po_num or "",
            warehouse=got.location or "",
            ship_via=needed(got.shipper, "shipper"),
            scac=got.scac_code or "",
            shipped_at=self._time.earlier(needed(got.ship_date, "ship_date")),
            updated_at=self._time.earlier(needed(got.last_mod, "last_mod")),
            is_voided=_yes(needed(got.voided, "voided")),
            cartons=tuple(_carton(carton) for carton in needed(got.cartons, "cartons")),
        )

    def invoice(self, raw: Any) -> ports.Invoice:
        """An invoice's header."""
        got = read(wire.Invoice, raw)
        return ports.Invoice(
            invoice_number=needed(got.inv_num, "inv_num"),
            ord_num=needed(got.ord_num, "ord_num"),
            order_id=got.po_num or "",
            invoiced_on=self._time.earlier(needed(got.inv_date, "inv_date")),
            currency=needed(got.curr_code, "curr_code"),
            total_amount=needed(got.total, "total"),
            tax_amount=got.tax_amt or Decimal(0),
            shipping_amount=got.frgt_amt or Decimal(0),
            updated_at=self._time.earlier(needed(got.last_mod, "last_mod")),
        )

    def erp_return(self, raw: Any) -> ports.ErpReturn:
        """A return authorisation with what of it came."""
        got = read(wire.ReturnOrder, raw)
        # Without the marketplace's id a return of ours would look like nobody's, and be created again.
        present(got, "ref_num2", "po_num")
        return ports.ErpReturn(
            ret_num=needed(got.ret_num, "ret_num"),
            order_id=got.po_num or "",
            ord_num=needed(got.ord_num, "ord_num"),
            return_id=got.ref_num2 or "",
            raw_status=needed(got.ret_status, "ret_status"),
            is_closed=_yes(got.closed),
            entered_at=self._time.earlier(needed(got.entered_at, "entered_at")),
            updated_at=self._time.earlier(needed(got.last_mod, "last_mod")),
            lines=tuple(
                ports.ReceivedLine(
                    line_number=needed(line.line_seq, "detail.line_seq"),
                    order_line_id=line.ext_line_id or "",
                    quantity=needed(line.qty, "detail.qty"),
                    received_quantity=needed(line.qty_received, "detail.qty_received"),
                )
                for line in needed(got.detail, "detail")
            ),
        )

    def credit_memo(self, raw: Any) -> ports.CreditMemo:
        """A credit memo."""
        got = read(wire.CreditMemo, raw)
        return ports.CreditMemo(
            memo_number=needed(got.memo_num, "memo_num"),
            ret_num=got.ret_num or "",
            order_id=got.po_num or "",
            issued_on=self._time.earlier(needed(got.memo_date, "memo_date")),
            currency=needed(got.curr_code, "curr_code"),
            shipping_amount=got.frgt_amt or Decimal(0),
            total_amount=needed(got.total, "total"),
            updated_at=self._time.earlier(needed(got.last_mod, "last_mod")),
            lines=tuple(
                ports.CreditLine(
                    order_line_id=line.ext_line_id or "",
                    quantity=needed(line.qty, "detail.qty"),
                    amount=needed(line.amount, "detail.amount"),
                )
                for line in needed(got.detail, "detail")
            ),
        )

    def document(self, draft: ports.SalesOrderDraft, order_type: str) -> dict[str, Any]:
        """Our draft as the ERP's sales order document."""
        return {
            "division": draft.division,
            "customer": draft.customer,
            "ord_type": order_type,
            "po_num": draft.order_id,
            "ref_num2": draft.commercial_id,
            "location": draft.warehouse,
            "shipper": draft.ship_via,
            "start_date": self._time.day(draft.starts_on),
            "end_date": self._time.day(draft.cancels_on),
            "curr_code": draft.currency,
            "frgt_amt": f"{draft.shipping_amount:f}",
            "tax_amt": f"{sum((line.tax_amount for line in draft.lines), Decimal(0)):f}",
            "disc_amt": "0",
            "address": {
                "rows": [
                    _address_row("BT", draft.bill_to, draft.email),
                    _address_row("ST", draft.ship_to, draft.email),
                ]
            },
            "detail": {"rows": [_line_row(line) for line in draft.lines]},
        }


def return_document(draft: ports.ReturnDraft) -> dict[str, Any]:
    """Our draft as the ERP's return order; the marketplace's id and the parcel's number in the free fields."""
    return {
        "ord_num": draft.ord_num,
        "po_num": draft.order_id,
        "ref_num2": draft.return_id,
        "aux_ref_num": draft.tracking,
        "reason": draft.reason_code,
        "detail": {
            "rows": [
                {"line_seq": line.line_number, "ext_line_id": line.order_line_id, "qty": line.quantity}
                for line in draft.lines
            ]
        },
    }


def location(raw: Any) -> ports.Code:
    """A warehouse, or a place that is none."""
    got = read(wire.Location, raw)
    detail = {"type": got.loc_type or "", "nation": got.nation or ""}
    return ports.Code(needed(got.location, "location"), got.loc_name or "", detail)


def ship_via(raw: Any) -> ports.Code:
    """A ship-via."""
    got = read(wire.Shipper, raw)
    detail = {"scac": got.scac or "", "is_active": got.active is None or _yes(got.active)}
    return ports.Code(needed(got.shipper, "shipper"), got.ship_name or "", detail)


def account(raw: Any) -> ports.Code:
    """An account of the general ledger."""
    got = read(wire.Account, raw)
    detail = {"is_active": got.active is None or _yes(got.active)}
    return ports.Code(needed(got.account, "account"), got.description or "", detail)


def _sales_line(got: wire.SalesLine, division: str) -> ports.SalesLine:
    # Without its line id a line of ours would look like one added by hand.
    present(got, "ext_line_id")
    ordered = got.qty_ordered if got.qty_ordered is not None else got.qty
    style = needed(got.style, "detail.style")
    return ports.SalesLine(
        line_number=needed(got.line_seq, "detail.line_seq"),
        order_line_id=got.ext_line_id or "",
        sku_key=_key(division, style, got.color_code, got.lbl_code, got.dimension, got.size_desc),
        ordered_quantity=needed(ordered, "detail.qty_ordered"),
        open_quantity=needed(got.qty_open, "detail.qty_open"),
        picked_quantity=needed(got.qty_picked, "detail.qty_picked"),
        shipped_quantity=needed(got.qty_shipped, "detail.qty_shipped"),
        cancelled_quantity=needed(got.qty_cancelled, "detail.qty_cancelled"),
        cancel_kind=got.cancel_kind or "",
        unit_price=got.price,
        tax_amount=got.tax_amt,
    )


def _addresses(got: wire.SalesOrder, kind: str) -> list[wire.OrderAddress]:
    return [row for row in got.address or () if row.addr_type == kind]


def _only(addresses: Sequence[wire.OrderAddress]) -> ports.Address | None:
    """The address of its kind; None where that is not said, or said twice."""
    if len(addresses) != 1:
        return None
    row = addresses[0]
    return ports.Address(
        name=row.name or "",
        line_1=row.addr1 or "",
        line_2=row.addr2 or "",
        city=row.city or "",
        state=row.state or "",
        postcode=row.zipcode or "",
        country=row.country or "",
    )


def _carton(got: wire.Carton) -> ports.Carton:
    quantities: dict[str, int] = {}
    for line in needed(got.lines, "cartons.lines"):
        if "ext_line_id" not in line.model_fields_set:
            raise Unreadable("cartons.lines.ext_line_id is missing")
        # A line a person added by hand belongs to no line of the marketplace.
        if line.ext_line_id:
            units = needed(line.qty, "cartons.lines.qty")
            quantities[line.ext_line_id] = quantities.get(line.ext_line_id, 0) + units
    return ports.Carton(
        carton=needed(got.carton_num, "cartons.carton_num"),
        tracking=got.track_no or "",
        weight=got.weight,
        quantities=quantities,
    )


def _address_row(kind: str, address: ports.Address, email: str) -> dict[str, str]:
    return {
        "addr_type": kind,
        "name": address.name,
        "addr1": address.line_1,
        "addr2": address.line_2,
        "city": address.city,
        "state": address.state,
        "zipcode": address.postcode,
        "country": address.country,
        "email": email,
        "contact": address.phone,
    }


def _line_row(line: ports.SalesLineDraft) -> dict[str, Any]:
    _division, style, color, label, dimension, size = line.sku_key.split("|")
    return {
        "line_seq": line.line_number,
        "style": style,
        "color_code": color,
        "lbl_code": label,
        "dimension": dimension,
        "size_desc": size,
        "upc": line.upc,
        "qty": line.quantity,
        "price": f"{line.unit_price:f}",
        "tax_amt": f"{line.tax_amount:f}",
        "ext_line_id": line.order_line_id,
    }
