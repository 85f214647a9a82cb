"""How often the outside systems may be asked: published frequencies in domain time, and a pace in real time.

The law: nobody waits here for domain time. A call that is not free yet is refused with the moment it will
be, so that a flow notes it and goes on. Only the pace, which spaces calls by fractions of a minute, makes a
thread wait, as a slow network would.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.clock import Clock
from sync.errors import Deferred


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `calls` in any window of length `every`."""

    calls: int
    every: timedelta


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Mirakl's published maximum per operation; what it wants "once per business event" has no entry.
MIRAKL_LIMITS: Mapping[str, tuple[Limit, ...]] = {
    "OR11": (Limit(1, _MINUTE),),
    "RT11": (Limit(1, timedelta(minutes=5)),),
    "OR04": (Limit(1, _MINUTE),),
    "STO01": (Limit(1, _MINUTE),),
    "STO02": (Limit(1, timedelta(seconds=15)),),
    "STO03": (Limit(1, _MINUTE),),
    "TL02": (Limit(20, _MINUTE), Limit(60, _HOUR)),
    "SBC11": (Limit(1, _DAY),),
    "A01": (Limit(1, _DAY),),
    "SH12": (Limit(1, _DAY),),
    "SH21": (Limit(1, _DAY),),
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of one operation's narrowest window."""

    resource: str
    used_count: int
    allowed_count: int
    free_at: datetime


class Budget:
    """Remembers when each operation was last asked, and when an answer told us to come back."""

    def __init__(self, clock: Clock, limits: Mapping[str, tuple[Limit, ...]]) -> None:
        self._clock = clock
        self._limits = limits
        self._guard = threading.Lock()
        self._asked: dict[str, deque[datetime]] = {}
        self._held: dict[str, tuple[datetime, datetime]] = {}

    def take(self, resource: str) -> datetime:
        """Count one call now; the moment it was counted at.

        Raises:
            Deferred: the operation is not free yet; `due_at` says when it is.

        """
        with self._guard:
            now = self._clock.now()
            free_at = self._free_at(resource, now)
            if free_at > now:
                raise Deferred(f"{resource} may be asked again at {free_at.isoformat()}", free_at)
            if resource in self._limits:
                longest = max(limit.calls for limit in self._limits[resource])
                self._asked.setdefault(resource, deque(maxlen=longest)).append(now)
            return now

    def give_back(self, resource: str, taken_at: datetime) -> None:
        """A call that the outside system never answered does not count."""
        with self._guard:
            asked = self._asked.get(resource)
            if asked and taken_at in asked:
                asked.remove(taken_at)

    def hold(self, resource: str, due_at: datetime) -> None:
        """The outside system itself asked for patience until `due_at`."""
        with self._guard:
            self._held[resource] = (self._clock.now(), due_at)

    def allowances(self) -> tuple[Allowance, ...]:
        """What is left of every limited operation, for the page of runs."""
        with self._guard:
            now = self._clock.now()
            found = []
            for resource, limits in sorted(self._limits.items()):
                narrowest = limits[0]
                used = self._recent(resource, narrowest, now)
                found.append(
                    Allowance(resource, len(used), narrowest.calls, max(now, self._free_at(resource, now)))
                )
            return tuple(found)

    def _recent(self, resource: str, limit: Limit, now: datetime) -> list[datetime]:
        # A moment after `now` was counted before the clock was set back: it says nothing about this time.
        return [asked for asked in self._asked.get(resource, ()) if now - limit.every < asked <= now]

    def _free_at(self, resource: str, now: datetime) -> datetime:
        free_at = now
        held = self._held.get(resource)
        if held is not None and held[0] <= now:
            free_at = max(free_at, held[1])
        for limit in self._limits.get(resource, ()):
            recent = self._recent(resource, limit, now)
            if len(recent) >= limit.calls:
                free_at = max(free_at, recent[len(recent) - limit.calls] + limit.every)
        return free_at


class Pace:
    """A token bucket and a number of calls in flight, for a system whose limits are not published."""

    def __init__(
        self,
        requests_per_minute: int | None,
        in_flight: int | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gap = 60.0 / requests_per_minute if requests_per_minute else 0.0
        # A tenth of a minute's tokens may be spent at once, so that a short burst is not stretched.
        self._burst = self._gap * max(1.0, (requests_per_minute or 0) / 10)
        self._places = threading.BoundedSemaphore(in_flight) if in_flight else None
        self._guard = threading.Lock()
        self._sleep = sleep
        self._monotonic = monotonic
        self._next_at = monotonic() - self._burst

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a place and a token, and hold the place for the time of the call."""
        if self._places is not None:
            self._places.acquire()
        try:
            self._wait()
            yield
        finally:
            if self._places is not None:
                self._places.release()

    def _wait(self) -> None:
        if not self._gap:
            return
        with self._guard:
            now = self._monotonic()
            self._next_at = max(self._next_at, now - self._burst) + self._gap
            wait = self._next_at - now
        if wait > 0:
            self._sleep(wait)
