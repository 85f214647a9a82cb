"""The marketplace's records in our words.

The law: nothing is guessed. A record without what gives it meaning (its ids, its state, its moments, its units,
its price) is `Unreadable`, and the message names the member and never a value. Commission amounts include their
VAT, as the port says them.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sync import ports
from sync.clients import mirakl_wire as wire
from sync.clients.records import Unreadable, needed, present, read

_IMPORT_STATES = {
    "WAITING": "waiting",
    "QUEUED": "waiting",
    "RUNNING": "running",
    "COMPLETE": "complete",
    "FAILED": "failed",
    # not among those of a stock import's description, as other imports end there
    "CANCELLED": "failed",
    "CANCELED": "failed",
}
_NOTHING = Decimal(0)


def _amount(*candidates: Decimal | None) -> Decimal:
    return next((value for value in candidates if value is not None), _NOTHING)


def _less(total: Decimal | None, part: Decimal | None) -> Decimal | None:
    return None if total is None or part is None else total - part


def _units(quantity: int | None, member: str) -> int:
    """Units somebody ordered, cancelled or sent: there are never fewer than none."""
    units = needed(quantity, member)
    if units < 0:
        raise Unreadable(f"{member} is below zero")
    return units


def order(raw: Any) -> ports.MarketOrder:
    """OR11: an order."""
    got = read(wire.Order, raw)
    if got.order_lines is None:
        raise Unreadable("order_lines is missing")
    present(got, "customer", "shipping_type_code")
    lines = tuple(_line(line, number) for number, line in enumerate(got.order_lines, start=1))
    price = _amount(got.price, sum((line.price for line in lines), _NOTHING))
    shipping = _amount(
        got.shipping_price,
        _less(got.total_price, got.price),
        sum((line.shipping_amount for line in lines), _NOTHING),
    )
    # What was shown with nothing left of it is missing from the order's own sums, too.
    emptied = [line for line, raw in zip(lines, got.order_lines, strict=True) if line.price and not raw.price]
    price += sum((line.price for line in emptied if got.price is not None), _NOTHING)
    shipping += sum((line.shipping_amount for line in emptied if got.shipping_price is not None), _NOTHING)
    lost = sum((line.price + line.shipping_amount for line in emptied), _NOTHING)
    commission = sum((line.commission_amount for line in emptied), _NOTHING)
    references = got.references or wire.References()
    return ports.MarketOrder(
        order_id=needed(got.order_id, "order_id"),
        commercial_id=got.commercial_id or "",
        state=needed(got.order_state, "order_state"),
        created_at=needed(got.created_date, "created_date"),
        updated_at=needed(got.last_updated_date, "last_updated_date"),
        accepted_at=got.acceptance_decision_date,
        debited_at=got.customer_debited_date,
        shipping_deadline_at=got.shipping_deadline,
        currency=needed(got.currency_iso_code, "currency_iso_code"),
        tax_mode=got.order_tax_mode or "",
        price=price,
        shipping_amount=shipping,
        total_amount=price + shipping if got.total_price is None else got.total_price + lost,
        commission_amount=sum((line.commission_amount for line in lines), _NOTHING)
        if got.total_commission is None
        else got.total_commission + commission,
        shipping_type=got.shipping_type_code or "",
        shipping_zone=got.shipping_zone_code or "",
        seller_reference=references.order_reference_for_seller or "",
        has_incident=bool(got.has_incident) or any(line.state == "INCIDENT_OPEN" for line in lines),
        carrier_code=got.shipping_carrier_code or "",
        tracking=got.shipping_tracking or "",
        lines=lines,
        person=_person(got),
        state_reason=_reason(got.order_state_reason_label, got.order_state_reason_code),
    )


def _reason(label: str | None, code: str | None) -> str:
    """A reason as people read it: `Not accepted in time (AUTO-REFUSED)`; codes are the operator's own."""
    return f"{label} ({code})" if label and code else label or code or ""


def _line(got: wire.OrderLine, number: int) -> ports.MarketLine:
    quantity = _units(got.quantity, "order_lines.quantity")
    # Read as "nothing was cancelled", a missing list would send units nobody wants.
    present(got, "cancelations", "refunds")
    unit_price, price = got.price_unit, got.price
    if price is None:
        price = _less(got.total_price, got.shipping_price)
    if price is None and unit_price is not None:
        price = unit_price * quantity
    price = needed(price, "order_lines.price")
    if unit_price is None:
        unit_price = price / quantity if quantity else price
    taxes = [tax.amount for tax in got.commission_taxes if tax.amount is not None]
    fee = got.commission_fee
    vat = sum(taxes, _NOTHING) if taxes else _amount(got.commission_vat, _less(got.total_commission, fee))
    gone = [_change(change, "cancelation") for change in got.cancelations]
    changes = [*gone, *(_change(change, "refund") for change in got.refunds)]
    line = ports.MarketLine(
        order_line_id=needed(got.order_line_id, "order_lines.order_line_id"),
        line_number=got.order_line_index if got.order_line_index is not None else number,
        offer_sku=needed(got.offer_sku, "order_lines.offer_sku"),
        title=got.product_title or "",
        state=needed(got.order_line_state, "order_lines.order_line_state"),
        quantity=quantity,
        unit_price=unit_price,
        price=price,
        shipping_amount=_amount(got.shipping_price, _less(got.total_price, price)),
        commission_amount=_amount(got.total_commission, None if fee is None else fee + vat),
        commission_vat=vat,
        changes=tuple(changes),
    )
    return _as_sold(line, gone, got.cancelations)


