"""What a person asks about an order or a return: change it, answer for it, or say what became of it."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from store.commands.base import WORKERS, Command, Role
from store.commands.exceptions import Accept


class EditOrder(Command):
    """Change what an order will carry into the ERP, then process it again.

    `changes`: by field (`ship_to.city`, `bill_to.postcode`, `email`, `ship_via` …) its new text. A dry run says
    what would come of it.
    """

    name: ClassVar[str] = "edit_order"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    order_id: str
    changes: dict[str, str]
    why: str
    dry_run: bool = False

    def discreet(self) -> dict[str, Any]:
        """As asked, but for the texts."""
        kept = {
            name: text if name == "ship_via" else f"({len(text)} characters)" for name, text in self.changes.items()
        }
        return self.model_dump(mode="json") | {"changes": kept}


class AnswerDrift(Command):
    """Say what is to become of a difference between a sales order and what we sent.

    `cancel_line`: all that is open of the line is cancelled at John Lewis. `confirm_rest`: only the missing units
    are, and the rest is confirmed as it ships. `revert`: somebody puts it back in BlueCherry; finance may say it
    of a price and of the house account. `accept`: it stays, by the word of somebody who may approve, as with any
    exception.
    `shown_mark`: what the difference was as it was shown; another by then, or not said, it is refused.
    """

    name: ClassVar[str] = "answer_drift"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    order_id: str
    drift_class: str
    drift_subject: str
    answer: Literal["cancel_line", "confirm_rest", "revert", "accept"]
    why: str
    reason_code: str = ""  # John Lewis's, where something is cancelled there
    shown_mark: str | None = None

    def rights(self) -> tuple[frozenset[Role], bool]:
        if self.answer == "accept":
            return Accept.roles, Accept.needs_approver
        if self.answer == "revert" and self.drift_class in ("price", "house_account"):
            return WORKERS, False
        return super().rights()


class DecideAcceptance(Command):
    """Accept an order that waits for our word whatever its stock, but for the lines named, or refuse all of it.

    John Lewis takes a line whole or not at all; the reason is kept here.
    """

    name: ClassVar[str] = "decide_acceptance"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    order_id: str
    decision: Literal["accept", "refuse"]
    why: str
    refused_lines: tuple[str, ...] = ()


class DecideReturn(Command):
    """Accept or refuse a return that waits for our word, or say that what came back is not as it should be."""

    name: ClassVar[str] = "decide_return"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    return_id: str
    decision: Literal["accept", "refuse", "not_compliant"]
    why: str
    reason_code: str = ""


class SayAbsent(Command):
    """Say that what BlueCherry did not answer, or never showed, is surely not there; not found, it may go again."""

    name: ClassVar[str] = "say_absent"
    roles: ClassVar[frozenset[Role]] = WORKERS
    needs_approver: ClassVar[bool] = True
    intent_id: UUID
    why: str
    dry_run: bool = False
