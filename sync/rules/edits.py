"""What a person may change of an order before it goes to the ERP, and what the order carries then.

Laws: an edit changes a text it was shown; where John Lewis says something else meanwhile, that counts and the edit
does not. A SKU is never edited: it is BlueCherry's own, byte for byte, or the order waits.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sync.ports import Address, Person

SHIP_VIA = "ship_via"
EMAIL = "email"
PARTS = ("ship_to", "bill_to")
EDITABLE = frozenset({SHIP_VIA, EMAIL, *(f"{part}.{one.name}" for part in PARTS for one in fields(Address))})
LONGEST = 200  # characters; nothing of an address is longer, and a text that is was pasted by mistake


@dataclass(frozen=True, slots=True)
class Change:
    """One field: the text it had and the text it gets. Personal, but for the ship-via."""

    field: str
    before: str
    after: str


def refusal(changes: Mapping[str, str]) -> str:
    """Why these changes cannot be meant; empty: they can. Never with a text in it."""
    if not changes:
        return "The edit changes nothing: say which field gets which text."
    for name, text in changes.items():
        if "sku" in name.lower():
            return (
                "A SKU is never edited: it must be BlueCherry's own, byte for byte. Correct the offer at John "
                "Lewis, or the SKU in BlueCherry; the order goes on by itself then."
            )
        if name not in EDITABLE:
            return f"{name!r} cannot be edited; these can: {', '.join(sorted(EDITABLE))}."
        if len(text) > LONGEST or not text.isprintable():
            return f"The text for {name} is too long or holds characters that cannot be printed."
    return ""


def changed(person: Person, changes: Mapping[str, str]) -> tuple[Change, ...]:
    """The changes that are any, with the texts they replace. Texts are trimmed at both ends, as the ERP does.

    Raises:
        ValueError: the order has no such address to change.

    """
    found = []
    if person.bill_to is not None and person.bill_to == person.ship_to:  # one address, shown twice: mended once
        twice = {name.replace("ship_to.", "bill_to."): text for name, text in changes.items()}
        changes = {**twice, **changes}
    for name, text in sorted(changes.items()):
        if name == SHIP_VIA:
            continue
        before = _text(person, name)
        if before is None:
            raise ValueError(
                f"John Lewis has shown no {'delivery' if name.startswith('ship_to') else 'billing'} address"
            )
        if before != text.strip():
            found.append(Change(name, before, text.strip()))
    return tuple(found)


def edited(person: Person, edits: Iterable[Change]) -> Person:
    """The person after every edit whose `before` is still what is there."""
    for edit in edits:
        if _text(person, edit.field) == edit.before:
            person = _with(person, edit.field, edit.after)
    return person


def dumped(edits: Sequence[Change]) -> str:
    """Edits as they are kept beside what John Lewis showed."""
    return json.dumps([{"field": one.field, "before": one.before, "after": one.after} for one in edits])


def loaded(text: str | None) -> tuple[Change, ...]:
    """Edits as they were kept; none where there are none."""
    rows: list[dict[str, Any]] = json.loads(text) if text else []
    return tuple(Change(str(row["field"]), str(row["before"]), str(row["after"])) for row in rows)


def _text(person: Person, name: str) -> str | None:
    if name == EMAIL:
        return person.email
    part, _, member = name.partition(".")
    address = person.ship_to if part == "ship_to" else person.bill_to
    return None if address is None else str(getattr(address, member))


def _with(person: Person, name: str, text: str) -> Person:
    if name == EMAIL:
        return replace(person, email=text)
    part, _, member = name.partition(".")
    address = person.ship_to if part == "ship_to" else person.bill_to
    assert address is not None  # noqa: S101 - `edited` asked for its text before
    new = replace(address, **{member: text})
    return replace(person, ship_to=new) if part == "ship_to" else replace(person, bill_to=new)
