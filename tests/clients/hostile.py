"""Good records of every list we read, and how anything else is put in any place of them."""

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

QUICK = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NOW = datetime.fromisoformat("2026-11-24T09:00:00+00:00")
ODD = [
    "1e999",
    "NaN",
    "\ud800",
    "x\x00",
    10**400,
    "9999-12-31T23:59:59-05:00",
    "0001-01-01T00:00:00+05:00",
    -1,
    0.5,
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(ODD),
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)

ORDER: dict[str, Any] = {
    "order_id": "JLM1-A",
    "commercial_id": "JLM1",
    "order_state": "SHIPPING",
    "created_date": "2026-11-24T08:00:00Z",
    "last_updated_date": "2026-11-24T08:30:00.120Z",
    "shipping_deadline": "2026-11-26T23:59:59.999Z",
    "shipping_type_code": "STD-UK",
    "currency_iso_code": "GBP",
    "price": 90.00,
    "shipping_price": 3.95,
    "total_price": 93.95,
    "total_commission": 22.55,
    "has_incident": False,
    "references": {"order_reference_for_seller": "0400001"},
    "customer": {
        "firstname": "Zoë",
        "lastname": 'O\'Kettle "Bobbin"',
        "shipping_address": {"street_1": "1 Pretend Row", "city": "Leeds", "zip_code": "LS1 0AA"},
        "billing_address": None,
    },
    "order_lines": [
        {
            "order_line_id": "JLM1-A-1",
            "order_line_index": 1,
            "order_line_state": "SHIPPING",
            "offer_sku": "NMK-NK2417-OAT-A-R-M",
            "quantity": 2,
            "price_unit": 45.00,
            "price": 90.00,
            "shipping_price": 3.95,
            "commission_fee": 18.79,
            "commission_taxes": [{"code": "VAT20", "rate": 20, "amount": 3.76}],
            "total_commission": 22.55,
            "cancelations": [{"id": "C1", "quantity": 1, "amount": 45.0, "reason_code": "X"}],
            "refunds": [],
        }
    ],
}
TRANSACTION: dict[str, Any] = {
    "id": "T1",
    "type": "COMMISSION_VAT",
    "amount": -3.76,
    "balance": 71.4,
    "currency_iso_code": "GBP",
    "payment_state": "PENDING",
    "date_created": "2026-11-24T08:00:00Z",
    "last_updated": "2026-11-24T08:00:00Z",
    "entities": {"order": {"id": "JLM1-A"}, "order_line": {"id": "JLM1-A-1"}, "shop_tax": {"rate": 20}},
}
CYCLE: dict[str, Any] = {
    "id": "C1",
    "date_created": "2026-11-14T00:00:00Z",
    "currency_iso_code": "GBP",
    "amount_transferred_to_seller": 3180.40,
    "pay_out": {"state": "PAID", "transaction_date": "2026-11-15T00:00:00Z"},
    "summary": {"total_commissions_incl_tax": -22.55},
}
OFFER: dict[str, Any] = {
    "offer_id": 1,
    "shop_sku": "NMK-04117",
    "quantity": 3,
    "price": 45,
    "active": True,
    "inactivity_reasons": ["ZERO_QUANTITY"],
}
SHIPMENT: dict[str, Any] = {
    "id": "ship-1",
    "order_id": "JLM1-A",
    "status": "SHIPPED",
    "shipped_date": "2026-11-24T08:00:00Z",
    "shipment_lines": [{"order_line_id": "JLM1-A-1", "quantity": 1, "package_reference": "S1-C1"}],
    "tracking": {"carrier_code": "dpd-uk", "tracking_number": "155001"},
}
SALES_ORDER: dict[str, Any] = {
    "pkey": 1,
    "ord_num": "0400001",
    "po_num": "JLM1-A",
    "ord_status": "40",
    "division": "NMK",
    "customer": "JLM",
    "location": "WH1",
    "shipper": "RML",
    "entered_at": "2026-11-24 04:00:00",
    "last_mod": "2026-11-24 04:10:00",
    "edit_seq": 3,
    "detail": {
        "rows": [
            {
                "line_seq": 1,
                "style": "04117       ",
                "color_code": "WHT  ",
                "lbl_code": "A",
                "dimension": None,
                "size_desc": "M",
                "qty_ordered": 2,
                "qty_open": 1,
                "qty_picked": 0,
                "qty_shipped": 1,
                "qty_cancelled": 0,
                "ext_line_id": "JLM1-A-1",
                "price": "45.00",
            }
        ]
    },
}
PARCELS: dict[str, Any] = {
    "pkey": 1,
    "ship_id": "S1",
    "ord_num": "0400001",
    "po_num": "JLM1-A",
    "location": "WH1",
    "ship_date": "2026-11-24 04:00:00",
    "shipper": "RML",
    "voided": "N",
    "last_mod": "2026-11-24 04:00:00",
    "cartons": {
        "rows": [
            {
                "carton_num": "1",
                "track_no": "RM1",
                "weight": "0.5",
                "lines": {"rows": [{"ext_line_id": "JLM1-A-1", "qty": 1}]},
            }
        ]
    },
}
INVOICE: dict[str, Any] = {
    "pkey": 1,
    "inv_num": "INV1",
    "inv_date": "2026-11-24 04:00:00",
    "ord_num": "0400001",
    "po_num": "JLM1-A",
    "curr_code": "GBP",
    "frgt_amt": "3.95",
    "tax_amt": "7.50",
    "total": "48.95",
    "last_mod": "2026-11-24 04:00:00",
}
STYLE: dict[str, Any] = {
    "pkey": 1,
    "style": "04117       ",
    "last_mod": "2026-11-01 09:00:00",
    "styledetail": {"rows": [{"division": "NMK", "season": "SS26", "std_cost": "15.75", "catg_dest1": "JLM"}]},
    "stylecolorsizes": {
        "rows-0": [
            {"upc": "840110000015", "color_code": "WHT  ", "size_desc": "M", "active": "Y", "min_multiple": 6},
        ]
    },
}
BATCH: dict[str, Any] = {
    "pkey": 1,
    "batch_id": "IB1",
    "kind": "FULL",
    "status": "COMPLETE",
    "as_of": "2026-11-24 04:00:00",
    "started_at": "2026-11-24 04:00:00",
    "row_count": 2,
    "checksum": "17",
    "next_expected_at": "2026-11-24 08:20:00",
}
STOCK: dict[str, Any] = {
    "pkey": 1,
    "division": "NMK",
    "style": "04117 ",
    "color_code": "WHT",
    "lbl_code": "A",
    "dimension": "",
    "size_desc": "M",
    "upc": "840110000015",
    "location": "WH1",
    "lot": "N",
    "on_hand": 7,
    "wip": 0,
}

