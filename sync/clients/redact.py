"""Takes personal data out of what was said before anyone else sees it.

The law: names, addresses, mail addresses and phone numbers never leave the clients in a snapshot. They are
found by structure, on parsed JSON, and replaced by a reference to the order whose `personal` row has them;
everything else stays word for word, numbers included. A body that cannot be parsed is kept only as its length
and hash.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

# Personal wherever they stand.
_MEMBERS = frozenset(
    {
        "firstname", "lastname", "first_name", "last_name", "civility",
        "email", "customer_notification_email", "electronic_address",
        "phone", "phone_secondary", "phone_number", "fax",
        "street_1", "street_2", "street1", "street2", "zip_code", "additional_info",
        "addr1", "addr2", "zipcode", "contact", "notes",
        "iban", "bic", "birth_date", "birth_city",
    }
)  # fmt: skip
# Everything within is personal, but for what _KEPT names.
_PLACES = frozenset(
    {
        "shipping_address", "billing_address", "accounting_contact", "delivery_contact", "organization",
        "contact_informations", "billing_info", "payment_info", "personal_information",
        "registration_address", "fiscal_representative", "address", "pickaddress",
    }
)  # fmt: skip
_KEPT = frozenset({"country", "country_iso_code", "addr_type", "locale", "payment_type", "@type"})
# A warehouse is no person; its address tells nobody's secrets.
_IMPERSONAL = frozenset({"shipping_from"})
_FREE_FIELDS = frozenset({"order_additional_fields", "order_line_additional_fields"})
_SPECIAL = _MEMBERS | _PLACES | _IMPERSONAL | _FREE_FIELDS
_ORDER_IDS = ("order_id", "po_num", "commercial_id")
# Shorter values ("Leeds" is five) are found by structure alone: they occur in ordinary words.
_SHORTEST_VALUE = 5
# A letter of nobody's alphabet: it stands in no text a vendor sends.
_MARK = "\ue0c7"
_MARKED = re.compile(f'"{_MARK}([-+.0-9Ee]+){_MARK}"')


class Redaction:
    """Replaces personal members of the documents of one exchange."""

    def __init__(self, subject: str = "") -> None:
        self._subject = subject
        self._values: set[str] = set()
        self._is_ours = False

    def ours(self, document: Any) -> Any:
        """What we send, with references in place of personal members, whose values are remembered."""
        self._is_ours = True
        try:
            return self.document(document)
        finally:
            self._is_ours = False

    def document(self, document: Any) -> Any:
        """The same document with references in place of personal members."""
        return self._walk(document, self._subject, inside=False)

    def text(self, text: str) -> str:
        """Free text (an error message) without the personal values we sent."""
        for value in sorted(self._values, key=len, reverse=True):
            if value in text:
                text = text.replace(value, _reference(self._subject))
        return text

    def _walk(self, value: Any, subject: str, *, inside: bool) -> Any:
        if isinstance(value, dict):
            return self._members(value, subject, inside=inside)
        if isinstance(value, list):
            return [self._walk(item, subject, inside=inside) for item in value]
        if inside and value is not None and value != "" and not isinstance(value, bool):
            return self._replace(value, subject)
        if isinstance(value, str) and self._values and not self._is_ours:
            return self.text(value)
        return value

    def _members(self, members: Mapping[str, Any], subject: str, *, inside: bool) -> dict[str, Any]:
        for name in _ORDER_IDS:
            if isinstance(members.get(name), str) and members[name]:
                subject = members[name]
                break
        if not self._subject:
            self._subject = subject
        found = dict(members)
        for name, value in members.items():
            # what a customer wrote about a return
            if inside or name in _SPECIAL or (name == "description" and "return_lines" in members):
                found[name] = self._special(name, value, subject, inside=inside)
            elif isinstance(value, dict | list) or (self._values and isinstance(value, str)):
                # The plain scalars of a page of orders are many; they are not looked at one by one.
                found[name] = self._walk(value, subject, inside=False)
        return found

    def _special(self, name: str, value: Any, subject: str, *, inside: bool) -> Any:
        if name in _IMPERSONAL:
            return value
        if name in _FREE_FIELDS and isinstance(value, list):
            return [self._free_field(field, subject) for field in value]
        is_personal = name == "description" or name in _MEMBERS or name in _PLACES or (inside and name not in _KEPT)
        return self._walk(value, subject, inside=is_personal)

    def _free_field(self, field: Any, subject: str) -> Any:
        """What a customer may have typed (a gift message); a yes or no tells nothing about anyone."""
        if not isinstance(field, dict) or field.get("type") == "BOOLEAN" or "value" not in field:
            return field
        return {**field, "value": self._walk(field["value"], subject, inside=True)}

    def _replace(self, value: Any, subject: str) -> str:
        text = str(value).strip()
        if self._is_ours and len(text) >= _SHORTEST_VALUE:
            self._values.add(text)
        return _reference(subject)


def _reference(subject: str) -> str:
    return f"personal:{subject}"


def parse(body: bytes) -> Any:
    """JSON with every number that has a point as a Decimal, in UTF-8 or what its byte order mark says.

    Raises:
        ValueError: this is not JSON.
        RecursionError: it is nested deeper than anything anybody means.

    """
    return _READER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def render(document: Any) -> bytes:
    """The document as compact JSON, Decimals as the numbers they are."""
    text = _WRITER.encode(document)
    if _MARK in text:
        text = _MARKED.sub(r"\1", text)
    # Half a surrogate pair is written back as the escape it came as.
    return text.encode("utf-8", errors="backslashreplace")


def _marked(value: Any) -> str:
    """A Decimal as a string that `render` unwraps: json writes no numbers but its own, and writes those fast."""
    if isinstance(value, Decimal) and value.is_finite():
        return f"{_MARK}{value}{_MARK}"
    raise TypeError(f"{type(value).__name__} is not JSON")


# Made once: json makes one anew for each call that asks for anything unusual.
_READER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
_WRITER = json.JSONEncoder(default=_marked, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def unreadable(body: bytes) -> bytes:
    """What is kept of a body nobody could parse, and which may therefore hold anything."""
    return render({"unreadable": {"length": len(body), "sha256": sha256(body).hexdigest()}})
