"""What can go wrong outside, grouped by what to do about it.

    SyncError
    ├── Fatal        stop this flow and call a person
    │   └── Misdirected   we are at the wrong tenant, shop or model: nothing may run
    ├── Retriable    nothing happened: the next run tries again
    │   └── PartlyUnread   a table has rows that cannot be read, and is worth nothing without them
    ├── Skippable    one unreadable thing: record it, carry on with the rest
    ├── Deferred     not allowed yet: come back at `due_at`; counts as success
    ├── Withheld     we did not begin it: it would be in vain now
    ├── Refused      a definite no to a write: nothing happened, a person or a rule decides
    └── Unclear      a write may or may not have happened: look before doing anything again

An error carries method, path and request id, never a key, never a body.
"""

from datetime import datetime
from uuid import UUID


class SyncError(Exception):
    """Something went wrong outside."""


class Fatal(SyncError):
    """The flow cannot go on until a person changes something; the message says what."""


class Misdirected(Fatal):
    """The marketplace is not the one we are configured for: the worker must not run against it."""


class Retriable(SyncError):
    """The outside system did not answer or asked for patience, and nothing was changed there."""


class PartlyUnread(Retriable):
    """A table that says nothing without each of its rows, and some cannot be read: it stays as it was known."""

    def __init__(self, message: str, skipped: tuple[str, ...], snapshot_id: UUID | None) -> None:
        super().__init__(message)
        self.skipped = skipped  # as `Page.skipped`
        self.snapshot_id = snapshot_id


class Skippable(SyncError):
    """One thing could not be read; it is recorded and the rest goes on."""


class Deferred(SyncError):
    """The call is not allowed before `due_at`."""

    def __init__(self, message: str, due_at: datetime) -> None:
        super().__init__(message)
        self.due_at = due_at


class Withheld(SyncError):
    """A write we did not begin, because of what another was answered: it is decided anew."""


class Refused(SyncError):
    """The outside system said no and did nothing."""

    def __init__(
        self, message: str, *, status: int, code: str = "", reason: str = "", snapshot_id: UUID | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.reason = reason
        self.snapshot_id = snapshot_id  # its words, word for word


class Unclear(SyncError):
    """The answer to a write never came, or does not say what became of it: it may have happened."""

    def __init__(self, message: str, *, code: str = "", snapshot_id: UUID | None = None) -> None:
        super().__init__(message)
        self.code = code  # what it answered with; empty: nothing, or nothing we know how to read
        self.snapshot_id = snapshot_id  # what was sent, and what came if anything did
