"""The vocabulary of what comes back: returns at the marketplace, return authorisations and credit memos in the ERP.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added. A return is
logistics; the money is a refund of its own, told with the order.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from store.events.base import Event, Part


class ReturnedLinePart(Part):
    """Units of an order line on their way back."""

    order_line_id: str
    quantity: int
    reason_code: str


class ReturnSeen(Event):
    """The marketplace shows a return."""

    kind: ClassVar[str] = "return.seen"
    return_id: str
    order_id: str
    state: str
    reason_code: str
    rma: str
    tracking: str
    opened_at: datetime
    changed_at: datetime
    is_before_start: bool
    lines: tuple[ReturnedLinePart, ...]

    @property
    def subject(self) -> str:
        return self.return_id

    @property
    def about_order(self) -> str:
        return self.order_id


class ReceivedLinePart(Part):
    """A line of a return authorisation, and what of it came."""

    line_number: int
    order_line_id: str
    quantity: int
    received_quantity: int


class ReturnRead(Event):
    """BlueCherry showed a return authorisation of ours."""

    kind: ClassVar[str] = "return.read"
    ret_num: str
    order_id: str
    ord_num: str
    return_id: str
    raw_status: str
    is_closed: bool  # the warehouse expects no more of it
    entered_at: datetime
    changed_at: datetime
    lines: tuple[ReceivedLinePart, ...]

    @property
    def subject(self) -> str:
        return self.ret_num

    @property
    def about_order(self) -> str:
        return self.order_id


class CreditLinePart(Part):
    """A line of a credit memo."""

    order_line_id: str
    quantity: int
    amount: Decimal


class CreditMemoRead(Event):
    """BlueCherry shows a credit memo for goods that came back."""

    kind: ClassVar[str] = "credit_memo.read"
    memo_number: str
    ret_num: str
    order_id: str
    issued_at: datetime
    currency: str
    total_amount: Decimal
    lines: tuple[CreditLinePart, ...]
    shipping_amount: Decimal = Decimal(0)  # of total_amount

    @property
    def subject(self) -> str:
        return self.memo_number

    @property
    def about_order(self) -> str:
        return self.order_id
