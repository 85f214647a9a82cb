"""The desk where a person says that what was to be created or cancelled in BlueCherry surely did not happen.

Laws: the word needs a reason and the right to approve; it is not taken while BlueCherry shows the thing, nor while
it may still appear by itself; and it alone sends nothing: the flow looks for it once more, in its own lane, and
sends again only what is still not found.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from store import commands as ask
from store.events import AbsenceSaid
from sync.answers import Failure, Refusal
from sync.lanes import Lane
from sync.runs import EVERYTHING, House, Scope

SOONEST = timedelta(minutes=15)  # where nobody has configured how long what was created may stay invisible
_FLOWS = {
    "create_sales_order": "orders", "cancel_sales_line": "orders",
    "create_return": "returns", "cancel_return": "returns",
}  # fmt: skip


class AbsenceDesk:
    """Carries out that command."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def say(self, actor: str, command: ask.SayAbsent, tell: Callable[[str], None]) -> dict[str, Any]:
        """Raises Refusal where it cannot be said (yet), Failure if it could then not be looked for."""
        why = command.why.strip()
        if not why:
            raise Refusal("Say how you know that it is not there: the reason is kept.")
        row = self._unclear(command)
        self._house.journal.append(
            [
                AbsenceSaid(
                    happened_at=self._house.clock.now(),
                    actor=actor,
                    intent_id=command.intent_id,
                    intent_kind=row["intent_kind"],
                    intent_subject=row["subject"],
                    order_id=row["order_id"],
                    why=why,
                )
            ]
        )
        flow = _FLOWS[row["intent_kind"]]
        tell(f"BlueCherry is asked once more for {row['order_id']}")
        # a key would let returns repeat a refund: that is another word, of another button
        run = self._lanes[flow].run_once(Scope(key=row["order_id"]) if flow == "orders" else EVERYTHING)
        self._lanes["watch"].run_once(EVERYTHING)
        if not run.is_good:
            raise Failure(f"Your word is kept; it could not be looked for yet: {flow} {run.ending}")
        return {"message": self._became(command, row)}

    def _unclear(self, command: ask.SayAbsent) -> dict[str, Any]:
        """What is unclear, if it may be said of it."""
        rows = self._house.ask(
            "select * from unclear_in_erp where intent_id = $id", {"id": str(command.intent_id)}
        ).to_dicts()
        if not rows:
            raise Refusal("It is known by now whether it happened; reload the page.")
        (row,) = rows
        if row["state"] != "unclear":
            raise Refusal("It is being sent at this moment; wait for what comes of it.")
        if row["shown"]:
            is_there = "it is there" if row["intent_kind"].startswith("create_") else "it is cancelled"
            raise Refusal(f"BlueCherry shows it as {row['shown']}: {is_there}, and is not sent again.")
        minutes = self._house.settings.erp_visibility_minutes
        until = row["meant_at"] + (SOONEST if minutes is None else timedelta(minutes=minutes))
        if self._house.clock.now() < until:
            raise Refusal(
                f"It was sent at {row['meant_at']:%H:%M} UTC and may still appear by itself; say so from "
                f"{until:%H:%M} UTC on."
            )
        return row

    def _became(self, command: ask.SayAbsent, row: Mapping[str, Any]) -> str:
        (settled,) = self._house.ask(
            "select state, code, reference, message from intent_facts where intent_id = $id",
            {"id": str(command.intent_id)},
        ).to_dicts()
        if settled["state"] == "confirmed":
            return f"It was found after all, as {settled['reference']}: nothing was sent."
        if settled["state"] != "refused":
            return "Your word is kept. BlueCherry's answer could not be read whole; the next runs look again."
        if settled["code"] != "absent":
            return f"Nothing was sent: {settled['message']}"
        (last,) = self._house.ask(
            "select intent_id, state, reference from intent_facts where intent_kind = $kind and subject = $subject"
            " order by meant_at desc, seq desc limit 1",
            {"kind": row["intent_kind"], "subject": row["subject"]},
        ).to_dicts()
        looked = "It was looked for once more and is not there"
        if str(last["intent_id"]) == str(command.intent_id):
            return f"{looked}; it goes on with the next runs."
        as_what = f" as {last['reference']}" if last["reference"] else ""
        return f"{looked}; it was sent again: {last['state']}{as_what}."
