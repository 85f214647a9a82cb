"""The one thing the dashboard writes: commands, for the worker to carry out.

Law: a command carries who asked it; its id makes it run once. What a role may not ask is not sent, and would be
refused by the worker too.
"""

from uuid import UUID, uuid4

from store.commands import (
    Accept,
    AcceptBatch,
    AnswerDrift,
    Assign,
    BackTest,
    Command,
    DecideAcceptance,
    DecideReturn,
    EditOrder,
    FetchAgain,
    GiveUpImport,
    MappingRow,
    Note,
    OfExceptions,
    PreviewPolicy,
    RejectBatch,
    ReleaseOrphans,
    RemoveBufferPolicy,
    Resync,
    Retry,
    RunOnce,
    SayAbsent,
    SetBufferPolicy,
    SetMapping,
    SetMappings,
    Snooze,
    TriedPolicy,
    request,
)
from store.window import Window

__all__ = [
    "Accept", "AcceptBatch", "AnswerDrift", "Assign", "BackTest", "Command", "DecideAcceptance", "DecideReturn",
    "EditOrder", "FetchAgain", "GiveUpImport", "MappingRow", "Note", "OfExceptions", "PreviewPolicy", "RejectBatch",
    "ReleaseOrphans", "RemoveBufferPolicy", "Resync", "Retry", "RunOnce", "SayAbsent", "SetBufferPolicy",
    "SetMapping", "SetMappings", "Snooze", "TriedPolicy", "may", "send",
]  # fmt: skip

ROLE_NAMES = ("viewer", "ops", "finance", "admin")


def may(command: Command, role: str, *, is_approver: bool = False) -> bool:
    """Whether a person of this role, with or without the right to approve, may ask this."""
    roles, needs_approver = command.rights()
    return role in roles and (is_approver or not needs_approver)


def who_may(command: Command) -> str:
    """The roles that may ask this, in words."""
    allowed, needs_approver = command.rights()
    roles = " or ".join(role for role in ROLE_NAMES if role in allowed)
    return f"{roles} with the right to approve" if needs_approver else roles


def send(window: Window, command: Command, *, actor: str, role: str, is_approver: bool = False) -> UUID:
    """Put a command into the worker's inbox; its id. Raises WorkerAway with a sentence to show."""
    asked = request(command, actor=actor, role=role, is_approver=is_approver)  # type: ignore[arg-type]  # judged there
    command_id = uuid4()
    window.send(command_id, asked.model_dump_json())
    return command_id
