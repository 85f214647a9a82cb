"""A whole list of mappings at once: from a table that was edited, or from a file.

Law: all of it or none. What holds already is not set again; a row that cannot be right is named with its number and
what would be right, and then nothing is written.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from store import commands as ask
from store.events import MappingSet
from sync.answers import Refusal
from sync.desk_mappings import MappingDesk
from sync.lanes import Lane
from sync.runs import House

SHOWN = 5  # problems in one sentence


class MappingLists:
    """Carries out the command that sets many mappings."""

    def __init__(self, house: House, lanes: Mapping[str, Lane], desk: MappingDesk) -> None:
        self._house = house
        self._lanes = lanes
        self._desk = desk

    def set(self, actor: str, command: ask.SetMappings) -> dict[str, Any]:
        """`changes` (mapping, key, before, after, from_on) and `problems`, a sentence each.

        Raises Refusal for a list with problems that is to be set.
        """
        changes, problems = self._compared(command)
        if command.dry_run:
            return _told(len(command.rows), changes, problems)
        if problems:
            more = f" And {len(problems) - SHOWN} more." if len(problems) > SHOWN else ""
            raise Refusal(f"Nothing was set. {' '.join(problems[:SHOWN])}{more}")
        now = self._house.clock.now()
        self._house.journal.append(
            [
                MappingSet(
                    happened_at=now, actor=actor, mapping=change["mapping"], key=change["key"],
                    value=change["after"], why=command.why, from_on=date.fromisoformat(change["from_on"]),
                )
                for change in changes
            ]
        )  # fmt: skip
        for lane in self._lanes.values():
            lane.hurry()  # what waited for them goes on at once
        return _told(len(command.rows), changes, [], is_done=True)

    def _compared(self, command: ask.SetMappings) -> tuple[list[dict[str, str]], list[str]]:
        """What differs from what holds on each row's day, and what is wrong with the list."""
        changes, problems = [], []
        seen: set[tuple[str, str, date]] = set()
        today = self._desk.today()
        holding: dict[date, dict[tuple[str, str], str]] = {}
        for number, row in enumerate(command.rows, start=1):
            # what holds since a day that is past, as a list taken out of here says, changes from today on
            day = max(row.from_on or today, today)
            one = ask.SetMapping(mapping=row.mapping, key=row.key, value=row.value, from_on=day)
            try:
                from_on = self._desk.checked(one)
            except Refusal as no:
                problems.append(f"Row {number}: {no}")
                continue
            if (row.mapping, row.key, from_on) in seen:
                problems.append(f"Row {number}: {row.mapping} {row.key} stands in the list twice for {from_on}.")
                continue
            seen.add((row.mapping, row.key, from_on))
            if from_on not in holding:
                holding[from_on] = self._holding(from_on)
            before = holding[from_on].get((row.mapping, row.key), "")
            if before != row.value:
                change = {"mapping": row.mapping, "key": row.key, "before": before, "after": row.value}
                changes.append(change | {"from_on": from_on.isoformat()})
        return changes, problems

    def _holding(self, day: date) -> dict[tuple[str, str], str]:
        """What each code means on a day, as far as it is set now."""
        midday = datetime.combine(day, time(12), UTC)
        rows = self._house.ask(
            "select mapping, key, value from mappings($at) where state = 'in_force'", {"at": midday}
        )
        return {(row["mapping"], row["key"]): row["value"] for row in rows.to_dicts()}


def _told(
    count: int, changes: list[dict[str, str]], problems: list[str], *, is_done: bool = False
) -> dict[str, Any]:
    message = _summary(count, changes, problems, is_done=is_done)
    return {"message": message, "changes": changes, "problems": problems}


def _summary(count: int, changes: list[dict[str, str]], problems: list[str], *, is_done: bool) -> str:
    rows = f"{count:,} rows" if count != 1 else "the one row"
    if problems:
        wrong = f"{len(problems)} are wrong" if len(problems) != 1 else "one is wrong"
        return f"Of {rows}, {wrong}: nothing can be set before that is mended."
    if not changes:
        return f"Nothing to set: {rows} say{'s' if count == 1 else ''} what holds already."
    words = f"{len(changes):,} of {rows}" if count != 1 else "The one row"
    verb = "was" if len(changes) == 1 else "were"
    rest = "; the rest holds already" if len(changes) < count else ""
    return f"{words} {verb if is_done else 'would be'} set{rest}."
