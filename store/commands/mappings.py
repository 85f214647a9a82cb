"""What a person asks of the mappings between the two systems."""

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from store.commands.base import Command, Role


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
