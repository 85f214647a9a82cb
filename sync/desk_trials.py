"""The trying part of the desk: policies previewed on today's stock, and replayed on our own history.

Law: trying changes nothing that is listed. It takes what is stored, says how far it is, keeps what it found, and
stops where it stands when the worker is stopped.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from store import commands as ask
from sync.answers import Refusal
from sync.desk_stock import StockDesk
from sync.flows.inventory_back_test import BackTest, Tried, back_test
from sync.flows.inventory_basis import policy_day
from sync.flows.inventory_preview import Draft, preview_policy
from sync.lanes import NothingSeen
from sync.rules.policies import Members, words
from sync.rules.previews import Effect
from sync.rules.trials import Tally
from sync.runs import House, running

MOST = timedelta(days=182)  # replayed at once
Tell = Callable[[str], None]


class TrialDesk:
    """Carries out the commands that try something out."""

    def __init__(self, house: House, stock: StockDesk) -> None:
        self._house = house
        self._stock = stock

    def preview_policy(
        self, command_id: UUID, actor: str, command: ask.PreviewPolicy, tell: Tell
    ) -> dict[str, Any]:
        """Raises Refusal for a policy that cannot be meant, or cannot be worked out yet."""
        entry = self._stock.end(command) if command.is_removal else self._stock.draft(command)
        draft = Draft(command_id, actor, entry, command.is_removal)
        seen: Effect | None = None
        with running(self._house, "inventory", is_preview=True) as run:
            seen = preview_policy(run, draft, tell)
        if seen is None and run.state != "previewed":
            raise NothingSeen(f"Nothing can be said yet, {run.ending}.")
        if seen is None:
            raise Refusal(run.message)
        return {"message": seen.sentence, "preview_id": str(command_id)}

    def back_test(self, command_id: UUID, actor: str, command: ask.BackTest, tell: Tell) -> dict[str, Any]:
        """Raises Refusal for weeks or policies that cannot be meant, or a past that does not reach there."""
        self._check_weeks(command)
        sides = tuple(self._tried(side, said) for side, said in (("a", command.a), ("b", command.b)))
        asked = BackTest(command_id, actor, command.from_on, command.until_on, sides)
        seen: Tally | None = None
        with running(self._house, "back_test", is_preview=True) as run:
            seen = back_test(run, asked, tell)
        if seen is None and run.state != "previewed":
            raise NothingSeen(f"It did not come to an end, {run.ending}. Asked again, it goes on from there.")
        if seen is None:
            raise Refusal(run.message)
        return {"message": _sentence(seen), "test_id": str(command_id)}

    def _check_weeks(self, command: ask.BackTest) -> None:
        today = policy_day(self._house.clock.now())
        if command.until_on <= command.from_on:
            raise Refusal("The last day must come after the first.")
        if command.from_on >= today:
            raise Refusal(f"There is nothing to replay yet: choose days before today ({today.isoformat()}).")
        if command.until_on - command.from_on > MOST:
            raise Refusal(f"At most {MOST.days // 7} weeks are replayed at once.")

    def _tried(self, side: str, said: ask.TriedPolicy) -> Tried:
        members = Members(
            percent=said.percent,
            units=said.units,
            combine=said.combine,
            risk=said.risk,
            alpha=said.alpha,
            oversell_cost=said.oversell_cost,
            minimum=said.minimum,
            maximum=said.maximum,
        )
        if said.as_it_is:
            if members != Members() or said.level != "global":
                raise Refusal(f"Policy {side.upper()} is as things stand: then it says nothing else.")
            return Tried(side, "as it is now", None)
        try:
            entry = self._stock.checked(said.level, said.key, policy_day(self._house.clock.now()), members)
        except Refusal as wrong:
            raise Refusal(f"Policy {side.upper()}: {wrong}") from wrong
        told = words(members) if entry.level == "global" else f"{words(members)} for {entry.level} {entry.key}"
        return Tried(side, told, entry)


def _sentence(seen: Tally) -> str:
    """What came of it, in one line."""
    sums = {row["side"]: row for row in seen.weeks.group_by("side").sum().to_dicts()}
    told = [
        f"{side.upper()} oversold {sums[side]['oversold_units']:,} and missed {sums[side]['lost_units']:,} units"
        for side in ("a", "b")
        if side in sums
    ]
    return f"{seen.window_count:,} batches replayed: {', '.join(told)}."
