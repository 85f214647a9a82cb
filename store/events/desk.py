"""The vocabulary of what people change by hand, and of whom we call.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added. An edit names
the fields and how long their texts are; the texts stand in `personal` alone.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from store.events.base import Event


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


class AlertPart(BaseModel):
    """One cause as it was told: how bad, how near its deadline (0 to 3), how many.

    `near`: which of them were within four hours of their deadline or past it, each by the first eight of its id.
    """

    model_config = ConfigDict(frozen=True)
    cause_kind: str
    cause: str
    rank: int
    stage: int
    count: int
    near: tuple[str, ...] = ()


class AlertBegun(Event):
    """A message is about to be sent along a route. Where to is a secret and stands nowhere but in the settings."""

    kind: ClassVar[str] = "alert.begun"
    alert_id: UUID
    route: str
    title: str
    text: str
    parts: tuple[AlertPart, ...]

    @property
    def subject(self) -> str:
        return self.route

    @property
    def natural_key(self) -> str:
        return f"alert.begun/{self.alert_id}"


class AlertEnded(Event):
    """A message was sent, or could not be."""

    kind: ClassVar[str] = "alert.ended"
    alert_id: UUID
    route: str
    state: str  # sent or failed
    message: str

    @property
    def subject(self) -> str:
        return self.route

    @property
    def natural_key(self) -> str:
        return f"alert.ended/{self.alert_id}"


class AlertCleared(Event):
    """What a route was told is not wrong any more."""

    kind: ClassVar[str] = "alert.cleared"
    route: str
    told: AlertPart
    told_at: datetime
    alert_id: UUID

    @property
    def subject(self) -> str:
        return self.route


class AlertReturned(AlertCleared):
    """What a route was told is wrong again, so soon that it counts as never gone."""

    kind: ClassVar[str] = "alert.returned"
