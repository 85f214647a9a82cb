"""How far a reading has provably come, so that a bookmark moves with each page and never skips anything.

Law: a bookmark may stand at a moment only when everything up to it was read. While pages come oldest first that
is so after every page; once one comes out of order, only at the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class Progress:
    """The newest moment read so far, and whether all came in order."""

    since: datetime
    newest: datetime | None = None
    is_ordered: bool = True

    def add(self, moments: Iterable[datetime]) -> None:
        """Take note of a page's moments, in the order they came."""
        for moment in moments:
            if self.newest is not None and moment < self.newest:
                self.is_ordered = False
            else:
                self.newest = moment

    @property
    def safe(self) -> datetime | None:
        """Where the bookmark may stand in the middle of a reading; None: nowhere yet."""
        return self.newest if self.is_ordered else None


def start_of(bookmark: str | None, now: datetime, *, overlap: timedelta, history: timedelta) -> datetime:
    """Where to begin reading: a little before the bookmark, or as far back as a first start goes."""
    if bookmark is None:
        return now - history
    return datetime.fromisoformat(bookmark) - overlap


def is_new_day(bookmark: str | None, now: datetime, *, hour: int = 2) -> bool:
    """Whether something done once a night is due: not done this day, and the hour (UTC) has come."""
    day = (now - timedelta(hours=hour)).date().isoformat()
    return bookmark is None or bookmark < day


def day_of(now: datetime, *, hour: int = 2) -> str:
    """The bookmark that says it was done in this night."""
    return (now - timedelta(hours=hour)).date().isoformat()
