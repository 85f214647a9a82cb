"""The vocabulary of counting: whether we have every order the marketplace has.

As in `store.events`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import date, datetime
from typing import ClassVar

from store.events import Event


class OrdersCounted(Event):
    """Orders placed on a London day, counted on both sides; where the counts differ, by name."""

    kind: ClassVar[str] = "orders.counted"
    day: date
    from_at: datetime  # counted from here,
    until_at: datetime  # up to but not including this moment
    is_closed: bool  # the day was over: all of it was counted, and every order of it was read again
    there_count: int
    here_count: int  # what we had before we read the day again
    missing: tuple[str, ...] = ()  # the marketplace shows them, we did not have them; read now
    unreadable: tuple[str, ...] = ()  # the marketplace shows them, and they cannot be read
    vanished: tuple[str, ...] = ()  # we have them, the marketplace does not show them any more
    outdated: tuple[str, ...] = ()  # we had them in an older state than we should have; read now

    @property
    def subject(self) -> str:
        return self.day.isoformat()
