"""The vocabulary of what we do outside: meant before, settled after.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from typing import Any, ClassVar
from uuid import UUID

from store.events.base import Event


class IntentRecorded(Event):
    """We are about to do something outside. Written before the call."""

    kind: ClassVar[str] = "intent.recorded"
    intent_id: UUID
    intent_kind: str
    intent_subject: str
    order_id: str = ""
    payload: dict[str, Any]

    @property
    def subject(self) -> str:
        return self.intent_subject

    @property
    def about_order(self) -> str:
        return self.order_id

    @property
    def natural_key(self) -> str:
        return f"intent/{self.intent_id}"


class _IntentSettled(Event):
    intent_id: UUID
    intent_kind: str
    intent_subject: str
    order_id: str = ""
    reference: str = ""
    code: str = ""
    message: str = ""
    answered: str = ""  # the outside system's code for an answer that left it unclear

    @property
    def subject(self) -> str:
        return self.intent_subject

    @property
    def about_order(self) -> str:
        return self.order_id


class IntentConfirmed(_IntentSettled):
    """It happened; `reference` is what the outside system calls it."""

    kind: ClassVar[str] = "intent.confirmed"


class IntentRefused(_IntentSettled):
    """It did not happen, for certain; `code` and `message` are the outside system's."""

    kind: ClassVar[str] = "intent.refused"


class IntentUnclear(_IntentSettled):
    """It may have happened: it is looked up before anything else is done about it."""

    kind: ClassVar[str] = "intent.unclear"


class CreationMissed(Event):
    """BlueCherry took what we created, and shows it neither by its number nor by the order's, past its usual delay.

    Every record of both answers could be read. Told twice at most, with a pause between: then it is surely absent.
    """

    kind: ClassVar[str] = "creation.missed"
    intent_id: UUID
    intent_kind: str
    intent_subject: str
    order_id: str
    reference: str

    @property
    def subject(self) -> str:
        return str(self.intent_id)

    @property
    def about_order(self) -> str:
        return self.order_id


class AbsenceSaid(Event):
    """A person says that what was to be created, and became unclear or never showed, is surely not there."""

    kind: ClassVar[str] = "absence.said"
    intent_id: UUID
    intent_kind: str
    intent_subject: str
    order_id: str
    why: str

    @property
    def subject(self) -> str:
        return str(self.intent_id)

    @property
    def about_order(self) -> str:
        return self.order_id
