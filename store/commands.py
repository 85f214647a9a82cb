"""The vocabulary of what a person may ask of the worker: one frozen model a command, with who may ask it.

A command travels as JSON: `{"command": …, "actor": …, "role": …, "arguments": {…}}`. Its id makes it run once.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["viewer", "ops", "finance", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "ops", "finance", "admin")
WORKERS: frozenset[Role] = frozenset({"ops", "finance", "admin"})


class Command(BaseModel):
    """Something a person asks for; `roles` may ask it, some only with the right to approve."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]
    roles: ClassVar[frozenset[Role]]
    needs_approver: ClassVar[bool] = False

    def rights(self) -> tuple[frozenset[Role], bool]:
        """Who may ask this, and whether only with the right to approve."""
        return self.roles, self.needs_approver

    def discreet(self) -> dict[str, Any]:
        """The arguments as they may be kept: without a customer's text."""
        return self.model_dump(mode="json")


class OfExceptions(Command):
    """About one exception, several, or all of a cause (`exception_kind` and `cause`) that are open."""

    exception_id: UUID | None = None
    exception_ids: tuple[UUID, ...] = ()
    exception_kind: str = ""
    cause: str = ""


class Resync(Command):
    """Look again: `stock`, `stock:SKU`, `order:ID`, `orders`, `shipments`, `settlement` or `catalogue`."""

    name: ClassVar[str] = "resync"
    roles: ClassVar[frozenset[Role]] = WORKERS
    scope: str
    since: datetime | None = None
    dry_run: bool = False


class RunOnce(Command):
    """Run each named flow (all, when none is named) once, now."""

    name: ClassVar[str] = "once"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    flows: tuple[str, ...] = ()


class Retry(OfExceptions):
    """Process again what exceptions are about: decided anew on what is stored.

    A dry run says what would come of it.
    """

    name: ClassVar[str] = "retry"
    roles: ClassVar[frozenset[Role]] = WORKERS
    dry_run: bool = False


class FetchAgain(OfExceptions):
    """Read anew from the two systems what exceptions are about, and decide on that."""

    name: ClassVar[str] = "fetch_again"
    roles: ClassVar[frozenset[Role]] = WORKERS


class Assign(OfExceptions):
    """Give exceptions an owner."""

    name: ClassVar[str] = "assign"
    roles: ClassVar[frozenset[Role]] = WORKERS
    owner: str


class Snooze(OfExceptions):
    """Hide exceptions until a moment, until something happens, or until whichever is first; neither: show them.

    `until_event`: change (of the exception or its order), batch (the next stock batch in use), payout (the next
    billing cycle). A deadline wakes them in any case, four hours before it or at half of the time that was left.
    """

    name: ClassVar[str] = "snooze"
    roles: ClassVar[frozenset[Role]] = WORKERS
    until_at: datetime | None = None
    until_event: Literal["", "change", "batch", "payout"] = ""


class Accept(OfExceptions):
    """Accept exceptions as they are, with the reason.

    `grounds`: by exception, the values it was shown with; other by then, or not said, it is refused.
    """

    name: ClassVar[str] = "accept"
    roles: ClassVar[frozenset[Role]] = WORKERS
    needs_approver: ClassVar[bool] = True
    reason: str
    grounds: dict[UUID, str | None] = Field(default_factory=dict)


class Note(OfExceptions):
    """Write a note on exceptions."""

    name: ClassVar[str] = "note"
    roles: ClassVar[frozenset[Role]] = WORKERS
    text: str


class EditOrder(Command):
    """Change what an order will carry into the ERP, then process it again.

    `changes`: by field (`ship_to.city`, `bill_to.postcode`, `email`, `ship_via` …) its new text. A dry run says
    what would come of it.
    """

    name: ClassVar[str] = "edit_order"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    order_id: str
    changes: dict[str, str]
    why: str
    dry_run: bool = False

    def discreet(self) -> dict[str, Any]:
        """As asked, but for the texts."""
        kept = {
            name: text if name == "ship_via" else f"({len(text)} characters)" for name, text in self.changes.items()
        }
        return self.model_dump(mode="json") | {"changes": kept}


class SetMapping(Command):
    """Say what a code means on the other side, from a day on (none: today); an empty value removes it.

    A dry run says what waits for it and what would go on.
    """

    name: ClassVar[str] = "set_mapping"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    mapping: str
    key: str
    value: str
    why: str = ""
    from_on: date | None = None
    dry_run: bool = False


