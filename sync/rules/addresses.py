"""Fits a customer's address into the ERP's fields without losing a letter.

BlueCherry's lengths (ours until the client confirms them, bluecherry.md §2.13): name and lines 40, city 25,
postcode 10.
"""

import textwrap
from dataclasses import replace

from sync.ports import Address

LINE, CITY, POSTCODE = 40, 25, 10


def fitted(address: Address) -> Address | None:
    """The address in the ERP's lengths; None when it cannot be written there in full."""
    if len(address.name) > LINE or len(address.city) > CITY or len(address.postcode) > POSTCODE:
        return None
    if len(address.line_1) <= LINE and len(address.line_2) <= LINE:
        return address
    whole = ", ".join(part for part in (address.line_1, address.line_2) if part)
    lines = textwrap.wrap(whole, LINE)
    if len(lines) > 2:
        return None
    return replace(address, line_1=lines[0], line_2=lines[1] if len(lines) > 1 else "")
