"""What the marketplace says to a write: without what must stand in it, nobody knows what happened."""

from collections.abc import Mapping
from typing import Any

from sync.clients.http import Answer
from sync.clients.records import Model, Unreadable, read
from sync.errors import Unclear


def written(answer: Answer, member: str, resource: str) -> list[Any]:
    """The list in the answer to a write. Raises Unclear without it."""
    rows = answer.data.get(member) if isinstance(answer.data, dict) else None
    if not isinstance(rows, list):
        raise Unclear(f"{resource} answered without {member} (exchange {answer.snapshot_id})")
    return rows


def believed(model: type[Model], raw: Any, resource: str) -> Model:
    """A record in the answer to a write. Raises Unclear where it cannot be read."""
    try:
        return read(model, raw)
    except Unreadable as why:
        raise Unclear(f"the answer to {resource} cannot be read: {why}") from why


def listed(data: Mapping[str, Any], member: str) -> list[Any]:
    """A list that may be missing; anything else under its name says nothing."""
    rows = data.get(member)
    return rows if isinstance(rows, list) else []
