"""The trying part of the desk: policies previewed on today's stock, and replayed on our own history.

Law: trying changes nothing that is listed. It takes what is stored, says how far it is, keeps what it found, and
stops where it stands when the worker is stopped.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from store import commands as ask
from sync.answers import Refusal
from sync.desk_stock import StockDesk
from sync.flows.inventory_preview import Draft, preview_policy
from sync.rules.previews import Effect
from sync.runs import House, running

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
        if seen is None:
            raise Refusal(run.message)
        return {"message": seen.sentence, "preview_id": str(command_id)}
