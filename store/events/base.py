"""The vocabulary of what happened: frozen models in the past tense, stored as JSON under `kind`.

Members carry the names of the fact columns they are folded into.
An event has two moments: `happened_at` (theirs) and, given by the journal, `recorded_at` (ours).
Its id is the UUIDv5 of the shop and its natural key, so that appending it twice changes nothing.
Kinds are never renamed; members are only added. Personal data never enters an event.
"""

from datetime import datetime
from hashlib import sha256
from typing import ClassVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field

NAMESPACE = UUID("6f1d4c1e-3b4e-5c55-9a53-0d6f2c1f7a10")


class Event(BaseModel):
    """Something that happened. `subject` is the thing, `order_id` the order it belongs to, where it does."""

    model_config = ConfigDict(frozen=True)
    kind: ClassVar[str]

    happened_at: datetime = Field(exclude=True)
    snapshot_id: UUID | None = Field(default=None, exclude=True)
    actor: str = Field(default="worker", exclude=True)

    @property
    def subject(self) -> str:
        raise NotImplementedError

    @property
    def about_order(self) -> str:
        return ""

    @property
    def natural_key(self) -> str:
        """What makes this event itself; by default kind, subject, moment and content."""
        return f"{self.kind}/{self.subject}/{self.happened_at.isoformat()}/{self.content()}"

    def content(self) -> str:
        """A short name of the body."""
        return sha256(self.body().encode()).hexdigest()[:16]

    def body(self) -> str:
        return self.model_dump_json()

    def event_id(self, shop: str) -> UUID:
        return uuid5(NAMESPACE, f"{shop}/{self.natural_key}")


class Part(BaseModel):
    model_config = ConfigDict(frozen=True)
