"""What happened to an order, in a sentence."""

import pytest

from dashboard import narrative

ASKED = {"system": "erp", "method": "GET", "resource": "salesOrder", "status": 200}
CYCLE = {"cycle_id": "C1", "voucher": "JLV-1", "currency": "GBP", "amount": "5000.00", "order_amount": "29.64"}


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        ("call.made", {"found": "nothing", "count": 14}, "Looked for it: nothing found (GET salesOrder), 14 times"),
        ("call.made", {"found": "same", "count": 1}, "Read it by name: nothing new (GET salesOrder)"),
        ("call.made", {"found": "no_answer", "count": 1}, "Called GET salesOrder: no answer came"),
        ("call.made", {"found": "refused", "status": 429}, "Called GET salesOrder: refused with 429"),
        (
            "payout.seen",
            {"state": "PAID", "paid_at": "2026-11-23T09:00:00Z"},
            "Paid out: £29.64 of this order in JLV-1, £5,000.00 in all",
        ),
        (
            "payout.seen",
            {"state": "PENDING", "paid_at": None},
            "In a payout that is pending: £29.64 of this order in JLV-1, £5,000.00 in all",
        ),
    ],
)
def test_calls_and_payouts_say_what_came_of_them(kind: str, body: dict[str, object], sentence: str) -> None:
    told = narrative.sentence(kind, {**(ASKED if kind == "call.made" else CYCLE), **body})

    assert told == sentence
