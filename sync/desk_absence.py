"""The desk where a person says that what was to be created or cancelled in BlueCherry surely did not happen.

Laws: the word needs a reason and the right to approve; it is not taken while BlueCherry shows the thing, nor while
it may still appear by itself; what BlueCherry gave a number must have been asked for by both numbers, twice. The
word alone sends nothing: the flow looks for it once more, in its own lane, and sends again only what is still not
found. It is written down together with the doubt it casts, so that a stop in between loses neither.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from store import commands as ask
from store.events import AbsenceSaid, Event, IntentUnclear
from sync.answers import Failure, Refusal
from sync.flows.orders_again import foresee_absent
from sync.flows.orders_settle import BETWEEN_SWEEPS
from sync.freshness import erp_shows_by
from sync.lanes import Lane
from sync.runs import EVERYTHING, House, Scope, running

_FLOWS = {
    "create_sales_order": "orders", "cancel_sales_line": "orders",
    "create_return": "returns", "cancel_return": "returns",
}  # fmt: skip


class AbsenceDesk:
    """Carries out that command."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes
        self._saying = threading.Lock()

    def say(self, actor: str, command: ask.SayAbsent, tell: Callable[[str], None]) -> dict[str, Any]:
        """Raises Refusal where it cannot be said (yet), Failure if it could then not be looked for."""
        if command.dry_run:
            return self._foreseen(self._doubtful(command))
        why = command.why.strip()
        if not why:
            raise Refusal("Say how you know that it is not there: the reason is kept.")
        with self._saying:  # of two who say it of a number that never showed, one casts the doubt
            row = self._doubtful(command)
            self._house.journal.append(self._said(actor, row, why))
        flow = _FLOWS[row["intent_kind"]]
        tell(f"BlueCherry is asked once more for {row['order_id']}")
        order_id = row["order_id"]
        run = self._lanes[flow].run_once(Scope(key=order_id) if flow == "orders" else Scope(named=(order_id,)))
        self._lanes["watch"].run_once(EVERYTHING)
        if not run.is_good:
            raise Failure(f"Your word is kept; it could not be looked for yet: {flow} {run.ending}")
        return {"message": self._became(row)}

    def _said(self, actor: str, row: Mapping[str, Any], why: str) -> list[Event]:
        """The word; and what was confirmed is in doubt again, for the flow to look for."""
        about = {
            "happened_at": self._house.clock.now(),
            "actor": actor,
            "intent_id": row["intent_id"],
            "intent_kind": row["intent_kind"],
            "intent_subject": row["subject"],
            "order_id": row["order_id"],
        }
        said: list[Event] = [AbsenceSaid(**about, why=why)]
        if row["state"] == "confirmed":
            words = f"BlueCherry gave it the number {row['reference']} and does not show it"
            said.append(IntentUnclear(**about, reference=row["reference"], code="looking", message=words))
        return said

    def _doubtful(self, command: ask.SayAbsent) -> dict[str, Any]:
        """What is in doubt, if it may be said of it."""
        rows = self._house.ask(
            "select * from unclear_in_erp where intent_id = $id", {"id": str(command.intent_id)}
        ).to_dicts()
        if not rows:
            raise Refusal("It is known by now whether it happened; reload the page.")
        (row,) = rows
        if row["state"] == "recorded":
            raise Refusal("It is being sent at this moment; wait for what comes of it.")
        if row["shown"]:
            is_there = "it is there" if row["intent_kind"].startswith("create_") else "it is cancelled"
            raise Refusal(f"BlueCherry shows it as {row['shown']}: {is_there}, and is not sent again.")
        until = erp_shows_by(self._house, row["meant_at"])
        if self._house.clock.now() < until:
            raise Refusal(
                f"It was sent at {row['meant_at']:%H:%M} UTC and may still appear by itself; say so from "
                f"{until:%H:%M} UTC on."
            )
        first_at = row["missed_first_at"]
        if row["state"] == "confirmed" and (first_at is None or row["missed_last_at"] - first_at < BETWEEN_SWEEPS):
            raise Refusal(
                f"BlueCherry took it as {row['reference']}, and was not asked for it twice by that number and the "
                f"order's since {until:%H:%M} UTC; every run of the orders asks, and *Fetch again* does it now."
            )
        return row

    def _foreseen(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What would be sent again, as things stand; nothing is asked for, nothing written."""
        looks = "It is looked for once more; if it is still not there,"
        if row["intent_kind"] != "create_sales_order":
            return {
                "message": f"{looks} it is sent again: {row['intent_kind'].replace('_', ' ')} {row['subject']}."
            }
        with running(self._house, "orders", is_preview=True) as run:
            again, held = foresee_absent(run, row["order_id"], str(row["intent_id"]))
        if not again:
            return {"message": f"{looks} nothing of {row['order_id']} is sent now. {held}".strip()}
        rows = [
            {
                "sends": one.subject,
                "ship_via": one.payload["ship_via"],
                "sku": line["sku_key"],
                "units": line["quantity"],
                "line": line["order_line_id"],
            }
            for one in again
            for line in one.payload["lines"]
        ]
        units = sum(one["units"] for one in rows)
        words = f"{units} {'unit' if units == 1 else 'units'} as {' and '.join(one.subject for one in again)}"
        return {"message": f"{looks} BlueCherry is sent {words}.", "differences": rows}

    def _became(self, row: Mapping[str, Any]) -> str:
        (settled,) = self._house.ask(
            "select state, code, reference, message from intent_facts where intent_id = $id",
            {"id": str(row["intent_id"])},
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
        if str(last["intent_id"]) == str(row["intent_id"]):
            return f"{looked}; it goes on with the next runs."
        as_what = f" as {last['reference']}" if last["reference"] else ""
        return f"{looked}; it was sent again: {last['state']}{as_what}."
