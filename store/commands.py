"""The vocabulary of what a person may ask of the worker: one frozen model a command, with who may ask it.

A command travels as JSON: `{"command": …, "actor": …, "role": …, "arguments": {…}}`. Its id makes it run once.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Role = Literal["viewer", "ops", "finance", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "ops", "finance", "admin")


class Command(BaseModel):
    """Something a person asks for; `roles` may ask it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]
    roles: ClassVar[frozenset[Role]]


class Resync(Command):
    """Look again: `stock`, `stock:SKU`, `order:ID`, `orders`, `shipments`, `settlement` or `catalogue`."""

    name: ClassVar[str] = "resync"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "finance", "admin"})
    scope: str
    since: datetime | None = None
    dry_run: bool = False


class RunOnce(Command):
    """Run each named flow (all, when none is named) once, now."""

    name: ClassVar[str] = "once"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    flows: tuple[str, ...] = ()


class Retry(Command):
    """Try again what an exception is about."""

    name: ClassVar[str] = "retry"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    exception_id: UUID


class Assign(Command):
    """Give an exception an owner."""

    name: ClassVar[str] = "assign"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "finance", "admin"})
    exception_id: UUID
    owner: str


class Snooze(Command):
    """Hide an exception until a moment."""

    name: ClassVar[str] = "snooze"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "finance", "admin"})
    exception_id: UUID
    until_at: datetime


class Accept(Command):
    """Accept an exception as it is, with the reason."""

    name: ClassVar[str] = "accept"
    roles: ClassVar[frozenset[Role]] = frozenset({"finance", "admin"})
    exception_id: UUID
    reason: str


class Note(Command):
    """Write a note on an exception."""

    name: ClassVar[str] = "note"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "finance", "admin"})
    exception_id: UUID
    text: str


class SetMapping(Command):
    """Say what a code means on the other side, from a day on (none: today); an empty value removes it."""

    name: ClassVar[str] = "set_mapping"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    mapping: str
    key: str
    value: str
    why: str = ""
    from_on: date | None = None


class PolicyMembers(BaseModel):
    """What a buffer policy may say; None: left open."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    percent: Decimal | None = None
    units: int | None = None
    combine: str | None = None  # max or sum
    risk: str | None = None  # none, service_level, worst_case or newsvendor
    alpha: Decimal | None = None
    oversell_cost: Decimal | None = None
    minimum: int | None = None
    maximum: int | None = None


class SetBufferPolicy(Command, PolicyMembers):
    """From a day on hold back so much for a level and key; what is left open is as the level above says."""

    name: ClassVar[str] = "set_buffer_policy"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    level: str  # global, division, category or sku
    key: str = ""
    from_on: date
    why: str


class RemoveBufferPolicy(Command):
    """From a day on a level says nothing for a key any more: the level above speaks."""

    name: ClassVar[str] = "remove_buffer_policy"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    level: str
    key: str = ""
    from_on: date
    why: str


class PreviewPolicy(Command, PolicyMembers):
    """What a buffer policy of these members (or its removal) would change on today's stock and demand."""

    name: ClassVar[str] = "preview_policy"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "finance", "admin"})
    level: str
    key: str = ""
    from_on: date
    is_removal: bool = False


class TriedPolicy(PolicyMembers):
    """One policy of a back-test, for every SKU: as things stand, or as said here (what is left open is none)."""

    as_it_is: bool = False


class BackTest(Command):
    """Replay two policies on the weeks of our own history that begin in a half-open span of days."""

    name: ClassVar[str] = "back_test"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "finance", "admin"})
    from_on: date
    until_on: date
    a: TriedPolicy
    b: TriedPolicy


class AcceptBatch(Command):
    """Use a held stock batch after all."""

    name: ClassVar[str] = "accept_batch"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    batch_id: str
    why: str


class RejectBatch(Command):
    """Never use a held stock batch; the one before stands."""

    name: ClassVar[str] = "reject_batch"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    batch_id: str
    why: str


class ReleaseOrphans(Command):
    """Let so many offers without a SKU go to zero at once."""

    name: ClassVar[str] = "release_orphans"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    offer_count: int
    why: str


class PurgePersonal(Command):
    """Delete personal data of orders placed before a moment."""

    name: ClassVar[str] = "purge_personal"
    roles: ClassVar[frozenset[Role]] = frozenset({"admin"})
    before_at: datetime


class Rebuild(Command):
    """Fold the journal again; `check` compares only and touches nothing."""

    name: ClassVar[str] = "rebuild"
    roles: ClassVar[frozenset[Role]] = frozenset({"admin"})
    check: bool = True


class Backup(Command):
    """Make a consistent copy in `folder` while the worker runs."""

    name: ClassVar[str] = "backup"
    roles: ClassVar[frozenset[Role]] = frozenset({"admin"})
    folder: str


KINDS: dict[str, type[Command]] = {
    kind.name: kind
    for kind in (
        Resync, RunOnce, Retry, Assign, Snooze, Accept, Note, SetMapping, SetBufferPolicy, RemoveBufferPolicy,
        PreviewPolicy, BackTest, AcceptBatch, RejectBatch, ReleaseOrphans, PurgePersonal, Rebuild, Backup,
    )
}  # fmt: skip


class Request(BaseModel):
    """A command on its way: who asks what, as which role."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    command: str
    actor: str
    role: Role
    arguments: dict[str, Any]

    def parsed(self) -> Command:
        """The command itself.

        Raises:
            ValueError: no such command, or arguments it does not take; the sentence says which.

        """
        kind = KINDS.get(self.command)
        if kind is None:
            raise ValueError(f"there is no command {self.command!r}; there are {', '.join(sorted(KINDS))}")
        return kind.model_validate(self.arguments)


def request(command: Command, *, actor: str, role: Role) -> Request:
    """Wrap a command for sending."""
    return Request(command=command.name, actor=actor, role=role, arguments=command.model_dump(mode="json"))
