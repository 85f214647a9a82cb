"""Looks at many things in turn, each a question to a system that may not answer about one of them.

Where more wait than one run may ask for, runs take turns (sync.rules.turns): what stays unclear, or what gets no
answer, never keeps another from being looked at, nor the run from going on. However many wait, BlueCherry has time
for what is new before the next run.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sync.errors import Retriable
from sync.intents import OpenIntent
from sync.rules.turns import next_turns
from sync.runs import Run

Thing = TypeVar("Thing")

LOOKED_FOR_AT_ONCE = 200
UNANSWERED_AT_MOST = 3  # looks of a run that get no answer, each after its tries


def asks_of(run: Run) -> int:
    """How many look-ups of a run may ask BlueCherry: half of what it takes in the time between two runs."""
    settings = run.house.settings
    if settings.erp_requests_per_minute is None:
        return LOOKED_FOR_AT_ONCE
    between = settings.every(run.flow).total_seconds() / 60
    return max(1, min(int(settings.erp_requests_per_minute * between / 2), LOOKED_FOR_AT_ONCE))


def in_turn(
    run: Run,
    bookmark: str,
    things: Mapping[str, Thing],
    most: int,
    look: Callable[[Thing], object],
    *,
    asks: int | None = None,
) -> int:
    """Look at so many of them, where the last run left off; one that gets no answer waits for its next turn.

    `bookmark`: where that is kept; empty: it is not, for all are looked at.
    `asks`: and at most so often with a question, which `look` says by what it returns. How often it was.
    """
    last = reached = (run.bookmark(bookmark) if bookmark else None) or ""
    unanswered = asked = 0
    try:
        for key in next_turns(sorted(things), last, most):
            if asked == asks:
                break
            run.check()
            reached = key
            try:
                asked += bool(look(things[key]))
            except Retriable:
                asked += 1
                unanswered += 1
                if unanswered == UNANSWERED_AT_MOST:
                    break
    finally:
        if bookmark and reached != last:
            run.record(bookmarks={bookmark: reached})
    return asked


def by_age(intents: Iterable[OpenIntent], *kinds: str) -> dict[str, OpenIntent]:
    """Those of some kinds, by a key that puts the oldest first."""
    return {f"{one.meant_at.isoformat()} {one.intent_id}": one for one in intents if one.kind in kinds}
