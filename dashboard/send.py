"""The one thing the dashboard writes: commands, for the worker to carry out.

Law: a command carries who asked it; its id makes it run once. What a role may not ask is not sent, and would be
refused by the worker too.
"""

from uuid import UUID, uuid4

from store.commands import (
    Accept,
    AcceptBatch,
    Assign,
    BackTest,
    Command,
    Note,
    PreviewPolicy,
    RejectBatch,
    ReleaseOrphans,
    RemoveBufferPolicy,
    Resync,
    Retry,
    RunOnce,
    SetBufferPolicy,
    SetMapping,
    Snooze,
    TriedPolicy,
    request,
)
from store.window import Window

__all__ = [
    "Accept", "AcceptBatch", "Assign", "BackTest", "Command", "Note", "PreviewPolicy", "RejectBatch",
    "ReleaseOrphans", "RemoveBufferPolicy", "Resync", "Retry", "RunOnce", "SetBufferPolicy", "SetMapping", "Snooze",
    "TriedPolicy", "may", "send",
]  # fmt: skip

ROLE_NAMES = ("viewer", "ops", "finance", "admin")


def may(kind: type[Command], role: str) -> bool:
    """Whether a role may ask this."""
    return role in kind.roles


def who_may(kind: type[Command]) -> str:
    """The roles that may ask this, in words."""
    return " or ".join(role for role in ROLE_NAMES if role in kind.roles)


def send(window: Window, command: Command, *, actor: str, role: str) -> UUID:
    """Put a command into the worker's inbox; its id. Raises WorkerAway with a sentence to show."""
    asked = request(command, actor=actor, role=role)  # type: ignore[arg-type]  # judged by the model itself
    command_id = uuid4()
    window.send(command_id, asked.model_dump_json())
    return command_id
