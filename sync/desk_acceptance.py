"""The acceptance part of the desk: an order that waits for our word is accepted as it is, or refused, and why.

Law: refusing is never a button alone: it needs its reason, which is kept here, for the call carries none.
"""

from collections.abc import Mapping
from typing import Any

from store import commands as ask
from store.events import AcceptanceDecided, OrderReleased
from sync.answers import Refusal
from sync.lanes import Lane
from sync.runs import House

_OF_LINES = {"unknown_sku", "misspelt_sku", "inactive_sku", "missing_division", "missing_warehouse"}
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
        self._check_lines(command)
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
                    happened_at=now,
                    actor=actor,
                    order_id=command.order_id,
                    decision=command.decision,
                    why=why,
                    refused_lines=command.refused_lines,
                ),
                OrderReleased(
                    happened_at=now,
                    actor=actor,
                    order_id=command.order_id,
                    frees=("accept_order", "refuse_order"),
                ),
            ]
        )
        for name in ("orders", "watch"):
            self._lanes[name].hurry()
        words = "accepted as it is" if command.decision == "accept" else "refused at John Lewis, all of it"
        if command.refused_lines:
            words = f"accepted without {', '.join(command.refused_lines)}"
        return {"message": f"Order {command.order_id} will be {words}."}

    def _check_hold(self, command: ask.DecideAcceptance) -> None:
        """An order that could not be sent to BlueCherry is not accepted. Raises Refusal."""
        rows = self._house.ask(
            "select reason, detail from order_hold_facts where order_id = $id and reason is not null",
            {"id": command.order_id},
        ).to_dicts()
        held = rows[0]["reason"] if rows else ""
        # of a SKU nobody can send, the line may be refused and the rest be accepted
        mendable = _OF_STOCK | _OF_LINES if command.refused_lines else _OF_STOCK
        if command.decision == "accept" and held and held not in mendable:
            raise Refusal(f"It is held for another reason, which is to be mended first: {rows[0]['detail']}")

    def _check_lines(self, command: ask.DecideAcceptance) -> None:
        """Raises Refusal for lines that are not the order's, or are all it has."""
        if not command.refused_lines:
            return
        if command.decision == "refuse":
            raise Refusal("An order is refused whole, or accepted without some lines: not both.")
        rows = self._house.ask(
            "select order_line_id from order_line_facts where order_id = $id", {"id": command.order_id}
        )
        lines, chosen = set(rows["order_line_id"]), set(command.refused_lines)
        if strange := sorted(chosen - lines):
            raise Refusal(f"Order {command.order_id} has no line {strange[0]}.")
        if chosen == lines:
            raise Refusal("These are all its lines: refuse the order.")
