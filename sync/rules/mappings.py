"""What a code of one side means on the other: read from the mappings people set, never guessed.

The key of a warehouse or division rule says for which goods and which place it holds, in any of these parts:

    NMK                     a division
    NMM|05…                 the styles of a division that begin so
    sku:NMK-04117-WHT-A--M  one SKU, as the marketplace offers it
    country:IRL             orders delivered to a country
    zone:HIGHLANDS          orders of one of the marketplace's shipping zones
    NMK country:IRL         both

The key of an attribute is the marketplace's, for every category or for one (`shirts|colour`); it means a field of
BlueCherry's, or a text (`text:Women`). The key of an account is a type of the marketplace's ledger line; it means
an account of BlueCherry's chart. A demand event is read by `sync.rules.demand_events`, the
record error of a warehouse by `sync.rules.record_error`.

Of the rules that fit the most specific wins: one SKU before a zone, a zone before a country, a place before goods
alone, a longer style before a shorter. No fallback anywhere: what is not mapped is None, and the caller holds the
order and says why. A mapping holds from its day on; `mappings($now)` says which are in force.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sync.rules import demand_events, record_error

KINDS = (
    "warehouse", "carrier", "ship_via", "order_status", "division", "attribute", "account", "demand_event",
    "record_error",
)  # fmt: skip
RULES = frozenset({"warehouse", "division"})  # their keys are rules
OPTIONAL = {  # and what holds without one
    "division": "the SKU's own counts",
    "attribute": "nothing waits for one",
    "account": "nothing waits for one",
    "demand_event": "every hour sells as its hour of the week does",
    "record_error": "RECORD_ERROR counts",
}
ELLIPSIS = "…"
IN_FORCE = "select mapping, key, value from mappings($now) where state = 'in_force'"

# What BlueCherry says of a SKU, as an attribute may mean it.
FIELDS = (
    "division", "style", "style_name", "color_code", "color_name", "label", "dimension", "size", "upc", "ean",
    "season", "category",
)  # fmt: skip
# What a sales order can be to us, in the order it becomes so (bluecherry.md §2.5).
STATUSES = ("ENTERED", "HELD", "OPEN", "PICKED", "PART_SHIPPED", "SHIPPED", "INVOICED", "CANCELLED")
TEXT = "text:"
_LEDGER_TYPE = re.compile(r"[A-Z][A-Z_]*")
_PLACE = re.compile(r"(?:^|(?<=\s))(country|zone):(\S*)")


@dataclass(frozen=True, slots=True)
class Goods:
    """What an order line sells."""

    division: str
    style: str
    sku: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order goes: the country of its address, and the marketplace's shipping zone."""

    country: str = ""
    zone: str = ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Rule:
    """For which goods and which place a mapping holds; what is empty holds for all."""

    goods: str = ""  # a division, or a division and the beginning of a style
    sku: str = ""
    country: str = ""
    zone: str = ""

    def fits(self, goods: Goods, place: Place) -> bool:
        """Whether it says something about these goods, delivered there."""
        return (
            self.sku in ("", goods.sku)
            and self.country in ("", place.country.upper())
            and self.zone in ("", place.zone)
            and self._fits_goods(goods)
        )

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """The larger, the more specific."""
        return (bool(self.sku), bool(self.zone), bool(self.country), len(self.goods))

    def _fits_goods(self, goods: Goods) -> bool:
        if self.goods.endswith(ELLIPSIS):
            return f"{goods.division}|{goods.style}".startswith(self.goods.removesuffix(ELLIPSIS))
        return self.goods in ("", goods.division)


def parsed(key: str) -> Rule:
    """A rule from its key.

    Raises:
        ValueError: it is none; the message says what is wrong.

    """
    found: dict[str, str] = {}
    for name, value in _PLACE.findall(key):
        if not value:
            raise ValueError(f"{name}: names nothing; write {name}:{'IRL' if name == 'country' else 'UK'}")
        if name in found:
            raise ValueError(f"{name} is named twice")
        found[name] = value.upper() if name == "country" else value
    rest = " ".join(_PLACE.sub("", key).split())
    if rest.startswith("sku:"):
        found["sku"] = rest.removeprefix("sku:").strip()
        if not found["sku"]:
            raise ValueError("sku: names nothing; write sku: and the SKU as John Lewis offers it")
    else:
        found["goods"] = rest
        if "|" in rest and not rest.endswith(ELLIPSIS):
            raise ValueError(f"{rest!r} names a style: end it with {ELLIPSIS} for the styles that begin so")
    if not any(found.values()):
        raise ValueError("a rule names a division, a SKU, a country or a zone")
    return Rule(**found)