def _as_sold(
    line: ports.MarketLine, gone: Sequence[ports.LineChange], records: Sequence[wire.Change]
) -> ports.MarketLine:
    """The line as it was sold, where the marketplace certainly shows it without what was cancelled.

    Some operators take a cancelled line's units and amounts down, to zero at last; its cancelation records still
    have them. Where as many are left as were cancelled, or more, only what was shown before could tell
    (sync.rules.shrinking).
    """
    units = sum(change.quantity for change in gone)
    goods = sum((change.amount for change in gone), _NOTHING)
    if units > line.quantity:  # no more can be cancelled than was sold: what is shown is what is left
        is_priced_so = bool(line.quantity) and line.price == line.unit_price * line.quantity
        line = replace(
            line, quantity=line.quantity + units, price=line.price + (goods if is_priced_so else _NOTHING)
        )
    if not goods or line.price:
        return line
    taxes = [tax.amount for record in records for tax in record.commission_taxes if tax.amount is not None]
    return replace(
        line,
        price=goods,
        unit_price=line.unit_price or (goods / line.quantity if line.quantity else goods),
        shipping_amount=line.shipping_amount or sum((change.shipping_amount for change in gone), _NOTHING),
        commission_amount=line.commission_amount or sum((change.commission_amount for change in gone), _NOTHING),
        commission_vat=line.commission_vat or sum(taxes, _NOTHING),
    )


def _change(got: wire.Change, kind: str) -> ports.LineChange:
    present(got, "quantity")
    return ports.LineChange(
        change_id=needed(got.id, f"{kind}.id"),
        kind=kind,
        quantity=_units(got.quantity or 0, f"{kind}.quantity"),
        amount=needed(got.amount, f"{kind}.amount"),
        shipping_amount=_amount(got.shipping_amount),
        commission_amount=_amount(got.commission_total_amount, got.commission_amount),
        reason_code=got.reason_code or "",
        state=got.refund_state or got.state or "",
        created_at=got.created_date,
    )


def _person(got: wire.Order) -> ports.Person | None:
    customer = got.customer
    if customer is None or (customer.shipping_address is None and customer.billing_address is None):
        return None
    return ports.Person(
        ship_to=_address(customer.shipping_address, customer),
        bill_to=_address(customer.billing_address, customer),
        email=got.customer_notification_email or "",
    )


def _address(got: wire.Address | None, customer: wire.Customer) -> ports.Address | None:
    if got is None:
        return None
    name = _joined(" ", got.firstname, got.lastname) or _joined(" ", customer.firstname, customer.lastname)
    company = _joined(" ", got.company, got.company_2)
    return ports.Address(
        name=name or company,
        line_1=(got.street_1 or "").strip(),
        # `additional_info` is a word to the carrier ("leave it with the neighbour"), not part of the place.
        line_2=_joined(", ", got.street_2, company if name else ""),
        city=(got.city or "").strip(),
        state=(got.state or "").strip(),
        postcode=(got.zip_code or "").strip(),
        country=(got.country_iso_code or got.country or "").strip(),
        phone=(got.phone or "").strip(),
    )


def _joined(separator: str, *parts: str | None) -> str:
    return separator.join(part.strip() for part in parts if part and part.strip())


def shipment(raw: Any) -> ports.MarketShipment:
    """ST11: a shipment."""
    got = read(wire.Shipment, raw)
    if got.shipment_lines is None:
        raise Unreadable("shipment_lines is missing")
    quantities: dict[str, int] = {}
    for line in got.shipment_lines:
        line_id = needed(line.order_line_id, "shipment_lines.order_line_id")
        quantity = _units(line.quantity, "shipment_lines.quantity")
        quantities[line_id] = quantities.get(line_id, 0) + quantity
    return ports.MarketShipment(
        shipment_id=needed(got.id, "id"),
        order_id=needed(got.order_id, "order_id"),
        state=got.status or "",
        reference=reference_of(got),
        tracking=(got.tracking.tracking_number if got.tracking else None) or "",
        quantities=quantities,
        shipped_at=got.shipped_date,
    )


def reference_of(got: wire.Shipment) -> str:
    """Our own name for a shipment, from either place we write it to."""
    packages = [line.package_reference for line in got.shipment_lines or () if line.package_reference]
    return packages[0] if packages else got.invoice_reference or ""


