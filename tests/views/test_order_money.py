"""An order's money by John Lewis and by BlueCherry: given events, exactly these rows."""

from decimal import Decimal

from store import reads_orders
from store.database import Ask
from tests.told import NOW, Told


def by_erp(ask: Ask, order_id: str) -> tuple[Decimal | None, str]:
    row = reads_orders.order_systems(ask, NOW, order_id).to_dicts()[1]
    return row["amount"], row["currency"]


def side_by_side(ask: Ask, order_id: str) -> list[tuple[object, ...]]:
    columns = ("part", "market_amount", "erp_amount", "difference_amount")
    return reads_orders.order_money(ask, order_id).select(columns).rows()


def test_bluecherrys_amount_of_an_order_is_what_it_invoiced_less_what_it_credited(told: Told, ask: Ask) -> None:
    for order_id in ("JL1-A", "JL2-A"):
        told.order(order_id)
    told.invoice("INV-1", "JL1-A", "42.50")
    told.invoice("INV-2", "JL1-A", "39.00")
    invoiced = by_erp(ask, "JL1-A")
    told.credit_memo("CM-1", "JL1-A", "39.00")

    assert invoiced == (Decimal("81.50"), "GBP")
    assert by_erp(ask, "JL1-A") == (Decimal("42.50"), "GBP")
    assert by_erp(ask, "JL2-A") == (None, "")


def test_what_john_lewis_booked_stands_beside_what_bluecherry_charged(told: Told, ask: Ask) -> None:
    of_order = {"order_id": "JL1-A", "order_line_id": "JL1-A-1"}
    told.order("JL1-A")
    told.order("JL2-A")
    nothing = side_by_side(ask, "JL1-A")
    told.invoice("INV-1", "JL1-A", "42.50")
    unbooked = side_by_side(ask, "JL1-A")
    told.transactions(
        {"type": "ORDER_AMOUNT", "amount": "39.00", **of_order},
        {"type": "ORDER_SHIPPING_AMOUNT", "amount": "3.50", **of_order},
        {"type": "COMMISSION_FEE", "amount": "-9.36", **of_order},
        {"type": "REFUND_ORDER_AMOUNT", "amount": "-39.00", **of_order},
        {"type": "REFUND_COMMISSION_FEE", "amount": "9.36", **of_order},
    )
    refunded = side_by_side(ask, "JL1-A")
    told.credit_memo("CM-1", "JL1-A", "39.00")
    told.invoice("INV-9", "JL2-A", "50.00", currency="EUR")
    told.transactions({"amount": "42.50", "order_id": "JL2-A"})
    goods, back = Decimal("42.50"), Decimal("-39.00")

    assert nothing == []
    assert unbooked == [("sold", None, goods, -goods), ("together", None, goods, -goods)]
    assert refunded == [
        ("sold", goods, goods, Decimal(0)),
        ("given_back", back, None, back),
        ("together", Decimal("3.50"), goods, back),
    ]
    assert side_by_side(ask, "JL1-A") == [
        ("sold", goods, goods, Decimal(0)),
        ("given_back", back, back, Decimal(0)),
        ("together", Decimal("3.50"), Decimal("3.50"), Decimal(0)),
    ]
    assert {row[3] for row in side_by_side(ask, "JL2-A")} == {None}


def test_bluecherrys_documents_of_an_order_stand_with_their_sign(told: Told, ask: Ask) -> None:
    told.order("JL1-A")
    told.credit_memo("CM-1", "JL1-A", "39.00")
    told.invoice("INV-1", "JL1-A", "42.50")
    rows = reads_orders.order_documents(ask, "JL1-A").select("document", "document_kind", "total_amount").rows()

    assert rows == [("INV-1", "invoice", Decimal("42.50")), ("CM-1", "credit_memo", Decimal("-39.00"))]
