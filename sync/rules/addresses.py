"""Fits a customer's address into the ERP's fields without losing a letter, or says which field does not fit.

BlueCherry's lengths (ours until the client confirms them, bluecherry.md §2.13): name and lines 40, city and state
25, postcode 10, contact 40. Law: nothing is ever cut. A misfit names the field and its lengths, never the text:
that stays in the `personal` table.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sync.ports import Address, Person

LINE, LINES = 40, 2
LONGEST = {"name": LINE, "city": 25, "state": 25, "postcode": 10, "phone": 40}
NEEDED = ("name", "line_1", "city", "postcode", "country")
BRITISH = {"GB", "GBR", "UK"}
# Royal Mail's forms, in either case and with or without the blank: nothing is corrected for the customer.
_POSTCODE = re.compile(r"(GIR ?0AA|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2})", re.IGNORECASE)
_WORDS = {
    "ship_to": "delivery", "bill_to": "billing", "line_1": "street", "street": "street", "city": "town",
    "state": "county",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Misfit:
    """A field of an address that BlueCherry does not take as it is. Lengths in characters."""

    part: str  # ship_to or bill_to
    field: str  # a member of Address, or street for its lines together
    length: int
    fits: int  # 0: the field is missing, or of no form BlueCherry takes

    @property
    def name(self) -> str:
        """`delivery town`."""
        return named(f"{self.part}.{self.field}")

    @property
    def words(self) -> str:
        """What is wrong with it, without its text."""
        if self.field == "street":  # its characters may be few enough, and its words still too long
            return f"{self.name}: {self.length} characters, which do not break into two lines of {LINE}"
        if self.fits:
            return f"{self.name}: {self.length} characters, {self.fits} fit"
        return f"{self.name}: {'not of the form of a postcode' if self.length else 'missing'}"


def named(field: str) -> str:
    """A field of a person by its path, in words: `ship_to.city` is the `delivery town`."""
    return " ".join(_WORDS.get(part, part.replace("_", " ")) for part in field.split("."))


def misfits(person: Person) -> tuple[Misfit, ...]:
    """Every field of the two addresses that BlueCherry would refuse or cut; empty: they fit."""
    found = [] if person.ship_to is None else list(_misfits("ship_to", person.ship_to))
    # the same address twice is mended once
    if person.bill_to is not None and person.bill_to != person.ship_to:
        found += _misfits("bill_to", person.bill_to)
    return tuple(found)


def fitted(address: Address) -> Address | None:
    """The address in the ERP's lengths; None when it cannot be written there in full."""
    lines = _lines(address)
    if lines is None or any(len(getattr(address, field)) > most for field, most in LONGEST.items()):
        return None
    return replace(address, line_1=lines[0], line_2=lines[1])


def sent_addresses(person: Person | None) -> tuple[Address | None, Address | None]:
    """Where a sales order goes and who is billed, as they are written there; None: it cannot be, or is not known.

    Who gives no billing address is billed where it goes.
    """
    ship_to = fitted(person.ship_to) if person and person.ship_to else None
    return ship_to, fitted(person.bill_to) if person and person.bill_to else ship_to


def _misfits(part: str, address: Address) -> Iterator[Misfit]:
    for field in NEEDED:
        if not getattr(address, field).strip():
            yield Misfit(part, field, 0, 0)
    for field, most in LONGEST.items():
        if len(getattr(address, field)) > most:
            yield Misfit(part, field, len(getattr(address, field)), most)
    if _lines(address) is None:
        yield Misfit(part, "street", len(_street(address)), LINE * LINES)
    code = address.postcode.strip()
    is_british = address.country.strip().upper() in BRITISH
    if is_british and code and len(code) <= LONGEST["postcode"] and not _POSTCODE.fullmatch(code):
        yield Misfit(part, "postcode", len(code), 0)


def _street(address: Address) -> str:
    return ", ".join(part for part in (address.line_1, address.line_2) if part)


def _lines(address: Address) -> tuple[str, str] | None:
    """The two street lines, broken between words where they must be; None: they do not fit."""
    if len(address.line_1) <= LINE and len(address.line_2) <= LINE:
        return address.line_1, address.line_2
    lines = textwrap.wrap(_street(address), LINE, break_long_words=False, break_on_hyphens=False)
    if len(lines) > LINES or any(len(line) > LINE for line in lines):
        return None
    return lines[0], lines[1] if len(lines) > 1 else ""
