"""Reading one record among many: what cannot be read is named and set aside, and the rest goes on.

The law: a message about an unreadable record names members, never values: values may be somebody's address.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sync.clients.values import written

_LONGEST_NAME = 80
_LONGEST_REASON = 400
Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")
Item = TypeVar("Item")


class Unreadable(ValueError):
    """A record lacks what gives it meaning."""


def read(model: type[Model], raw: Any) -> Model:
    """A record as its wire model, or `Unreadable`."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        where = ", ".join(f"{'.'.join(map(str, fault['loc']))} ({fault['type']})" for fault in faults[:5])
        raise Unreadable(written(where)[:_LONGEST_REASON]) from None


def needed(value: Value | None, member: str) -> Value:
    """A value a record must have, or `Unreadable`."""
    if value is None or value == "":
        raise Unreadable(f"{member} is missing")
    return value


def present(got: BaseModel, *members: str) -> None:
    """These members are there, be they null: a record that merely lost one would read as if nothing were known."""
    for member in members:
        if member not in got.model_fields_set:
            raise Unreadable(f"{member} is missing")


def sort_out(
    records: Iterable[Any], key: str, what: str, in_words: Callable[[Any], Item]
) -> tuple[list[Item], list[str]]:
    """The readable records in our words, and a sentence for each of the others."""
    items: list[Item] = []
    skipped: list[str] = []
    for record in records:
        try:
            items.append(in_words(record))
        except Unreadable as reason:
            skipped.append(f"{what} {_name(record, key)}: {reason}")
    return items, skipped


def _name(record: Any, key: str) -> str:
    """What a record calls itself, if it is a name at all."""
    name = record.get(key) if isinstance(record, dict) else None
    if not isinstance(name, str | int) or isinstance(name, bool) or name == "":
        return "without a name"
    return written(str(name)[:_LONGEST_NAME])
