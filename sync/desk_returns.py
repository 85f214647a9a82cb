"""The returns' part of the desk: what a person says of a return, to be told to John Lewis.

Law: a refusal, and that goods are not as they should be, is told by such a word alone; who said it and why is an
event, and John Lewis gets one of its own reasons.
"""

from collections.abc import Mapping
from typing import Any

from store import commands as ask
from store.events import ReturnDecided
from sync.answers import Refusal
from sync.lanes import Lane
from sync.rules.return_answers import NON_COMPLIANCES, REJECTIONS
from sync.runs import House

_REASONS: dict[str, Mapping[str, str]] = {"accept": {}, "refuse": REJECTIONS, "not_compliant": NON_COMPLIANCES}
_STATES = {"accept": "WAITING_ACCEPTANCE", "refuse": "WAITING_ACCEPTANCE", "not_compliant": "RECEIVED"}
_WORDS = {
    "accept": "will be accepted at John Lewis",
    "refuse": "will be refused at John Lewis",
    "not_compliant": "will be told as not as it should be",
}


class ReturnDesk:
    """Carries out the command that decides a return."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def decide(self, actor: str, command: ask.DecideReturn) -> dict[str, Any]:
        """Raises Refusal where there is nothing to decide, or the reason is none John Lewis knows."""
        why = command.why.strip()
        if not why:
            raise Refusal("Say why: the reason is kept with it.")
        rows = self._house.ask(
            "select order_id, state from market_return_facts where return_id = $id", {"id": command.return_id}
        ).to_dicts()
        if not rows:
            raise Refusal(f"John Lewis never showed us a return {command.return_id!r}.")
        wanted = _STATES[command.decision]
        if rows[0]["state"] != wanted:
            raise Refusal(f"The return is {rows[0]['state']} at John Lewis, not {wanted}.")
        reasons = _REASONS[command.decision]
        if reasons and command.reason_code not in reasons:
            raise Refusal(f"{command.reason_code!r} is none of John Lewis's reasons: {', '.join(reasons)}.")
        self._house.journal.append(
            [
                ReturnDecided(
                    happened_at=self._house.clock.now(), actor=actor, return_id=command.return_id,
                    order_id=rows[0]["order_id"], decision=command.decision,
                    reason_code=command.reason_code if reasons else "", why=why,
                )
            ]
        )  # fmt: skip
        for name in ("returns", "watch"):
            self._lanes[name].hurry()
        return {"message": f"The return {_WORDS[command.decision]}."}