class MappingRow(BaseModel):
    """One mapping of a list: as `SetMapping`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    mapping: str
    key: str
    value: str = ""
    from_on: date | None = None
    line: int = 0  # of the file it was read from, to name what is wrong with it


class SetMappings(Command):
    """Set a whole list of mappings, all or none.

    A dry run says what of it differs from what holds, and what is wrong.
    """

    name: ClassVar[str] = "set_mappings"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    rows: tuple[MappingRow, ...]
    why: str = ""
    dry_run: bool = False


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
    roles: ClassVar[frozenset[Role]] = WORKERS
    level: str
    key: str = ""
    from_on: date
    is_removal: bool = False


class TriedPolicy(PolicyMembers):
    """One policy of a back-test: as things stand, or as if this were set today for a level and key.

    As with one that is set, what it leaves open is as the level above says, and more specific policies win.
    """

    as_it_is: bool = False
    level: str = "global"  # or division, category, sku
    key: str = ""


class BackTest(Command):
    """Replay two policies on the weeks of our own history that begin in a half-open span of days."""

    name: ClassVar[str] = "back_test"
    roles: ClassVar[frozenset[Role]] = WORKERS
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


class GiveUpImport(Command):
    """No longer wait for a stock file that does not end at John Lewis: the next may go."""

    name: ClassVar[str] = "give_up_import"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    import_id: str
    why: str


class AnswerDrift(Command):
    """Say what is to become of a difference between a sales order and what we sent.

    `cancel_line`: all that is open of the line is cancelled at John Lewis. `confirm_rest`: only the missing units
    are, and the rest is confirmed as it ships. `revert`: somebody puts it back in BlueCherry; finance may say it,
    too, for prices are theirs. `accept`: it stays, by the word of somebody who may approve, as with any exception.
    `shown_mark`: what the difference was as it was shown; another by then, or not said, it is refused.
    """

    name: ClassVar[str] = "answer_drift"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    order_id: str
    drift_class: str
    drift_subject: str
    answer: Literal["cancel_line", "confirm_rest", "revert", "accept"]
    why: str
    reason_code: str = ""  # John Lewis's, where something is cancelled there
    shown_mark: str | None = None

    def rights(self) -> tuple[frozenset[Role], bool]:
        if self.answer == "accept":
            return Accept.roles, Accept.needs_approver
        return (WORKERS, False) if self.answer == "revert" else super().rights()


class DecideAcceptance(Command):
    """Accept an order that waits for our word whatever its stock, but for the lines named, or refuse all of it.

    John Lewis takes a line whole or not at all; the reason is kept here.
    """

    name: ClassVar[str] = "decide_acceptance"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    order_id: str
    decision: Literal["accept", "refuse"]
    why: str
    refused_lines: tuple[str, ...] = ()


class DecideReturn(Command):
    """Accept or refuse a return that waits for our word, or say that what came back is not as it should be."""

    name: ClassVar[str] = "decide_return"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    return_id: str
    decision: Literal["accept", "refuse", "not_compliant"]
    why: str
    reason_code: str = ""


class SayAbsent(Command):
    """Say that what BlueCherry did not answer, or never showed, is surely not there; not found, it may go again."""

    name: ClassVar[str] = "say_absent"
    roles: ClassVar[frozenset[Role]] = WORKERS
    needs_approver: ClassVar[bool] = True
    intent_id: UUID
    why: str
    dry_run: bool = False


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
        Resync, RunOnce, Retry, FetchAgain, Assign, Snooze, Accept, Note, EditOrder, SetMapping,
        SetMappings, SetBufferPolicy, RemoveBufferPolicy,
        PreviewPolicy, BackTest, AcceptBatch, RejectBatch, ReleaseOrphans, PurgePersonal, Rebuild, Backup,
        AnswerDrift, DecideAcceptance, DecideReturn, GiveUpImport, SayAbsent,
    )
}  # fmt: skip


class Request(BaseModel):
    """A command on its way: who asks what, as which role, and whether with the right to approve."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    command: str
    actor: str
    role: Role
    arguments: dict[str, Any]
    is_approver: bool = False

    def parsed(self) -> Command:
        """The command itself.

        Raises:
            ValueError: no such command, or arguments it does not take; the sentence says which.

        """
        kind = KINDS.get(self.command)
        if kind is None:
            raise ValueError(f"there is no command {self.command!r}; there are {', '.join(sorted(KINDS))}")
        return kind.model_validate(self.arguments)


def request(command: Command, *, actor: str, role: Role, is_approver: bool = False) -> Request:
    """Wrap a command for sending."""
    arguments = command.model_dump(mode="json")
    return Request(command=command.name, actor=actor, role=role, arguments=arguments, is_approver=is_approver)
