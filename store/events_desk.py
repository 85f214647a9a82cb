"""The vocabulary of what people change by hand, and of whom we call.

As in `store.events`: frozen models in the past tense, kinds never renamed, members only added. An edit names the
fields and how long their texts are; the texts stand in `personal` alone.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from store.events import Event


class EditedPart(BaseModel):
    """A field a person changed before the order goes to the ERP. Lengths in characters, never the text."""

    model_config = ConfigDict(frozen=True)
    field: str  # ship_to.city, email, ship_via …
    before_length: int
    after_length: int


class OrderEdited(Event):
    """A person changed what an order will carry into the ERP. `ship_via`: the new one, empty where it stays."""

    kind: ClassVar[str] = "order.edited"
    edit_id: UUID
    order_id: str
    fields: tuple[EditedPart, ...]
    before_ship_via: str = ""
    ship_via: str = ""
    why: str

    @property
    def subject(self) -> str:
        return self.order_id

    @property
    def about_order(self) -> str:
        return self.order_id

    @property
    def natural_key(self) -> str:
        return f"order.edited/{self.edit_id}"


class ClockCompared(Event):
    """The clock of an outside system was found to be another than ours, or to be right again."""

    kind: ClassVar[str] = "clock.compared"
    system: str
    ahead_seconds: float  # theirs less ours

    @property
    def subject(self) -> str:
        return self.system
