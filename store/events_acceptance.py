"""The vocabulary of acceptance: what a person, or a policy, said of an order that waits for our word.

As in `store.events`: frozen models in the past tense, kinds never renamed, members only added. The call to the
marketplace carries no reason; it is kept here.
"""

from typing import ClassVar

from store.events import Event


class AcceptanceDecided(Event):
    """An order is to be accepted whatever its stock, but for the lines named, or refused; carried out once."""

    kind: ClassVar[str] = "acceptance.decided"
    order_id: str
    decision: str  # accept or refuse
    why: str
    refused_lines: tuple[str, ...] = ()  # of an order that is accepted

    @property
    def subject(self) -> str:
        return self.order_id

    @property
    def about_order(self) -> str:
        return self.order_id
