"""What the operator has switched on and its tables: configuration, account, carriers, types, reasons, cycles.

Law: a shop decides its behaviour from these, so they must agree with what the other rooms really do.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.sandbox.catalogue import JL_CARRIERS
from sync.sandbox.deadlines import iso
from sync.sandbox.john_lewis import SHOP_ID, SHOP_NAME
from sync.sandbox.john_lewis_money import Cycle
from sync.sandbox.john_lewis_orders import LEAD_TIME_DAYS, SHIPPING_TYPES
from sync.sandbox.john_lewis_shipping import MANDATORY_TRACKING
from sync.sandbox.john_lewis_wire import number

if TYPE_CHECKING:
    from sync.sandbox.world import World

TENANT = "johnlewisuk-sandbox"
REASONS = (
    ("CNL-CUSTOMER", "Customer changed their mind", "CANCELATION", False),
    ("CNL-OUT-OF-STOCK", "Out of stock", "CANCELATION", True),
    ("CNL-SHORT-PICK", "Short pick in the warehouse", "CANCELATION", True),
    ("RFD-SIZE", "Wrong size", "REFUND", True),
    ("RFD-CHANGED-MIND", "Changed my mind", "REFUND", True),
    ("RFD-FAULTY", "Faulty", "REFUND", True),
    ("RFD-LOST", "Lost in the post", "REFUND", False),
    ("INC-NOT-RECEIVED", "Parcel not received", "INCIDENT_OPEN", False),
    ("INC-SOLVED", "Settled with the customer", "INCIDENT_CLOSE", True),
    ("MSG-DELIVERY", "About a delivery", "ORDER_MESSAGING", True),
)


def configuration(world: "World") -> dict[str, Any]:
    """PC01."""
    is_automatic = world.switches["acceptance_automatic"]
    return {
        "tenant_name": TENANT,
        "platform_name": "John Lewis (sandbox)",
        "timezone": "Europe/London",
        "platform_configuration": {
            "customer_model": {"b2b": False, "b2c": True},
            "enhanced_seller_invoicing": {"enabled": False},
            "platform_model": {"marketplace": True, "drop_ship": False, "one_creditor": False},
        },
        "features": {
            "order_workflows": {
                "order_acceptance": "AUTOMATIC" if is_automatic else "NOT_AUTOMATIC",
                "shipping_and_billing_details_before_acceptance": False,
                "pay_on_shipment": False,
                "pay_on_due_date": False,
                "no_customer_payment_confirmation": False,
                "pause_debit_workflow": False,
                "sellers_edit_shipping_origin": False,
            },
            "order_tax_mode": "TAX_INCLUDED",
            "shipment": {
                "multi_shipment": world.switches["multi_shipment"],
                "multi_part_item_shipment": False,
            },
            "disable_seller_alternative_carrier": True,
            "lead_time_to_ship_by_sellers_enabled": "YES",
            "returns": {"marketplace": True, "drop_ship": False, "one_creditor": False},
            "pricing": {
                "channel_pricing": "DISABLED",
                "scheduled_pricing": False,
                "volume_pricing": False,
                "volume_discount": False,
                "discount_period_required": True,
            },
            "offer_prices_decimals": "2",
            "operator_csv_delimiter": "SEMICOLON",
            "dropship": {"retail_pricing_enabled": False, "retail_pricing_edition_enabled": None},
            "payment_confirmation": True,
            "multi_currency": False,
        },
        "modules": {
            "offer_management": True,
            "order_management": True,
            "mirakl_catalog_manager": False,
            "mirakl_catalog_integrator": True,
            "mirakl_catalog_transformer": True,
        },
    }


def account(world: "World") -> dict[str, Any]:
    """A01."""
    john_lewis = world.john_lewis
    balances = john_lewis.ledger.balances()
    return {
        "shop_id": SHOP_ID,
        "shop_name": SHOP_NAME,
        "shop_state": "OPEN",
        "model": "MARKETPLACE",
        "currency_iso_code": "GBP",
        "channels": [],
        "closed_from": None,
        "closed_to": None,
        "date_created": iso(john_lewis.opened_at),
        "last_updated_date": iso(john_lewis.opened_at),
        "kyc": {"status": "APPROVED", "reason": None},
        "payment_details": {
            "paid_balance": number(balances["paid"]),
            "payable_balance": number(balances["payable"]),
            "pending_balance": number(balances["pending"]),
            "reserve_balance": 0,
            "reserve_target": 0,
            "sub_balances": [],
        },
        "shipping": {"lead_time_to_ship": LEAD_TIME_DAYS},
        "shipping_country": "GBR",
        "shippings": [
            {
                "shipping_type_code": code,
                "shipping_type_label": label,
                "shipping_type_standard_code": None,
                "shipping_zone_code": "UK",
                "shipping_zone_label": "United Kingdom",
                "shipping_free_amount": 60 if code == "STD-UK" else None,
            }
            for code, label in SHIPPING_TYPES.items()
        ],
        "offers_count": len(john_lewis.offers),
        "orders_count": len(john_lewis.orders),
        "grade": None,
        "return_policy": "35 days",
        "is_professional": True,
        "premium": False,
    }


def carriers() -> dict[str, Any]:
    """SH21, sorted by label."""
    return {
        "carriers": [
            {"code": each.code, "label": each.label, "standard_code": each.standard_code,
             "tracking_url": each.tracking_url}
            for each in sorted(JL_CARRIERS, key=lambda each: each.label)
        ]
    }  # fmt: skip


def shipping_types() -> dict[str, Any]:
    """SH12."""
    return {
        "shipping_types": [
            {
                "code": code,
                "label": label,
                "description": label,
                "standard_code": None,
                "mandatory_tracking": code in MANDATORY_TRACKING,
                "click_and_collect": False,
                "delivery_by_operator": False,
                "ignore_lead_time_to_ship": False,
            }
            for code, label in SHIPPING_TYPES.items()
        ]
    }


def reasons() -> dict[str, Any]:
    """RE01."""
    rows = [
        {"code": code, "label": label, "type": kind, "is_shop_right": is_ours}
        for code, label, kind, is_ours in REASONS
    ]
    return {"reasons": rows, "total_count": len(rows)}


def cycle_body(cycle: Cycle) -> dict[str, Any]:
    """SBC11: one billing cycle with the sums of its lines."""

    def total(*kinds: str) -> Decimal:
        return sum((row.amount for row in cycle.rows if row.type in kinds), Decimal(0))

    summary: dict[str, float] = {}

    def both(name: str, net: tuple[str, ...], tax: tuple[str, ...] = ()) -> None:
        summary[f"total_{name}_excl_tax"] = number(total(*net))
        summary[f"total_{name}_incl_tax"] = number(total(*net, *tax))

    both("payable_orders", ("ORDER_AMOUNT", "ORDER_SHIPPING_AMOUNT"))
    both("commissions", ("COMMISSION_FEE",), ("COMMISSION_VAT",))
    both("refund_orders", ("REFUND_ORDER_AMOUNT", "REFUND_ORDER_SHIPPING_AMOUNT"))
    both("refund_payable_orders", ("REFUND_ORDER_AMOUNT", "REFUND_ORDER_SHIPPING_AMOUNT"))
    both("refund_commissions", ("REFUND_COMMISSION_FEE",), ("REFUND_COMMISSION_VAT",))
    both("subscription", ("SUBSCRIPTION_FEE",), ("SUBSCRIPTION_VAT",))
    both("seller_penalty_fees", ("SELLER_PENALTY_FEE",), ("SELLER_PENALTY_FEE_TAX",))
    both("other_credits", ("MANUAL_CREDIT",), ("MANUAL_CREDIT_VAT",))
    both("other_invoices", ("MANUAL_INVOICE",), ("MANUAL_INVOICE_VAT",))
    kept = ("COMMISSION", "REFUND_COMMISSION", "SUBSCRIPTION", "SELLER_PENALTY")
    to_operator = -sum((row.amount for row in cycle.rows if row.type.startswith(kept)), Decimal(0))
    return {
        "id": cycle.cycle_id,
        "date_created": iso(cycle.created_at),
        "currency_iso_code": "GBP",
        "amount_transferred_to_seller": number(cycle.net),
        "amount_transferred_to_operator": number(to_operator),
        "payment_voucher_number": cycle.voucher,
        "pay_out": {
            "state": cycle.state,
            "reference": cycle.reference,
            "transaction_date": iso(cycle.paid_at),
            "failure_reason": None,
        },
        "shop": {
            "shop_id": SHOP_ID,
            "shop_name": SHOP_NAME,
            "shop_corporate_name": "Northmoor Example Ltd",
            "shop_model": "MARKETPLACE",
        },
        "summary": summary,
    }
