"""What a person asks about exceptions: try again, own, hide, accept, note."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from store.commands.base import WORKERS, OfExceptions, Role


class Retry(OfExceptions):
    """Process again what exceptions are about: decided anew on what is stored.

    A dry run says what would come of it.
    """

    name: ClassVar[str] = "retry"
    roles: ClassVar[frozenset[Role]] = WORKERS
    dry_run: bool = False


class FetchAgain(OfExceptions):
    """Read anew from the two systems what exceptions are about, and decide on that."""

    name: ClassVar[str] = "fetch_again"
    roles: ClassVar[frozenset[Role]] = WORKERS


class Assign(OfExceptions):
    """Give exceptions an owner."""

    name: ClassVar[str] = "assign"
    roles: ClassVar[frozenset[Role]] = WORKERS
    owner: str


class Snooze(OfExceptions):
    """Hide exceptions until a moment, until something happens, or until whichever is first; neither: show them.

    `until_event`: change (of the exception or its order), batch (the next stock batch in use), payout (the next
    billing cycle). A deadline wakes them in any case, four hours before it or at half of the time that was left.
    """

    name: ClassVar[str] = "snooze"
    roles: ClassVar[frozenset[Role]] = WORKERS
    until_at: datetime | None = None
    until_event: Literal["", "change", "batch", "payout"] = ""


class Accept(OfExceptions):
    """Accept exceptions as they are, with the reason.

    `grounds`: by exception, the values it was shown with; other by then, or not said, it is refused.
    """

    name: ClassVar[str] = "accept"
    roles: ClassVar[frozenset[Role]] = WORKERS
    needs_approver: ClassVar[bool] = True
    reason: str
    grounds: dict[UUID, str | None] = Field(default_factory=dict)


class Note(OfExceptions):
    """Write a note on exceptions."""

    name: ClassVar[str] = "note"
    roles: ClassVar[frozenset[Role]] = WORKERS
    text: str