def offer(raw: Any) -> ports.Offer:
    """OF21: an offer. Its SKU is kept byte for byte."""
    got = read(wire.Offer, raw)
    return ports.Offer(
        sku=needed(got.shop_sku, "shop_sku"),
        offer_id=got.offer_id or "",
        product_id=got.product_sku or "",
        title=got.product_title or "",
        quantity=needed(got.quantity, "quantity"),
        price=got.price,
        is_active=bool(got.active),
        inactivity_reasons=tuple(reason for reason in got.inactivity_reasons if reason),
    )


def import_status(raw: Any, import_id: str) -> ports.ImportStatus:
    """STO02: how far an import is; a state nobody told us of is not an end."""
    got = read(wire.ImportProgress, raw)
    state = needed(got.status, "status")
    errors = got.lines_in_error or 0
    return ports.ImportStatus(
        import_id=got.import_id or import_id,
        state=_IMPORT_STATES.get(state, "running"),
        raw_state=state,
        success_count=got.lines_in_success or 0,
        error_count=errors,
        has_error_report=bool(got.has_error_report),
    )


def transaction(raw: Any) -> ports.TransactionLine:
    """TL02: a line of the ledger."""
    got = read(wire.Transaction, raw)
    about = got.entities or wire.Entities()
    amount = got.amount if got.amount is not None else _less(got.amount_credited, got.amount_debited)
    tax = about.shop_tax or about.order_tax
    document = about.manual_accounting_document
    return ports.TransactionLine(
        transaction_id=needed(got.id, "id"),
        type=needed(got.type, "type"),
        amount=needed(amount, "amount"),
        balance=got.balance,
        currency=needed(got.currency_iso_code, "currency_iso_code"),
        payment_state=got.payment_state or "",
        created_at=needed(got.date_created, "date_created"),
        updated_at=needed(got.last_updated or got.date_created, "last_updated"),
        cycle_id=got.seller_billing_cycle_id or "",
        document_number=got.accounting_document_number or (document.number if document else None) or "",
        order_id=_id(about.order),
        order_line_id=_id(about.order_line),
        refund_id=_id(about.refund),
        tax_rate=tax.rate if tax is not None else None,
    )


def _id(named: wire.Named | None) -> str:
    return (named.id if named is not None else None) or ""


def billing_cycle(raw: Any) -> ports.BillingCycle:
    """SBC11: a payout's header."""
    got = read(wire.BillingCycle, raw)
    pay_out = got.pay_out or wire.PayOut()
    return ports.BillingCycle(
        cycle_id=needed(got.id, "id"),
        created_at=needed(got.date_created, "date_created"),
        currency=needed(got.currency_iso_code, "currency_iso_code"),
        amount=needed(got.amount_transferred_to_seller, "amount_transferred_to_seller"),
        state=pay_out.state or "",
        voucher=got.payment_voucher_number or "",
        paid_at=pay_out.transaction_date,
        totals={name: value for name, value in (got.summary or {}).items() if value is not None},
    )


def account(raw: Any) -> ports.Account:
    """A01."""
    got = read(wire.Account, raw)
    balances = got.payment_details.model_dump() if got.payment_details is not None else {}
    return ports.Account(
        shop_id=got.shop_id or "",
        shop_name=got.shop_name or "",
        state=got.shop_state or "",
        model=got.model or "",
        currency=got.currency_iso_code or "",
        balances={name.removesuffix("_balance"): value for name, value in balances.items() if value is not None},
    )


def rules(raw: Any) -> ports.MarketRules:
    """PC01; a feature that is not mentioned is off, but how orders go and what platform it is must be said."""
    got = read(wire.Configuration, raw)
    features = got.features or wire.Features()
    workflows = features.order_workflows or wire.OrderWorkflows()
    platform = got.platform_configuration or wire.PlatformModels()
    models = platform.platform_model or wire.ByModel()
    return ports.MarketRules(
        tenant=got.tenant_name or "",
        timezone=got.timezone or "",
        acceptance=needed(workflows.order_acceptance, "features.order_workflows.order_acceptance"),
        multi_shipment=bool(features.shipment and features.shipment.multi_shipment),
        tax_mode=features.order_tax_mode or "",
        address_before_acceptance=bool(workflows.shipping_and_billing_details_before_acceptance),
        is_marketplace=needed(models.marketplace, "platform_configuration.platform_model.marketplace"),
        returns=bool(features.returns and features.returns.marketplace),
    )


def carrier(raw: Any) -> ports.Code:
    """SH21."""
    got = read(wire.Carrier, raw)
    detail = {"standard_code": got.standard_code or "", "tracking_url": got.tracking_url or ""}
    return ports.Code(needed(got.code, "code"), got.label or "", detail)


def shipping_type(raw: Any) -> ports.Code:
    """SH12; where it does not say, tracking is demanded: sending it harms nobody."""
    got = read(wire.ShippingType, raw)
    detail = {"mandatory_tracking": got.mandatory_tracking is not False}
    return ports.Code(needed(got.code, "code"), got.label or "", detail)


def reason(raw: Any) -> ports.Code:
    """RE01."""
    got = read(wire.Reason, raw)
    detail = {"type": got.type or "", "is_ours": bool(got.is_shop_right)}
    return ports.Code(needed(got.code, "code"), got.label or "", detail)
