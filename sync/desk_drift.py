"""The orders part of the desk: what a person says is to become of an order that is not what we sent.

Law: nothing is cancelled at John Lewis but by such a word. The word is an event with who and why; the orders flow
carries it out, once, while it is the last. It is for the difference that was shown: one that changed since is to be
looked at again. What cannot be meant is refused with a sentence, and nothing is written.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from store import commands as ask
from store.events import CancelationAsked, DriftAnswered, Event
from sync.answers import CHANGED, Refusal
from sync.lanes import Lane
from sync.runs import House

_SHORT = {"quantity", "cancelled"}
_LINE = {*_SHORT, "substitution"}
_ACCEPTED = {
    "revert": "It stays open until BlueCherry shows it put back; then it closes by itself.",
    "accept": "Accepted as it is; changed once more, it is open again.",
}


class DriftDesk:
    """Carries out the commands about orders."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def answer_drift(self, actor: str, command: ask.AnswerDrift) -> dict[str, Any]:
        """Raises Refusal for an answer that does not fit what is there."""
        why = command.why.strip()
        if not why:
            raise Refusal("Say why: the reason is kept with it.")
        found = self._difference(command)
        if command.shown_mark != found["shown_mark"]:
            raise Refusal(CHANGED)
        now = self._house.clock.now()
        answered = DriftAnswered(
            happened_at=now, actor=actor, order_id=command.order_id, drift_class=command.drift_class,
            drift_subject=command.drift_subject, answer=command.answer, shown=found["shown_mark"], why=why,
        )  # fmt: skip
        if command.answer in _ACCEPTED:
            self._record("watch", answered)
            return {"message": _ACCEPTED[command.answer]}
        quantity = self._units(command, found)
        reason = self._reason(command.reason_code)
        asked = CancelationAsked(
            happened_at=now, actor=actor, ask_id=uuid4(), order_id=command.order_id,
            order_line_id=found["order_line_id"], quantity=quantity, before_quantity=found["cancelled_quantity"],
            reason_code=reason["code"], why=why,
        )  # fmt: skip
        self._record("orders", answered, asked)
        units = "1 unit" if quantity == 1 else f"{quantity} units"
        return {"message": f"{units} of {asked.order_line_id} will be cancelled at John Lewis ({reason['label']})."}

    def _difference(self, command: ask.AnswerDrift) -> dict[str, Any]:
        rows = self._house.ask(
            """
            select
                differing.*, line.cancelled_quantity, line.quantity - line.cancelled_quantity as wanted_quantity,
                placed.state as market_state,
            from drift($now) as differing
            join order_facts as placed on placed.order_id = differing.order_id
            left join order_line_facts as line on line.order_line_id = differing.order_line_id
            where differing.order_id = $order_id and drift_class = $class and subject = $subject
            """,
            {
                "now": self._house.clock.now(), "order_id": command.order_id, "class": command.drift_class,
                "subject": command.drift_subject,
            },
        ).to_dicts()  # fmt: skip
        if not rows:
            raise Refusal("BlueCherry does not differ there any more; reload the page.")
        return rows[0]

    @staticmethod
    def _units(command: ask.AnswerDrift, found: Mapping[str, Any]) -> int:
        """How many units of the line. Raises Refusal where there is nothing to cancel."""
        if found["drift_class"] not in _LINE or not found["order_line_id"]:
            raise Refusal(
                "There is no line at John Lewis to cancel for this: revert it in BlueCherry, or accept it."
            )
        if found["market_state"] != "SHIPPING":
            raise Refusal(
                "John Lewis shows the order as sent: nothing of it can be cancelled there any more. What never "
                "leaves is refunded there."
            )
        if found["passed_on"] in {"recorded", "unclear"}:
            raise Refusal("A cancelation of this line is on its way to John Lewis; wait for what comes of it.")
        if command.answer == "confirm_rest":
            if found["drift_class"] not in _SHORT or found["short_quantity"] < 1:
                raise Refusal("Nothing of the line is missing; there is no rest to confirm.")
            return int(found["short_quantity"])
        return int(found["wanted_quantity"])

    def _reason(self, code: str) -> dict[str, str]:
        """One of John Lewis's reasons that a seller may give. Raises Refusal for another."""
        rows = self._house.ask("select value from marketplace_facts where topic = 'reasons'").to_dicts()
        known = {
            one["code"]: {"code": str(one["code"]), "label": str(one["label"])}
            for one in (json.loads(rows[0]["value"]) if rows else [])
            if one.get("detail", {}).get("type") == "CANCELATION" and one.get("detail", {}).get("is_ours")
        }
        if code not in known:
            listed = ", ".join(known) or "none was read yet"
            raise Refusal(f"{code!r} is no reason John Lewis lets us give for a cancelation: {listed}.")
        return known[code]

    def _record(self, flow: str, *events: Event) -> None:
        self._house.journal.append(events)
        for name in {flow, "watch"}:
            self._lanes[name].hurry()