WORK_ORDER: dict[str, Any] = {
    "pkey": 1,
    "prod_num": "PR000001",
    "stage_num": "2",
    "due_date": "2026-12-14 00:00:00",
    "last_mod": "2026-11-24 04:00:00",
    "productiondetailbystage": {
        "rows": [
            {
                "style": "04117 ",
                "color_code": "WHT",
                "lbl_code": "A",
                "dimension": "",
                "size_desc": "M",
                "prod_qty": 24,
                "location": "WH1",
            }
        ]
    },
}

Read = Callable[[Any], Any]
# What is asked, the records of the answer, and what the answer around them looks like.
READS: dict[str, tuple[str, Any, Callable[[Any], Any], Read]] = {
    "orders": ("marketplace", ORDER, lambda rows: {"orders": rows, "total_count": 1}, lambda m: m.orders()),
    "offers": ("marketplace", OFFER, lambda rows: {"offers": rows, "total_count": 1}, lambda m: m.offers()),
    "shipments": ("marketplace", SHIPMENT, lambda rows: {"data": rows}, lambda m: m.shipments(["JLM1-A"])),
    "ledger": ("marketplace", TRANSACTION, lambda rows: {"data": rows}, lambda m: m.transactions(updated_from=NOW)),
    "cycles": ("marketplace", CYCLE, lambda rows: {"data": rows}, lambda m: m.billing_cycles(created_from=NOW)),
    "sales orders": ("erp", SALES_ORDER, lambda rows: {"data": {"header": rows}}, lambda e: e.sales_orders()),
    "parcels": ("erp", PARCELS, lambda rows: {"data": {"header": rows}}, lambda e: e.shipments()),
    "invoices": ("erp", INVOICE, lambda rows: {"data": {"header": rows}}, lambda e: e.invoices()),
    "work orders": ("erp", WORK_ORDER, lambda rows: {"data": {"header": rows}}, lambda e: e.work_orders()),
    "styles": ("erp", STYLE, lambda rows: {"data": {"header": rows}}, lambda e: e.skus()),
    "batches": ("erp", BATCH, lambda rows: {"data": {"header": rows}}, lambda e: e.batches()),
    "stock": ("erp", STOCK, lambda rows: {"data": rows}, lambda e: e.inventory("IB1")),
}


def saying(
    outside: Any, side: str, content: bytes, status: int = 200, headers: dict[str, str] | None = None
) -> Any:
    """The client of one side, to which everything is answered like this."""
    outside.exchanges.clear()  # hypothesis shows them with each example
    outside.requests.clear()
    open_client = {"marketplace": outside.marketplace, "erp": outside.erp}[side]
    return open_client(lambda _: httpx.Response(status, content=content, headers=headers))


def found(outside: Any, name: str, document: Any) -> list[Any]:
    side, _, around, ask = READS[name]
    return list(ask(saying(outside, side, json.dumps(around([document])).encode())))


def held(value: Any) -> Any:
    """A value as the store holds it: text that can be written, numbers that fit."""
    if isinstance(value, str):
        value.encode()
        assert "\x00" not in value
    elif isinstance(value, Decimal):
        assert value.is_finite()
        assert abs(value) < 10**12
    elif isinstance(value, int):
        assert abs(value) <= 10**9
    elif isinstance(value, datetime):
        assert value.tzinfo is not None
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            held(each)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            held(getattr(value, name))
