"""How often the marketplace may be asked, in the world's own time.

Law: the ceilings are those Mirakl publishes per operation; a paged sweep is one call. Reads published as
"daily" are a routine, not a counter, so a day's allowance here is enough for a few restarts; under
`strict_limits` it is one. `relaxed_limits` lifts them all.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_DAILY_ALLOWANCE = 12

CEILINGS: Mapping[str, tuple[tuple[int, timedelta], ...]] = {
    "OR11": ((1, _MINUTE),),
    "OR04": ((1, _MINUTE),),
    "ST12": ((1, timedelta(minutes=5)),),
    "RT11": ((1, timedelta(minutes=5)),),
    "STO01": ((1, _MINUTE),),
    "STO02": ((1, timedelta(seconds=15)),),
    "STO03": ((1, _MINUTE),),
    "TL02": ((20, _MINUTE), (60, timedelta(hours=1))),
    "SBC11": ((1, _DAY),),
    "A01": ((1, _DAY),),
    "SH12": ((1, _DAY),),
    "SH21": ((1, _DAY),),
}


class Limits:
    """Remembers when each operation was last asked."""

    def __init__(self) -> None:
        """Nothing asked yet."""
        self._asked: dict[str, deque[datetime]] = {}

    def wait(self, operation: str, now: datetime, *, strict: bool) -> int:
        """Seconds to wait before asking again; 0 counts the call and lets it through."""
        asked = self._asked.setdefault(operation, deque(maxlen=100))
        longest = 0
        for count, span in CEILINGS.get(operation, ()):
            allowed = count if strict or span < _DAY else _DAILY_ALLOWANCE
            recent = [moment for moment in asked if now - moment < span]
            if len(recent) >= allowed:
                free_at = recent[len(recent) - allowed] + span
                longest = max(longest, ceil((free_at - now).total_seconds()), 1)
        if longest == 0:
            asked.append(now)
        return longest
