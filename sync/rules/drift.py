"""What of a sales order's address is not as we sent it: the names of the fields, never their text.

Blanks and case are the ERP's own business (many write all in capitals), and so is where a street breaks into its
two lines. Everything else that differs was changed by somebody.
"""

from sync.ports import Address
from sync.rules.addresses import BRITISH

NO_ADDRESS, MANY_ADDRESSES = "none", "several"  # in the place of fields: there is no one address to compare
_ALIKE = ("name", "city", "state", "postcode")


def changed_fields(sent: Address, there: Address) -> tuple[str, ...]:
    """The fields of the address there that say something else than was sent, in the order of an address."""
    names = {"state": "county", "city": "town"}
    changed = [
        names.get(name, name) for name in _ALIKE if _plain(getattr(sent, name)) != _plain(getattr(there, name))
    ]
    if _street(sent) != _street(there):
        changed.append("street")
    if _nation(sent) != _nation(there):
        changed.append("country")
    order = ("name", "street", "town", "county", "postcode", "country")
    return tuple(sorted(changed, key=order.index))


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


def _street(address: Address) -> str:
    return _plain(f"{address.line_1}{address.line_2}").replace(",", "")


def _nation(address: Address) -> str:
    code = address.country.strip().upper()
    return "GB" if code in BRITISH else code
