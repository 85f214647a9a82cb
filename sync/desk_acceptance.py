"""The acceptance part of the desk: an order that waits for our word is accepted as it is, or refused, and why.

Law: refusing is never a button alone: it needs its reason, which is kept here, for the call carries none.
"""

from collections.abc import Mapping
from typing import Any

from store import commands as ask
from store.events import OrderReleased
from store.events_acceptance import AcceptanceDecided
from sync.answers import Refusal
from sync.lanes import Lane
from sync.runs import House

_OF_STOCK = {"not_fulfilable", "stale_stock", "accept_refused"}


class AcceptanceDesk:
    """Carries out the command that decides an order."""

    def __init__(self, house: House, lanes: Mapping[str, Lane]) -> None:
        self._house = house
        self._lanes = lanes

    def decide(self, actor: str, command: ask.DecideAcceptance) -> dict[str, Any]:
        """Raises Refusal where there is nothing to decide any more, or no reason is given."""
        why = command.why.strip()
        if not why:
            raise Refusal("Say why: the reason is kept with it; John Lewis is not told one.")
        rows = self._house.ask(
            "select state from order_facts where order_id = $id", {"id": command.order_id}
        ).to_dicts()
        if not rows:
            raise Refusal(f"John Lewis never showed us an order {command.order_id!r}.")
        if rows[0]["state"] not in {"STAGING", "WAITING_ACCEPTANCE"}:
            raise Refusal(f"Order {command.order_id} is {rows[0]['state']} at John Lewis: it was decided before.")
        self._check_hold(command)
        under_way = self._house.ask(
            "select intent_kind from intent_facts where order_id = $id and state <> 'refused'"
            " and intent_kind in ('accept_order', 'refuse_order')",
            {"id": command.order_id},
        ).to_dicts()
        if under_way:
            word = "acceptance" if under_way[0]["intent_kind"] == "accept_order" else "refusal"
            raise Refusal(f"Its {word} is on its way to John Lewis; wait for what comes of it.")
        now = self._house.clock.now()
        self._house.journal.append(
            [
                AcceptanceDecided(
                    happened_at=now, actor=actor, order_id=command.order_id, decision=command.decision, why=why
                ),
                OrderReleased(happened_at=now, actor=actor, order_id=command.order_id),
            ]
        )
        for name in ("orders", "watch"):
            self._lanes[name].hurry()
        words = "accepted as it is" if command.decision == "accept" else "refused at John Lewis, all of it"
        return {"message": f"Order {command.order_id} will be {words}."}

    def _check_hold(self, command: ask.DecideAcceptance) -> None:
        """An order that could not be sent to BlueCherry is not accepted. Raises Refusal."""
        rows = self._house.ask(
            "select reason, detail from order_hold_facts where order_id = $id and reason is not null",
            {"id": command.order_id},
        ).to_dicts()
        if command.decision == "accept" and rows and rows[0]["reason"] not in _OF_STOCK:
            raise Refusal(f"It is held for another reason, which is to be mended first: {rows[0]['detail']}")
