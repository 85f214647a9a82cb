"""A whole list of mappings at once: from a table that was edited, or from a file.

Law: all of it or none. What holds already is not set again; a row that cannot be right is named, with its line
if it was read from a file, and what would be right, and then nothing is written.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from store import commands as ask
from store.events import MappingSet
from sync.answers import Refusal
from sync.desk_mapping_waits import waiting
from sync.desk_mappings import MappingDesk
from sync.lanes import Lane
from sync.runs import House

SHOWN = 5  # problems in one sentence
_Code = tuple[str, str]  # mapping and key


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
        waits = None if problems else waiting(self._house, self._from_now(changes))
        if command.dry_run:
            words = waits.becomes("them") if waits else "Nothing waits for them." if changes else ""
            return _told(len(command.rows), changes, problems, waits="" if problems else words)
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
        words = f"{waits.released('them')}." if waits else ""
        return _told(len(command.rows), changes, [], is_done=True, waits=words)

    def _from_now(self, changes: list[dict[str, str]]) -> list[ask.SetMapping]:
        """Those that hold from today on."""
        today = self._desk.today().isoformat()
        return [
            ask.SetMapping(mapping=one["mapping"], key=one["key"], value=one["after"])
            for one in changes
            if one["from_on"] == today
        ]

    def _compared(self, command: ask.SetMappings) -> tuple[list[dict[str, str]], list[str]]:
        """What differs from what holds on each row's day, and what is wrong with the list."""
        problems: list[str] = []
        asked: dict[_Code, dict[date, str]] = {}
        today = self._desk.today()
        for row in command.rows:
            # what holds since a day that is past, as a list taken out of here says, changes from today on
            day = max(row.from_on or today, today)
            one = ask.SetMapping(mapping=row.mapping, key=row.key, value=row.value, from_on=day)
            where = f"{f'Line {row.line}, ' if row.line else ''}{row.mapping} {row.key}".strip()
            try:
                from_on = self._desk.checked(one)
            except Refusal as no:
                problems.append(f"{where}: {no}")
                continue
            days = asked.setdefault((row.mapping, row.key), {})
            if from_on in days:
                problems.append(f"{where} stands in the list twice for {from_on}: leave one of them out.")
                continue
            days[from_on] = row.value
        set_so_far = self._set_so_far()
        changes = []
        for code, days in asked.items():
            for from_on, value in days.items():
                before = _holding(from_on, set_so_far.get(code, {}), days)
                if before != value:
                    change = {"mapping": code[0], "key": code[1], "before": before, "after": value}
                    changes.append(change | {"from_on": from_on.isoformat()})
        return changes, problems

    def _set_so_far(self) -> dict[_Code, dict[date, str]]:
        """By code: what it means from which day on."""
        told: dict[_Code, dict[date, str]] = {}
        for row in self._house.ask("select mapping, key, value, from_on from mapping_facts").to_dicts():
            told.setdefault((row["mapping"], row["key"]), {})[row["from_on"] or date.min] = row["value"]
        return told


def _holding(day: date, set_so_far: Mapping[date, str], asked: Mapping[date, str]) -> str:
    """What a code means on a day, as it is set, after what the list says for earlier days."""
    told = {**set_so_far, **{one: value for one, value in asked.items() if one < day}}
    earlier = [one for one in told if one <= day]
    return told[max(earlier)] if earlier else ""


def _told(
    count: int, changes: list[dict[str, str]], problems: list[str], *, is_done: bool = False, waits: str = ""
) -> dict[str, Any]:
    message = f"{_summary(count, changes, problems, is_done=is_done)} {waits}".strip()
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
