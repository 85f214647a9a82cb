"""The mappings' part of the desk: what a code means on the other side, from which day on.

Law: a mapping that cannot be right is refused with a sentence that says what would be, and nothing is written; one
that is set says what waited for it, and what waited goes on at once.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from store import commands as ask
from store.events import MappingSet
from sync.answers import Refusal
from sync.desk_mapping_waits import LONDON, waiting
from sync.lanes import Lane
from sync.rules import mappings
from sync.runs import House

# Where the codes of the other side were read to, and what kind of code an order can use.
_TOPICS = {
    "warehouse": "warehouses", "record_error": "warehouses", "carrier": "carriers", "ship_via": "ship_vias",
    "account": "accounts",
}  # fmt: skip
_WAREHOUSE = "W"


class MappingDesk:
    """Carries out the command that sets a mapping."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def set(self, actor: str, command: ask.SetMapping) -> dict[str, Any]:
        """Raises Refusal for a mapping that cannot be meant."""
        from_on = self.checked(command)
        is_now = from_on == self.today()
        waits = waiting(self._house, [command]) if command.value and is_now else None
        if command.dry_run:
            return {"message": waits.becomes() if waits else "Nothing waits for it."}
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
        released = f"; {waits.released()}" if waits else ""
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
