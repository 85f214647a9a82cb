"""What waits for mappings that are to be set, and what becomes of it with them: worked out, and nothing written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from store import commands as ask
from sync.flows.orders_again import Foreseen, foresee
from sync.rules import mappings
from sync.runs import House, running

LONDON = ZoneInfo("Europe/London")
_HELD = "select order_id from held_orders where reason in ('missing_warehouse', 'missing_division')"
_UNMAPPED = """
select waits.mapping, waits.order_ids
from unmapped($now) as waits
where (waits.mapping, waits.cause) in (select unnest($kinds::varchar[]), unnest($keys::varchar[]))
"""
_WORTH = """
select
    any_value(placed.currency) as currency, sum(placed.total_amount) as amount,
    min(coalesce(placed.shipping_deadline_at, held.deadline_at)) as deadline_at
from order_facts as placed
left join held_orders as held on held.order_id = placed.order_id
where placed.order_id in (select unnest($ids::varchar[]))
"""
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders that wait for mappings, and what becomes of them once these are set."""

    order_count: int
    currency: str
    amount: Decimal
    first_deadline_at: datetime | None
    foreseen: Foreseen | None  # of those on their way to BlueCherry; None: none is
    parcel_order_count: int  # orders whose parcels wait to be told to John Lewis
    unread_order_count: int  # orders of which nobody knows what BlueCherry's status means

    def words(self, verb: str = "wait") -> str:
        """`37 orders, £3,912, first deadline 24 Nov 14:10 wait`."""
        parts = [_orders(self.order_count)]
        if self.amount:
            sign = _SIGNS.get(self.currency, f"{self.currency} ")
            parts.append(f"{sign}{self.amount:,.2f}".removesuffix(".00"))
        if due := self.first_deadline_at:
            parts.append(f"first deadline {due.astimezone(LONDON):%-d %b %H:%M}")
        return f"{', '.join(parts)} {f'{verb}s' if self.order_count == 1 and verb == 'wait' else verb}"

    def released(self, them: str = "it") -> str:
        """`37 orders, £3,912 waited for it: they go on`."""
        is_known_alone = self.foreseen is None and not self.parcel_order_count
        return f"{self.words('waited')} for {them}: {'their state is known' if is_known_alone else 'they go on'}"

    def becomes(self, them: str = "it") -> str:
        """`37 orders, £3,912 wait for it; with it 35 go on, 2 stay held (address too long)`, as a sentence."""
        becomes = [self.foreseen.words] if self.foreseen else []
        if self.parcel_order_count:
            becomes.append(f"parcels of {_orders(self.parcel_order_count)} are told")
        if self.unread_order_count:
            becomes.append(f"the state of {_orders(self.unread_order_count)} is known")
        return f"{self.words()} for {them}; with {them} {', and '.join(becomes)}."


def waiting(house: House, asked: Sequence[ask.SetMapping]) -> Waiting | None:
    """What waits for mappings that hold from now on; None: nothing does."""
    named = [one for one in asked if one.value and one.mapping not in mappings.RULES]
    about = {"kinds": [one.mapping for one in named], "keys": [one.key for one in named]}
    missing = house.ask(_UNMAPPED, {"now": house.clock.now(), **about}).to_dicts() if named else []
    of_kind: defaultdict[str, set[str]] = defaultdict(set)
    for row in missing:
        of_kind[row["mapping"]].update(row["order_ids"])
    parcels, unread = of_kind.pop("carrier", set()), of_kind.pop("order_status", set())
    moved, foreseen = _moved(house, asked, set().union(*of_kind.values()))
    ids = sorted(parcels | unread | moved)
    if not ids:
        return None
    (worth,) = house.ask(_WORTH, {"ids": ids}).to_dicts()
    return Waiting(
        order_count=len(ids),
        currency=worth["currency"] or "",
        amount=worth["amount"] or Decimal(0),
        first_deadline_at=worth["deadline_at"],
        foreseen=foreseen if moved else None,
        parcel_order_count=len(parcels),
        unread_order_count=len(unread),
    )


def _moved(house: House, asked: Sequence[ask.SetMapping], orders: Collection[str]) -> tuple[set[str], Foreseen]:
    """Orders that wait for what is named, or for a place that one of these gives; and what becomes of them."""
    has_rules = any(one.value and one.mapping in mappings.RULES for one in asked)
    held = {*orders, *(house.ask(_HELD)["order_id"].to_list() if has_rules else ())}
    if not held:
        return set(), Foreseen((), {}, {})
    without, with_them = _foresee(house, held, ()), _foresee(house, held, asked)
    moved = {one for one in held if one in orders or without.becomes(one) != with_them.becomes(one)}
    return moved, Foreseen(
        tuple(order for order in with_them.goes_on if order in moved),
        {order: kind for order, kind in with_them.held.items() if order in moved},
        {order: words for order, words in with_them.details.items() if order in moved},
        with_them.in_trial & moved,
    )


def _foresee(house: House, orders: Iterable[str], asked: Iterable[ask.SetMapping]) -> Foreseen:
    """What would become of orders as the mappings stand, or with these set."""
    given = [(one.mapping, one.key, one.value) for one in asked]
    with running(house, "orders", is_preview=True) as run:
        return foresee(run, dict.fromkeys(orders, ()), mappings=given)


def _orders(count: int) -> str:
    return f"{count:,} {'order' if count == 1 else 'orders'}"
