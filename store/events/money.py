"""The vocabulary of money: the marketplace's ledger and payouts, the ERP's invoices.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from store.events.base import Event


class TransactionsRead(Event):
    """Ledger rows that are new or changed were stored as series `transaction_rows` under `read_id`."""

    kind: ClassVar[str] = "transactions.read"
    read_id: UUID
    row_count: int
    changed_count: int

    @property
    def subject(self) -> str:
        return "transactions"

    @property
    def natural_key(self) -> str:
        return f"transactions/{self.read_id}"


class PayoutSeen(Event):
    """The marketplace shows a billing cycle."""

    kind: ClassVar[str] = "payout.seen"
    cycle_id: str
    closed_at: datetime
    currency: str
    amount: Decimal
    state: str
    voucher: str
    paid_at: datetime | None

    @property
    def subject(self) -> str:
        return self.cycle_id


class InvoiceRead(Event):
    """BlueCherry shows an invoice of one of our orders."""

    kind: ClassVar[str] = "invoice.read"
    invoice_number: str
    ord_num: str
    order_id: str
    invoiced_at: datetime
    currency: str
    total_amount: Decimal
    tax_amount: Decimal
    shipping_amount: Decimal

    @property
    def subject(self) -> str:
        return self.invoice_number

    @property
    def about_order(self) -> str:
        return self.order_id
