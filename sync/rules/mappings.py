"""What a code of one side means on the other: read from the mappings people set, never guessed.

A warehouse key is a division (`NMK`) or a division and the beginning of a style (`NMM|05…`); the longest that
fits wins. No fallback anywhere: what is not mapped is None, and the caller holds the order and says why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("warehouse", "carrier", "ship_via", "order_status")
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Mappings:
    """All mappings in force."""

    by_kind: Mapping[str, Mapping[str, str]]

    def warehouse(self, division: str, style: str) -> str | None:
        """The warehouse orders for this style are placed on."""
        table = self.by_kind.get("warehouse", {})
        fitting = [
            key
            for key in table
            if key == division
            or (key.endswith(ELLIPSIS) and f"{division}|{style}".startswith(key.removesuffix(ELLIPSIS)))
        ]
        return table[max(fitting, key=len)] if fitting else None

    def warehouses(self) -> frozenset[str]:
        """Every warehouse an order can be placed on."""
        return frozenset(self.by_kind.get("warehouse", {}).values())

    def carrier(self, ship_via: str) -> str | None:
        """The marketplace's carrier code for an ERP ship-via."""
        return self.by_kind.get("carrier", {}).get(ship_via)

    def ship_via(self, shipping_type: str) -> str | None:
        """The ERP ship-via for a marketplace shipping type."""
        return self.by_kind.get("ship_via", {}).get(shipping_type)

    def status(self, raw_status: str) -> str | None:
        """Our word for an ERP order status."""
        return self.by_kind.get("order_status", {}).get(raw_status)


def load(rows: Iterable[Mapping[str, Any]]) -> Mappings:
    """Mappings from rows with `mapping`, `key`, `value`; an empty value was removed."""
    tables: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["value"]:
            tables.setdefault(row["mapping"], {})[row["key"]] = row["value"]
    return Mappings(tables)
