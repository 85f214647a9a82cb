"""The vocabulary of exceptions: opened, changed, closed, and what people did about them.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from store.events.base import Event


class ExceptionOpened(Event):
    """Something is wrong that needs a person (or time). `grounds`: the values it follows from, as text."""

    kind: ClassVar[str] = "exception.opened"
    exception_id: UUID
    exception_kind: str
    exception_subject: str
    order_id: str = Field(default="", exclude=True)
    cause: str
    detail: str
    amount: Decimal | None
    currency: str
    deadline_at: datetime | None
    since_at: datetime
    grounds: str | None = None  # none: opened before they were kept

    @property
    def subject(self) -> str:
        return f"{self.exception_kind}/{self.exception_subject}"

    @property
    def about_order(self) -> str:
        return self.order_id


class ExceptionChanged(ExceptionOpened):
    """What is wrong changed its cause, amount, grounds or deadline."""

    kind: ClassVar[str] = "exception.changed"


class ExceptionClosed(ExceptionOpened):
    """It is not wrong any more."""

    kind: ClassVar[str] = "exception.closed"


class ExceptionHandled(Event):
    """A person assigned, snoozed, noted or accepted an exception.

    Snoozed until a moment, or until something happens (`until_event`: change, batch or payout), or until whichever
    is first. Accepted as it stood: `grounds` are those it had.
    """

    kind: ClassVar[str] = "exception.handled"
    exception_id: UUID
    order_id: str = Field(default="", exclude=True)
    exception_kind: str = ""
    action: str
    owner: str = ""
    until_at: datetime | None = None
    note: str = ""
    until_event: str = ""
    grounds: str | None = None  # of what is accepted; none: accepted before they were kept

    @property
    def subject(self) -> str:
        return str(self.exception_id)

    @property
    def about_order(self) -> str:
        return self.order_id
