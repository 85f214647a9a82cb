"""What both outside systems speak of: pages, people, codes, outcomes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items as one answer gave them, pointing at the answer's snapshot; `skipped` could not be read."""

    items: tuple[Item, ...]
    snapshot_id: UUID | None
    skipped: tuple[str, ...] = ()
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a person lives. Personal: goes to the `personal` table and the ERP, nowhere else."""

    name: str
    line_1: str
    line_2: str
    city: str
    state: str
    postcode: str
    country: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """The personal part of an order."""

    ship_to: Address | None
    bill_to: Address | None
    email: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item of a write that takes many."""

    subject: str
    is_ok: bool
    reference: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A row of a code table (carrier, shipping type, reason, warehouse, ship-via)."""

    code: str
    label: str
    detail: Mapping[str, Any] = field(default_factory=dict)
