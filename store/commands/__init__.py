"""The vocabulary of what a person may ask of the worker: one frozen model a command, with who may ask it.

All are read from here. A command travels as JSON: `{"command": …, "actor": …, "role": …, "arguments": {…}}`; its
id makes it run once.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

from store.commands.base import ROLES, WORKERS, Command, OfExceptions, Role
from store.commands.exceptions import (
    Accept,
    Assign,
    FetchAgain,
    Note,
    Retry,
    Snooze,
)
from store.commands.house import (
    Backup,
    PurgePersonal,
    Rebuild,
    Resync,
    RunOnce,
)
from store.commands.mappings import (
    MappingRow,
    SetMapping,
    SetMappings,
)
from store.commands.orders import (
    AnswerDrift,
    DecideAcceptance,
    DecideReturn,
    EditOrder,
    SayAbsent,
)
from store.commands.stock import (
    AcceptBatch,
    BackTest,
    GiveUpImport,
    PolicyMembers,
    PreviewPolicy,
    RejectBatch,
    ReleaseOrphans,
    RemoveBufferPolicy,
    SetBufferPolicy,
    TriedPolicy,
)

__all__ = [
    "KINDS",
    "ROLES",
    "WORKERS",
    "Accept",
    "AcceptBatch",
    "AnswerDrift",
    "Assign",
    "BackTest",
    "Backup",
    "Command",
    "DecideAcceptance",
    "DecideReturn",
    "EditOrder",
    "FetchAgain",
    "GiveUpImport",
    "MappingRow",
    "Note",
    "OfExceptions",
    "PolicyMembers",
    "PreviewPolicy",
    "PurgePersonal",
    "Rebuild",
    "RejectBatch",
    "ReleaseOrphans",
    "RemoveBufferPolicy",
    "Request",
    "Resync",
    "Retry",
    "Role",
    "RunOnce",
    "SayAbsent",
    "SetBufferPolicy",
    "SetMapping",
    "SetMappings",
    "Snooze",
    "TriedPolicy",
    "request",
]

KINDS: dict[str, type[Command]] = {
    kind.name: kind
    for kind in (
        Retry, FetchAgain, Assign, Snooze, Accept, Note,
        Resync, RunOnce, PurgePersonal, Rebuild, Backup,
        SetMapping, SetMappings,
        EditOrder, AnswerDrift, DecideAcceptance, DecideReturn, SayAbsent,
        SetBufferPolicy, RemoveBufferPolicy, PreviewPolicy, BackTest,
        AcceptBatch, RejectBatch, ReleaseOrphans, GiveUpImport,
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
