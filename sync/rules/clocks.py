"""Whether another system's clock is far from ours, and when that is worth a word.

Law: what is said stays said until it changes: a clock is spoken of when it leaves the tolerance, when it comes
back, and when it moved by a minute meanwhile.
"""

from collections.abc import Mapping
from datetime import datetime

from store.events import ClockCompared

TOLERATED = 120.0  # seconds; the overlap of a look is ten minutes
MOVED = 60.0


def decide(seen: Mapping[str, float], known: Mapping[str, float], now: datetime) -> tuple[ClockCompared, ...]:
    """The clocks worth a word; by system, how many seconds it is ahead of ours, now and when that was last said."""
    return tuple(
        ClockCompared(happened_at=now, system=system, ahead_seconds=round(ahead, 1))
        for system, ahead in sorted(seen.items())
        if _is_news(ahead, known.get(system, 0.0))
    )


def _is_news(ahead: float, before: float) -> bool:
    is_far, was_far = abs(ahead) > TOLERATED, abs(before) > TOLERATED
    return is_far != was_far or (is_far and abs(ahead - before) > MOVED)