def check_key(kind: str, key: str) -> None:
    """Whether a key of this kind can be read.

    Raises:
        ValueError: it cannot; the message says what to write.

    """
    if kind in RULES:
        parsed(key)
    elif kind == "attribute":
        parts = key.split("|")
        if len(parts) > 2 or not all(part and part == part.strip() for part in parts):
            raise ValueError("write the attribute, or its category, a bar and the attribute: shirts|colour")
    elif kind == "demand_event":
        demand_events.check_key(key)
    elif kind == "account" and _LEDGER_TYPE.fullmatch(key) is None:
        raise ValueError("write the type of ledger line as John Lewis does: COMMISSION_FEE")


def check_value(kind: str, value: str) -> None:
    """Whether a mapping of this kind can mean this, as far as no list of the other side says.

    Raises:
        ValueError: it cannot; the message says what it could.

    """
    if kind == "attribute":
        check_attribute(value)
    elif kind == "demand_event":
        demand_events.check_value(value)
    elif kind == "record_error":
        record_error.parsed(value)
    elif kind == "order_status" and value not in STATUSES:
        raise ValueError(f"it is none of our words for a sales order: {', '.join(STATUSES)}")


def check_attribute(value: str) -> None:
    """Whether an attribute can mean this.

    Raises:
        ValueError: it cannot; the message says what it could.

    """
    if value.startswith(TEXT):
        if not value.removeprefix(TEXT).strip():
            raise ValueError(f"{TEXT} says nothing; write {TEXT}Women")
    elif value not in FIELDS:
        raise ValueError(f"it is none of the fields {', '.join(FIELDS)}, nor {TEXT} and the words")


@dataclass(frozen=True, slots=True)
class Mappings:
    """All mappings in force."""

    by_kind: Mapping[str, Mapping[str, str]]
    # of the kinds in RULES, the most specific first: what it says, its key, its value
    rules: Mapping[str, tuple[tuple[Rule, str, str], ...]] = field(default_factory=dict)

    def warehouse(self, goods: Goods, place: Place = NOWHERE) -> str | None:
        """The warehouse orders of these goods to that place are placed on."""
        return self._ruled("warehouse", goods, place)[1]

    def division(self, goods: Goods, place: Place = NOWHERE) -> str | None:
        """The division such orders are placed in, where it is not the SKU's own."""
        return self._ruled("division", goods, place)[1]

    def awaits_country(self, goods: Goods, place: Place) -> bool:
        """Whether a rule of some country may say where these goods are placed, once theirs is known."""
        if place.country:
            return False
        placed = replace(goods, division=self.division(goods, place) or goods.division)
        return any(
            rule.country and replace(rule, country="").fits(one, place)
            for kind, one in (("division", goods), ("warehouse", placed))
            for rule, _, _ in self.rules.get(kind, ())
        )

    def rule(self, kind: str, goods: Goods, place: Place = NOWHERE) -> str:
        """The key of the rule that decides; empty: none fits."""
        return self._ruled(kind, goods, place)[0]

    def warehouses(self) -> frozenset[str]:
        """Every warehouse an order can be placed on."""
        return frozenset(self.by_kind.get("warehouse", {}).values())

    def carrier(self, ship_via: str) -> str | None:
        """The marketplace's carrier code for an ERP ship-via."""
        return self.by_kind.get("carrier", {}).get(ship_via)

    def ship_via(self, shipping_type: str) -> str | None:
        """The ERP ship-via for a marketplace shipping type."""
        return self.by_kind.get("ship_via", {}).get(shipping_type)

    def _ruled(self, kind: str, goods: Goods, place: Place) -> tuple[str, str | None]:
        """Key and value of the rule that wins."""
        fitting = ((key, value) for rule, key, value in self.rules.get(kind, ()) if rule.fits(goods, place))
        return next(fitting, ("", None))


def load(rows: Iterable[Mapping[str, Any]]) -> Mappings:
    """Mappings from rows with `mapping`, `key`, `value`; an empty value was removed."""
    tables: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["value"]:
            tables.setdefault(row["mapping"], {})[row["key"]] = row["value"]
    return Mappings(tables, {kind: _ranked(tables.get(kind, {})) for kind in RULES})


def _ranked(table: Mapping[str, str]) -> tuple[tuple[Rule, str, str], ...]:
    found = []
    for key, value in table.items():
        try:
            found.append((parsed(key), key, value))
        except ValueError:
            continue  # settings may hold what the desk would have refused: it maps nothing, and its orders say so
    return tuple(sorted(found, key=lambda one: one[0].rank, reverse=True))
