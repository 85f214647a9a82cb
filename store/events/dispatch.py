"""The vocabulary of parcels.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import datetime
from typing import ClassVar

from store.events.base import Event, Part


class CartonPart(Part):
    """A parcel: label, tracking number, units per marketplace line."""

    carton: str
    tracking: str
    quantities: dict[str, int]


class ShipmentPosted(Event):
    """BlueCherry posted (or changed, or voided) a shipment of one of our orders."""

    kind: ClassVar[str] = "shipment.posted"
    ship_id: str
    ord_num: str
    order_id: str
    warehouse: str
    ship_via: str
    shipped_at: datetime
    changed_at: datetime
    is_voided: bool
    cartons: tuple[CartonPart, ...]

    @property
    def subject(self) -> str:
        return self.ship_id

    @property
    def about_order(self) -> str:
        return self.order_id


class ShipmentHeld(Event):
    """A shipment cannot be confirmed; `cause` is what to mend. An empty reason lifts the hold."""

    kind: ClassVar[str] = "shipment.held"
    ship_id: str
    order_id: str
    reason: str
    cause: str
    detail: str

    @property
    def subject(self) -> str:
        return self.ship_id

    @property
    def about_order(self) -> str:
        return self.order_id
