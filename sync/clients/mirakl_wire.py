"""The marketplace's answers as it writes them: only the members we use, every one optional and nullable.

The law: an answer never fails here for a member that is missing, null, new, or an enum value nobody told us of.
States and codes are text and stay as they came. What a record must have to mean anything is decided in
`mirakl_words`, where it becomes one of our own values.
"""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from sync.clients.values import Amount, Moment, Text, Units


def _numbers(value: Any) -> Any:
    """Of an object of sums only its numbers: what else a later version puts there is not a sum."""
    if not isinstance(value, dict):
        return value
    return {
        name: each for name, each in value.items() if isinstance(each, Decimal | int) and not isinstance(each, bool)
    }


def _list(value: Any) -> Any:
    return [] if value is None else value


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class Version(_Wire):
    """V01."""

    version: Text = None


class Balances(_Wire):
    """A01: what the marketplace owes us, by how near it is to being paid."""

    paid_balance: Amount = None
    payable_balance: Amount = None
    pending_balance: Amount = None
    reserve_balance: Amount = None


class Account(_Wire):
    """A01."""

    shop_id: Text = None
    shop_name: Text = None
    shop_state: Text = None
    model: Text = None
    currency_iso_code: Text = None
    payment_details: Balances | None = None


class OrderWorkflows(_Wire):
    """PC01, how orders go."""

    order_acceptance: Text = None
    shipping_and_billing_details_before_acceptance: bool | None = None


class ShipmentFeature(_Wire):
    """PC01, how goods go."""

    multi_shipment: bool | None = None


class ByModel(_Wire):
    """PC01, a feature or a model per way of selling."""

    marketplace: bool | None = None
    drop_ship: bool | None = None
    one_creditor: bool | None = None


class Features(_Wire):
    """PC01, what the operator switched on."""

    order_workflows: OrderWorkflows | None = None
    order_tax_mode: Text = None
    shipment: ShipmentFeature | None = None
    returns: ByModel | None = None


class PlatformModels(_Wire):
    """PC01, the ways of selling there are."""

    platform_model: ByModel | None = None


class Configuration(_Wire):
    """PC01."""

    tenant_name: Text = None
    timezone: Text = None
    features: Features | None = None
    platform_configuration: PlatformModels | None = None


class Carrier(_Wire):
    """SH21, one row."""

    code: Text = None
    label: Text = None
    standard_code: Text = None
    tracking_url: Text = None


class ShippingType(_Wire):
    """SH12, one row."""

    code: Text = None
    label: Text = None
    mandatory_tracking: bool | None = None


class Reason(_Wire):
    """RE01, one row."""

    code: Text = None
    label: Text = None
    type: Text = None
    is_shop_right: bool | None = None


class Charge(_Wire):
    """A tax or a fee within a line or a change."""

    code: Text = None
    amount: Amount = None


class Change(_Wire):
    """OR11, a cancelation or a refund of a line."""

    id: Text = None
    quantity: Units = None
    amount: Amount = None
    shipping_amount: Amount = None
    commission_amount: Amount = None
    commission_total_amount: Amount = None
    commission_taxes: Annotated[list[Charge], BeforeValidator(_list)] = []
    reason_code: Text = None
    refund_state: Text = None
    state: Text = None
    created_date: Moment = None


class OrderLine(_Wire):
    """OR11, a line."""

    order_line_id: Text = None
    order_line_index: Units = None
    order_line_state: Text = None
    offer_sku: Text = None
    product_title: Text = None
    quantity: Units = None
    price_unit: Amount = None
    price: Amount = None
    shipping_price: Amount = None
    total_price: Amount = None
    commission_fee: Amount = None
    commission_vat: Amount = None
    commission_taxes: Annotated[list[Charge], BeforeValidator(_list)] = []
    total_commission: Amount = None
    cancelations: Annotated[list[Change], BeforeValidator(_list)] = []
    refunds: Annotated[list[Change], BeforeValidator(_list)] = []


class Address(_Wire):
    """OR11, where a person lives."""

    firstname: Text = None
    lastname: Text = None
    company: Text = None
    company_2: Text = None
    street_1: Text = None
    street_2: Text = None
    additional_info: Text = None
    zip_code: Text = None
    city: Text = None
    state: Text = None
    country: Text = None
    country_iso_code: Text = None
    phone: Text = None


class Customer(_Wire):
    """OR11, who bought."""

    firstname: Text = None
    lastname: Text = None
    shipping_address: Address | None = None
    billing_address: Address | None = None


