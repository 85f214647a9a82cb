"""What BlueCherry sent and what it invoiced, in our words."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.clients.answers import answering, documents


def shipment(**members: Any) -> dict[str, Any]:
    lines = [{"ext_line_id": "JLM1-A-1", "qty": 1}, {"ext_line_id": "JLM1-A-1", "qty": 1}, {"ext_line_id": None}]
    return {
        "pkey": 1,
        "ship_id": "S1",
        "ord_num": "0400001",
        "po_num": "JLM1-A",
        "location": "WH1",
        "ship_date": "11/24/2026",
        "shipper": "RML",
        "voided": "N",
        "last_mod": "2026-11-24 05:00:00",
        "cartons": {
            "rows": [{"carton_num": "0050", "track_no": "RM1", "weight": "0.57", "lines": {"rows": lines}}]
        },
        **members,
    }


def test_a_shipment_says_what_is_in_each_carton(outside: Any) -> None:
    (page,) = outside.erp(answering(200, documents(shipment(), shipment(pkey=2, voided="Y")))).shipments()
    first, second = page.items

    assert first.cartons[0].quantities == {"JLM1-A-1": 2}
    assert (first.cartons[0].tracking, first.cartons[0].weight) == ("RM1", Decimal("0.57"))
    assert first.shipped_at == datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    assert (first.is_voided, second.is_voided) == (False, True)


def test_a_shipment_that_does_not_say_which_line_or_whether_it_was_voided_is_named(outside: Any) -> None:
    blind = [{"carton_num": "0050", "lines": {"rows": [{"qty": 1}]}}]
    holed = [shipment(cartons={"rows": blind}), shipment(pkey=2, voided=None), shipment(pkey=3, cartons=None)]
    (page,) = outside.erp(answering(200, documents(*holed))).shipments()

    assert page.items == ()
    assert [reason.rpartition(": ")[2] for reason in page.skipped] == [
        "cartons.lines.ext_line_id is missing",
        "voided is missing",
        "cartons is missing",
    ]


def test_an_invoice_keeps_its_pence(outside: Any) -> None:
    raw = {
        "pkey": 1,
        "inv_num": "INV1",
        "inv_date": "2026-11-24 11:00:00",
        "ord_num": "0400001",
        "curr_code": "GBP",
        "total": "38.95",
        "tax_amt": "",
        "last_mod": "2026-11-24 11:00:00",
    }
    (page,) = outside.erp(answering(200, documents(raw))).invoices()

    assert (page.items[0].total_amount, page.items[0].tax_amount) == (Decimal("38.95"), Decimal(0))
