"""The vocabulary of the house itself: its mappings, runs, commands and store.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from store.events.base import Event


class MarketplaceDescribed(Event):
    """What the marketplace says of our shop and of what its operator switched on."""

    kind: ClassVar[str] = "marketplace.described"
    topic: str  # account, rules, carriers, shipping_types, reasons, warehouses, ship_vias
    value: Any

    @property
    def subject(self) -> str:
        return self.topic


class MappingSet(Event):
    """A person (or the settings, at first start) said what a code means on the other side; empty: removed."""

    kind: ClassVar[str] = "mapping.set"
    mapping: str
    key: str
    value: str
    why: str = ""
    from_on: date | None = None  # London's day it holds from; none: from the first start on

    @property
    def subject(self) -> str:
        since = f"/{self.from_on.isoformat()}" if self.from_on else ""
        return f"{self.mapping}/{self.key}{since}"


class RunFinished(Event):
    """A flow's run ended: succeeded, deferred (not allowed yet), previewed, stopped (by us) or failed."""

    kind: ClassVar[str] = "run.finished"
    run_id: UUID
    flow: str
    state: str
    started_at: datetime
    counts: dict[str, int]
    message: str
    due_at: datetime | None
    calls: dict[str, int]

    @property
    def subject(self) -> str:
        return self.flow

    @property
    def natural_key(self) -> str:
        return f"run/{self.run_id}"


class CommandTaken(Event):
    """The worker took up a command."""

    kind: ClassVar[str] = "command.taken"
    command_id: UUID
    command: str
    role: str
    role_from: str
    arguments: dict[str, Any]
    is_approver: bool = False
    order_ids: tuple[str, ...] = ()  # of the orders it was given for

    @property
    def subject(self) -> str:
        return str(self.command_id)

    @property
    def natural_key(self) -> str:
        return f"command.taken/{self.command_id}"


class CommandProgressed(Event):
    """A long command got further."""

    kind: ClassVar[str] = "command.progressed"
    command_id: UUID
    message: str

    @property
    def subject(self) -> str:
        return str(self.command_id)


class CommandFinished(Event):
    """A command ended: done, refused (with why) or failed."""

    kind: ClassVar[str] = "command.finished"
    command_id: UUID
    state: str
    message: str
    answer: dict[str, Any]

    @property
    def subject(self) -> str:
        return str(self.command_id)

    @property
    def natural_key(self) -> str:
        return f"command.finished/{self.command_id}"


class RecordSkipped(Event):
    """An outside system listed a record that could not be read; told once, until it is read."""

    kind: ClassVar[str] = "record.skipped"
    system: str
    record: str  # what it is: order, shipment, offer …
    record_id: str  # empty: it carries no name
    detail: str  # members, never values
    from_at: datetime | None = None  # it changed after this; none: it was asked for by name or by day

    @property
    def subject(self) -> str:
        return f"{self.system}/{self.record}/{self.record_id}"


class RecordRead(Event):
    """A record that could not be read was read, or is not listed any more."""

    kind: ClassVar[str] = "record.read"
    system: str
    record: str
    record_id: str

    @property
    def subject(self) -> str:
        return f"{self.system}/{self.record}/{self.record_id}"


class PersonalPurged(Event):
    """Personal data of orders placed before a moment was deleted."""

    kind: ClassVar[str] = "personal.purged"
    before_at: datetime
    order_count: int

    @property
    def subject(self) -> str:
        return "personal"


class StoreRestored(Event):
    """The store was put back from a backup: nothing is created outside until all is seen again."""

    kind: ClassVar[str] = "store.restored"
    backup_at: datetime

    @property
    def subject(self) -> str:
        return "store"
