"""The mappings' part of the desk: what a code means on the other side, from which day on.

Law: a mapping that cannot be right is refused with a sentence that says what would be, and nothing is written; one
that is set says what waited for it, and what waited goes on at once.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from store import commands as ask
from store.events import MappingSet
from sync.answers import Refusal
from sync.flows.orders_again import Foreseen, foresee
from sync.lanes import Lane
from sync.rules import mappings
from sync.runs import House, running

LONDON = ZoneInfo("Europe/London")
# Where the codes of the other side were read to, and what kind of code an order can use.
_TOPICS = {
    "warehouse": "warehouses", "record_error": "warehouses", "carrier": "carriers", "ship_via": "ship_vias",
    "account": "accounts",
}  # fmt: skip
_WAREHOUSE = "W"
_HELD = "select order_id from held_orders where reason in ('missing_warehouse', 'missing_division')"
_WORTH = """
select
    count(*) as order_count, list(order_id order by order_id) as order_ids, any_value(currency) as currency,
    sum(total_amount) as amount, min(deadline_at) as deadline_at
from held_orders
where order_id in (select unnest($ids::varchar[]))
"""
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}


class MappingDesk:
    """Carries out the command that sets a mapping."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def set(self, actor: str, command: ask.SetMapping) -> dict[str, Any]:
        """Raises Refusal for a mapping that cannot be meant."""
        from_on = self.checked(command)
        is_now = from_on == self.today()
        waiting = self._waiting(command) if command.value and is_now else None
        if command.dry_run:
            return {"message": self._foreseen(command, waiting)}
        self._house.journal.append(
            [
                MappingSet(
                    happened_at=self._house.clock.now(),
                    actor=actor,
                    mapping=command.mapping,
                    key=command.key,
                    value=command.value,
                    why=command.why,
                    from_on=from_on,
                )
            ]
        )
        for lane in self._lanes.values():
            lane.hurry()  # what waited for it goes on at once
        when = "now" if is_now else f"from {from_on:%-d %b %Y} on"
        released = f"; {_waits(waiting, 'waited')} for it: they go on" if waiting else ""
        return {"message": f"{command.mapping} {command.key} is {when} {command.value or 'removed'}{released}"}

    def checked(self, command: ask.SetMapping) -> date:
        """London's day it holds from. Raises Refusal for a mapping that cannot be meant."""
        self._check_key(command)
        self._check_value(command)
        today = self.today()
        from_on = command.from_on or today
        if from_on < today:
            raise Refusal(f"A mapping holds from today at the earliest: what was sent before {today} is sent.")
        return from_on

    def today(self) -> date:
        """London's day."""
        return self._house.clock.now().astimezone(LONDON).date()

    def _waiting(self, command: ask.SetMapping) -> dict[str, Any] | None:
        """What waits for a mapping, to be said with its being set."""
        if command.mapping in mappings.RULES:
            return self._ruled(command)
        rows = self._house.ask(
            "select * from unmapped($now) where mapping = $mapping and cause = $key",
            {"now": self._house.clock.now(), "mapping": command.mapping, "key": command.key},
        ).to_dicts()
        return rows[0] if rows else None

    def _ruled(self, command: ask.SetMapping) -> dict[str, Any] | None:
        """Of the orders no rule places, those that this one moves on, whatever goods and places it names."""
        held = self._house.ask(_HELD)["order_id"].to_list()
        if not held:
            return None
        without, with_it = self._foresee(held), self._foresee(held, command)
        ids = [order for order in held if without.becomes(order) != with_it.becomes(order)]
        return self._house.ask(_WORTH, {"ids": ids}).to_dicts()[0] if ids else None

    def _foresee(self, orders: Iterable[str], command: ask.SetMapping | None = None) -> Foreseen:
        """What would become of orders as the mappings stand, or with this one set."""
        mapping = (command.mapping, command.key, command.value) if command else None
        with running(self._house, "orders", is_preview=True) as run:
            return foresee(run, dict.fromkeys(orders, ()), mapping=mapping)

    def _foreseen(self, command: ask.SetMapping, waiting: Mapping[str, Any] | None) -> str:
        """What setting it would release, worked out for the orders; nothing is written."""
        if waiting is None:
            return "Nothing waits for it."
        words = _waits(waiting)
        if command.mapping in {"carrier", "order_status"} or not waiting["order_ids"]:
            return f"{words} for it and would go on."
        return f"{words} for it; with it {self._foresee(waiting['order_ids'], command).words}."

    @staticmethod
    def _check_key(command: ask.SetMapping) -> None:
        if command.mapping not in mappings.KINDS:
            raise Refusal(f"There is no mapping {command.mapping!r}: {', '.join(mappings.KINDS)}.")
        if not command.key.strip():
            raise Refusal("A mapping needs a key: the code on the side it comes from.")
        if command.value:
            try:
                mappings.check_key(command.mapping, command.key)
            except ValueError as wrong:
                what = "rule" if command.mapping in mappings.RULES else command.mapping
                raise Refusal(f"{command.key!r} is no {what}: {wrong}.") from wrong

    def _check_value(self, command: ask.SetMapping) -> None:
        if command.value:
            try:
                mappings.check_value(command.mapping, command.value)
            except ValueError as wrong:
                raise Refusal(f"{command.key} cannot mean {command.value!r}: {wrong}.") from wrong
        codes = self._codes(command.mapping)
        # of a record error it is the key that is the other side's
        code = command.key if command.mapping == "record_error" else command.value
        if command.value and codes and code not in codes:
            what = _TOPICS.get(command.mapping, "divisions")
            raise Refusal(f"{code!r} is not one of the {what} we know: {', '.join(codes)}.")

    def _codes(self, mapping: str) -> list[str]:
        """What the other side knows; empty: it was never read, or anything goes."""
        if mapping == "division":
            rows = self._house.ask("select distinct division from sku_facts where not is_gone and division <> ''")
            return sorted(rows["division"])
        rows = self._house.ask(
            "select value from marketplace_facts where topic = $topic", {"topic": _TOPICS.get(mapping, "")}
        )
        told = json.loads(rows["value"][0]) if rows.height else []
        # an order stands on a warehouse, never on a returns bench or a port
        fit = [one for one in told if mapping != "warehouse" or one["detail"].get("type") in (None, _WAREHOUSE)]
        return sorted(str(one["code"]) for one in fit)


def _waits(row: Mapping[str, Any], verb: str = "wait") -> str:
    """`37 orders, £3,912, first deadline 24 Nov 14:10 wait`."""
    count, sign = row["order_count"], _SIGNS.get(row["currency"] or "", f"{row['currency'] or ''} ")
    parts = [f"{count:,} {'order' if count == 1 else 'orders'}"]
    if row["amount"]:
        parts.append(f"{sign}{row['amount']:,.2f}".removesuffix(".00"))
    if due := row["deadline_at"]:
        parts.append(f"first deadline {due.astimezone(LONDON):%-d %b %H:%M}")
    return f"{', '.join(parts)} {f'{verb}s' if count == 1 and verb == 'wait' else verb}"