class References(_Wire):
    """OR11 and OR04, other people's names for an order."""

    order_reference_for_seller: Text = None
    order_reference_for_customer: Text = None


class Order(_Wire):
    """OR11, an order; `order_lines` is None where the answer has none, which is not the same as empty."""

    order_id: Text = None
    commercial_id: Text = None
    order_state: Text = None
    order_state_reason_code: Text = None
    order_state_reason_label: Text = None
    created_date: Moment = None
    last_updated_date: Moment = None
    acceptance_decision_date: Moment = None
    customer_debited_date: Moment = None
    shipping_deadline: Moment = None
    currency_iso_code: Text = None
    order_tax_mode: Text = None
    price: Amount = None
    shipping_price: Amount = None
    total_price: Amount = None
    total_commission: Amount = None
    shipping_type_code: Text = None
    shipping_zone_code: Text = None
    shipping_carrier_code: Text = None
    shipping_tracking: Text = None
    has_incident: bool | None = None
    references: References | None = None
    customer: Customer | None = None
    customer_notification_email: Text = None
    order_lines: list[OrderLine] | None = None


class WireError(_Wire):
    """OR04 and ST01: why one item of many was not taken."""

    code: Text = None
    field: Text = None
    message: Text = None
    order_id: Text = None


class UpdatedOrder(_Wire):
    """OR04, what became of one order."""

    order_id: Text = None
    errors: Annotated[list[WireError], BeforeValidator(_list)] = []


class TrackingWire(_Wire):
    """ST01 and ST11: how a parcel is followed."""

    carrier_code: Text = None
    carrier_name: Text = None
    tracking_number: Text = None


class ShipmentLine(_Wire):
    """ST01 and ST11: what is in a parcel."""

    order_line_id: Text = None
    quantity: Units = None
    package_reference: Text = None


class Shipment(_Wire):
    """ST01 and ST11: a shipment."""

    id: Text = None
    order_id: Text = None
    status: Text = None
    invoice_reference: Text = None
    shipped_date: Moment = None
    shipment_lines: list[ShipmentLine] | None = None
    tracking: TrackingWire | None = None


class Canceled(_Wire):
    """OR30, one cancelation made."""

    cancelation_id: Text = None
    order_line_id: Text = None


class Offer(_Wire):
    """OF21, an offer."""

    offer_id: Text = None
    shop_sku: Text = None
    product_sku: Text = None
    product_title: Text = None
    quantity: Units = None
    price: Amount = None
    active: bool | None = None
    inactivity_reasons: Annotated[list[Text], BeforeValidator(_list)] = []


class ImportCreated(_Wire):
    """STO01."""

    import_id: Text = None


class ImportProgress(_Wire):
    """STO02."""

    import_id: Text = None
    status: Text = None
    lines_in_success: Units = None
    lines_in_error: Units = None
    has_error_report: bool | None = None


class Named(_Wire):
    """TL02, something a ledger line is about."""

    id: Text = None


class Rated(_Wire):
    """TL02, a tax."""

    code: Text = None
    rate: Amount = None


class Document(_Wire):
    """TL02, a manual document."""

    number: Text = None


class Entities(_Wire):
    """TL02, what a ledger line is about."""

    order: Named | None = None
    order_line: Named | None = None
    refund: Named | None = None
    order_tax: Rated | None = None
    shop_tax: Rated | None = None
    manual_accounting_document: Document | None = None


class Transaction(_Wire):
    """TL02, a line of the ledger."""

    id: Text = None
    type: Text = None
    amount: Amount = None
    amount_credited: Amount = None
    amount_debited: Amount = None
    balance: Amount = None
    currency_iso_code: Text = None
    payment_state: Text = None
    date_created: Moment = None
    last_updated: Moment = None
    seller_billing_cycle_id: Text = None
    accounting_document_number: Text = None
    entities: Entities | None = None


class PayOut(_Wire):
    """SBC11, the payment itself."""

    state: Text = None
    reference: Text = None
    transaction_date: Moment = None


class BillingCycle(_Wire):
    """SBC11, a cycle."""

    id: Text = None
    date_created: Moment = None
    currency_iso_code: Text = None
    amount_transferred_to_seller: Amount = None
    payment_voucher_number: Text = None
    pay_out: PayOut | None = None
    summary: Annotated[dict[str, Amount] | None, BeforeValidator(_numbers)] = None
