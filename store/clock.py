"""The only reader of the system clock. Everything else is handed a clock or a moment.

Moments are aware and UTC; ranges are half open. A clock may run at an offset from the system's, so that
weeks can be walked through in minutes; between two readings of the offset it runs on the monotonic clock.
"""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the moment the business is in."""

    def now(self) -> datetime:
        """The moment by our business clock, aware, UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class OffsetClock:
    """A clock set from outside: it keeps running on the monotonic clock until it is set again."""

    def __init__(self, moment: datetime) -> None:
        self._guard = threading.Lock()
        self._moment = aware(moment)
        self._set_at = time.monotonic()
        self._speed = 0.0

    def set(self, moment: datetime, *, speed: float = 0.0) -> None:
        """Stand at `moment` now and run on at `speed` domain seconds per second (0: stand still)."""
        with self._guard:
            self._moment, self._set_at, self._speed = aware(moment), time.monotonic(), speed

    def now(self) -> datetime:
        with self._guard:
            return self._moment + timedelta(seconds=(time.monotonic() - self._set_at) * self._speed)


def aware(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: the moment is naive; say which zone it is in where it enters.

    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; give it one where it enters the house")
    return moment.astimezone(UTC)


def wall_now() -> datetime:
    """The machine's moment, for judging whether a process is alive; never for business."""
    return datetime.now(UTC)
