"""The vocabulary of answers to drift: what people said about sales orders that are not what we sent.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from typing import ClassVar
from uuid import UUID

from store.events.base import Event


class DriftAnswered(Event):
    """A person said what is to become of a difference; `shown` is what BlueCherry showed then, never an address."""

    kind: ClassVar[str] = "drift.answered"
    order_id: str
    drift_class: str
    drift_subject: str
    answer: str  # cancel_line, confirm_rest, revert or accept
    shown: str
    why: str

    @property
    def subject(self) -> str:
        return f"{self.drift_class}/{self.drift_subject}"

    @property
    def about_order(self) -> str:
        return self.order_id


class CancelationAsked(Event):
    """A person asked for units of a line to be cancelled at John Lewis; the orders flow carries it out, once.

    It is recorded at one moment with the answer it comes from.
    """

    kind: ClassVar[str] = "cancelation.asked"
    ask_id: UUID
    order_id: str
    order_line_id: str
    quantity: int
    before_quantity: int | None = None  # units cancelled there when it was asked; None: asked before that was kept
    reason_code: str
    why: str

    @property
    def subject(self) -> str:
        return self.order_line_id

    @property
    def about_order(self) -> str:
        return self.order_id

    @property
    def natural_key(self) -> str:
        return f"cancelation.asked/{self.ask_id}"
